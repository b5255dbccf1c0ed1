import ObjectRules
import Registry

/// Which file each object comes from, and what of that the registry does not know yet. Pure: no files, no registry.
///
/// Where several files hold an object, the one whose path sorts first has it and the next takes over when it goes.
/// Namespaces that objects live in but no file declares are supplied as well, for as long as they are lived in.
struct ManifestLedger: Sendable {
    struct Delta: Sendable {
        var puts: [SuppliedObject] = []
        var deletes: [ObjectKey] = []

        var isEmpty: Bool { puts.isEmpty && deletes.isEmpty }
    }

    /// The origin of objects that stand in no file.
    static let impliedOrigin = "implied"
    /// Namespaces that every cluster has.
    private static let permanentNamespaces = ["default", "kube-system"]

    fileprivate struct Claim: Sendable {
        let file: String
        let object: ManifestObject
    }

    private struct File: Sendable {
        var entries: [ManifestContents.Entry] = []
        /// Objects that were refused and stay as they were, though no entry says so.
        var retained: Set<ObjectKey> = []
        /// Objects that stand in the file again, behind the place that counts.
        var repetitions: [ManifestProblem] = []

        /// Whether the entries and the claims are one to one.
        var isPlain: Bool { retained.isEmpty && repetitions.isEmpty }
    }

    /// The files that hold an object, sorted.
    private var claims: [ObjectKey: [Claim]] = [:]
    private var files: [String: File] = [:]
    private var contested: Set<ObjectKey> = []
    private var touched: Set<ObjectKey> = []
    private var supplied: [ObjectKey: Claim] = [:]
    private var populations: [String: Int] = [:]

    init() {
        touched = Set(Self.permanentNamespaces.map(Self.namespaceKey))
    }

    /// The number of objects that files hold, each counted once.
    var objectCount: Int { claims.count }

    /// Takes note of what a file holds now. Objects that it holds but that were refused stay as they were.
    mutating func set(_ contents: ManifestContents, of file: String) {
        if setDifference(contents, of: file) { return }
        var objects: [ObjectKey: ManifestContents.Entry] = [:]
        objects.reserveCapacity(contents.entries.count)
        var renewed = File(entries: contents.entries)
        for entry in contents.entries {
            if let first = objects[entry.object.key] {
                renewed.repetitions.append(
                    ManifestProblem(
                        file: file, line: entry.line, document: entry.document, object: "\(entry.object.key)",
                        reason: "stands in the file already, in line \(first.line); passed over"))
            } else {
                objects[entry.object.key] = entry
            }
        }
        let former = keys(of: file)
        renewed.retained = Set(contents.refused).intersection(former).subtracting(objects.keys)
        for key in former where objects[key] == nil && !renewed.retained.contains(key) {
            removeClaim(on: key, of: file)
        }
        for (key, entry) in objects { setClaim(Claim(file: file, object: entry.object), on: key) }
        files[file] = renewed
    }

    /// Does the same where only the objects between those that stayed at both ends need to be looked at.
    private mutating func setDifference(_ contents: ManifestContents, of file: String) -> Bool {
        guard let former = files[file], former.isPlain, contents.refused.isEmpty else { return false }
        let head = zip(former.entries, contents.entries).prefix { $0.object === $1.object }.count
        let tail = zip(former.entries[head...].reversed(), contents.entries[head...].reversed())
            .prefix { $0.object === $1.object }.count
        let gone = Set(former.entries[head..<(former.entries.count - tail)].map(\.object.key))
        let objects = contents.entries[head..<(contents.entries.count - tail)].map(\.object)
        let keys = Set(objects.map(\.key))
        // An object that stands in the file twice takes the long way.
        guard keys.count == objects.count,
            keys.allSatisfy({ key in gone.contains(key) || claims[key]?.contains { $0.file == file } != true })
        else { return false }
        for key in gone where !keys.contains(key) { removeClaim(on: key, of: file) }
        for object in objects { setClaim(Claim(file: file, object: object), on: object.key) }
        files[file]?.entries = contents.entries
        return true
    }

    mutating func remove(_ file: String) {
        for key in keys(of: file) { removeClaim(on: key, of: file) }
        files[file] = nil
    }

    private func keys(of file: String) -> Set<ObjectKey> {
        guard let file = files[file] else { return [] }
        return Set(file.entries.map(\.object.key)).union(file.retained)
    }

    /// Whether any object is in force because of the file.
    func holdsObjects(of file: String) -> Bool {
        files[file].map { !$0.entries.isEmpty || !$0.retained.isEmpty } ?? false
    }

    /// Whether the object that a problem of a file is about stays as it was before.
    func isRetained(despite problem: ManifestProblem) -> Bool {
        guard let file = files[problem.file], let object = problem.object else { return false }
        return file.retained.contains { "\($0)" == object }
    }

    /// Objects that stand more than once, named at each place that does not count.
    var duplicates: [ManifestProblem] {
        var problems = files.values.flatMap(\.repetitions)
        for key in contested {
            guard let list = claims[key], let first = list.first else { continue }
            let place = ([first.file] + (entry(of: first).map { ["\($0.line)"] } ?? [])).joined(separator: ":")
            for claim in list.dropFirst() {
                let entry = entry(of: claim)
                problems.append(
                    ManifestProblem(
                        file: claim.file, line: entry?.line, document: entry?.document, object: "\(key)",
                        reason: "stands in \(place) already; passed over"))
            }
        }
        return problems.sorted { ($0.file, $0.line ?? 0) < ($1.file, $1.line ?? 0) }
    }

    /// What changed since the last call, deletes and puts each in an order that does not depend on chance.
    mutating func takeDelta() -> Delta {
        var deletes: [ObjectKey] = []
        var puts: [Claim] = []
        // Namespaces last: which are lived in follows from the other objects.
        for key in touched where key.kind != .namespace { settle(key, &puts, &deletes) }
        for key in touched where key.kind == .namespace { settle(key, &puts, &deletes) }
        touched = []
        return Delta(puts: ordered(puts), deletes: deletes.sorted(by: Self.precedesInDeletes))
    }

    /// Everything that was handed out and not taken back.
    func everything() -> [SuppliedObject] { ordered(supplied.map { claims[$0]?.first ?? $1 }) }

    /// The object behind a key, as it was handed out.
    func supplied(_ key: ObjectKey) -> SuppliedObject? { supplied[key].map(SuppliedObject.init) }

    /// The Namespaces that objects live in, but those that are among them: they were handed out, and may have been removed
    /// since by others.
    func namespaces(of objects: [SuppliedObject]) -> [SuppliedObject] {
        let keys = Set(
            objects.map(\.object.key).filter(\.kind.isNamespaced).map { Self.namespaceKey($0.id.namespace) })
        return keys.subtracting(objects.map(\.object.key)).sorted().compactMap(supplied)
    }

    private mutating func settle(_ key: ObjectKey, _ puts: inout [Claim], _ deletes: inout [ObjectKey]) {
        let winner = claims[key]?.first ?? implied(key)
        switch (winner, supplied[key]) {
        case (let winner?, let former?):
            supplied[key] = winner
            if winner.file != former.file || !winner.object.saysTheSame(as: former.object) {
                puts.append(winner)
            }
        case (let winner?, nil):
            supplied[key] = winner
            puts.append(winner)
            populate(key, by: 1)
        case (nil, .some):
            supplied[key] = nil
            deletes.append(key)
            populate(key, by: -1)
        case (nil, nil):
            break
        }
    }

    private mutating func populate(_ key: ObjectKey, by difference: Int) {
        guard key.kind.isNamespaced else { return }
        let namespace = key.id.namespace
        let population = (populations[namespace] ?? 0) + difference
        populations[namespace] = population == 0 ? nil : population
        if population == 0 || population == difference { touched.insert(Self.namespaceKey(namespace)) }
    }

    private func implied(_ key: ObjectKey) -> Claim? {
        guard key.kind == .namespace,
            populations[key.id.name] != nil || Self.permanentNamespaces.contains(key.id.name)
        else { return nil }
        let labels = ["kubernetes.io/metadata.name": key.id.name]
        let document: JSONValue = .object([
            "apiVersion": .string(ObjectKind.namespace.apiVersion), "kind": .string(ObjectKind.namespace.rawValue),
            "metadata": .object(["name": .string(key.id.name), "labels": .object(labels.mapValues(JSONValue.string))]),
        ])
        let namespace = Namespace(metadata: ObjectMetadata(name: key.id.name, labels: labels))
        let object = ManifestObject(
            .namespace(namespace), document: ObjectLifecycle.prepareForDeclaration(document, kind: .namespace))
        return Claim(file: Self.impliedOrigin, object: object)
    }

    private mutating func setClaim(_ claim: Claim, on key: ObjectKey) {
        var list = claims[key] ?? []
        if let index = list.firstIndex(where: { $0.file == claim.file }) {
            if !list[index].object.saysTheSame(as: claim.object) { touched.insert(key) }
            list[index] = claim
        } else {
            let index = list.firstIndex { claim.file < $0.file } ?? list.count
            list.insert(claim, at: index)
            touched.insert(key)
        }
        setClaims(list, on: key)
    }

    private mutating func removeClaim(on key: ObjectKey, of file: String) {
        guard var list = claims[key] else { return }
        list.removeAll { $0.file == file }
        setClaims(list, on: key)
        touched.insert(key)
    }

    private mutating func setClaims(_ list: [Claim], on key: ObjectKey) {
        claims[key] = list.isEmpty ? nil : list
        if list.count > 1 {
            contested.insert(key)
        } else {
            contested.remove(key)
        }
    }

    private func entry(of claim: Claim) -> ManifestContents.Entry? {
        files[claim.file]?.entries.first { $0.object === claim.object }
    }

    /// Namespaces first, then the objects that ask for a certain address or port, so that none of those is given to
    /// another; within that by file and place.
    private func ordered(_ claims: [Claim]) -> [SuppliedObject] {
        var positions: [ObjectIdentifier: Int] = [:]
        for file in Set(claims.map(\.file)) {
            for (position, entry) in (files[file]?.entries ?? []).enumerated() {
                positions[ObjectIdentifier(entry.object)] = position
            }
        }
        return claims.map { claim in
            (
                rank: Self.rank(claim.object.object), position: positions[ObjectIdentifier(claim.object)] ?? -1,
                claim: claim
            )
        }
        .sorted { lhs, rhs in
            if lhs.rank != rhs.rank { return lhs.rank < rhs.rank }
            if lhs.claim.file != rhs.claim.file { return lhs.claim.file < rhs.claim.file }
            if lhs.position != rhs.position { return lhs.position < rhs.position }
            return lhs.claim.object.key < rhs.claim.object.key
        }
        .map { SuppliedObject($0.claim) }
    }

    private static func rank(_ object: RegistryObject) -> Int {
        switch object {
        case .namespace: 0
        case .service(let service):
            !service.virtualIPs.isEmpty || service.ports.contains { $0.nodePort != 0 } ? 1 : 2
        default: 2
        }
    }

    /// Namespaces last, behind what lives in them.
    private static func precedesInDeletes(_ lhs: ObjectKey, _ rhs: ObjectKey) -> Bool {
        let (left, right) = (lhs.kind == .namespace, rhs.kind == .namespace)
        return left == right ? lhs < rhs : right
    }

    private static func namespaceKey(_ name: String) -> ObjectKey {
        ObjectKey(.namespace, NamespacedName(namespace: "", name: name))
    }
}

extension ManifestObject {
    /// Whether writing one where the other stands changes nothing.
    fileprivate func saysTheSame(as other: ManifestObject) -> Bool {
        self === other || document == other.document
    }
}

extension SuppliedObject {
    fileprivate init(_ claim: ManifestLedger.Claim) {
        self.init(object: claim.object.object, document: claim.object.document, origin: claim.file)
    }
}
