import ClusterZone
import DNS
import KeptState
import Registry

@testable import KubernetesRegistry

/// Feeds any bytes to the reader of an API server's watches, and what comes of them to all behind it: the state machine
/// of lists and watches, the objects held, the zone made of them, and the file that they are kept in.
///
/// The first byte of the input says which kind is watched, the second in which pieces the lines come.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var input = bytes(data, size)[...]
    let kinds = DiscoveryKind.allCases
    var session = WatchSession(kinds[input.takeByte() % kinds.count])
    let pieceSize = input.takeByte() % 64 + 1
    session.run(input, pieceSize: pieceSize)
    return 0
}

private struct WatchSession {
    private static let settings: ClusterZoneSettings = {
        func name(_ text: String) -> DomainName { demanded(DomainName(text), "a name") }
        var settings = ClusterZoneSettings(
            apex: name("cluster.local."), reverseApexes: [name("10.in-addr.arpa."), name("ip6.arpa.")],
            podNames: .verified, namesEndpointsByPod: true, apexRecords: [])
        settings.furtherApexes = [name("clusterset.local.")]
        settings.multiclusterApexes = settings.furtherApexes
        settings.answersByZone = true
        return settings
    }()

    private let kind: DiscoveryKind
    private let selection = Self.settings.selection
    private var held: HeldObjects
    private var machine = Reflector()
    private var zone = ClusterZone(settings: Self.settings)
    private var now = Duration.zero

    init(_ kind: DiscoveryKind) {
        self.kind = kind
        held = HeldObjects(kind, keepsObjects: true)
    }

    mutating func run(_ input: ArraySlice<UInt8>, pieceSize: Int) {
        let whole = lines(of: input, pieceSize: input.count)
        demand(lines(of: input, pieceSize: pieceSize) == whole, "other lines where they come in pieces")
        _ = zone.update(.snapshotBegins([kind]), now: 1)
        var step = machine.start(random: 0.5)
        open(step)
        for line in whole {
            guard line.contains(where: { $0 > 0x20 }) else { continue }
            now += .milliseconds(100)
            guard let ending = take(line) else { continue }
            step = machine.ended(ending, now: now, random: 0.5)
            for _ in 0..<8 {
                guard case .wait(let pause) = step else { break }
                demand(pause >= .zero && pause <= .seconds(3700), "a pause of \(pause)")
                now += pause
                step = machine.waited(random: 0.5)
            }
            open(step)
        }
        _ = zone.update(.snapshotEnds([kind]), now: 2)
        demand(
            held.participants == held.entries.values.count { $0.object != nil }, "another number of those taking part")
        keep()
    }

    private mutating func open(_ step: Reflector.Step) {
        guard case .send(let request) = step else { return }
        machine.opened(now: now)
        switch request {
        case .list, .streamingList: held.beginList()
        case .watch: break
        }
    }

    private func lines(of input: ArraySlice<UInt8>, pieceSize: Int) -> [[UInt8]] {
        var cutter = LineCutter()
        var lines: [[UInt8]] = []
        var rest = input
        while !rest.isEmpty {
            Array(rest.prefix(pieceSize)).withUnsafeBufferPointer { piece in
                cutter.feed(piece) { lines.append(Array($0)) }
            }
            rest = rest.dropFirst(pieceSize)
        }
        return lines
    }

    private mutating func take(_ bytes: [UInt8]) -> Reflector.Ending? {
        let line = bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(JSONPull.Stop) in try WatchLine(buffer, kind: kind, selection: selection) }
        }
        guard case .success(let event) = line else { return .malformed }
        switch event {
        case .added(let object), .modified(let object):
            tell(machine.phase == .listing ? held.takeListed(object) : held.takeChanged(object))
            machine.heardEvent(object.version)
        case .deleted(let object):
            tell(held.takeDeleted(object))
            machine.heardEvent(object.version)
        case .bookmark(let version, let endsInitialEvents):
            guard machine.heardBookmark(version, endsInitialEvents: endsInitialEvents, now: now) else { return nil }
            for change in held.endList() { tell(change) }
        case .failure(let failure):
            return .refused(code: failure.code, message: failure.message, retryAfter: failure.retryAfter)
        case .unknown: break
        }
        return nil
    }

    /// Whatever an API server says, names are made of it that can be answered.
    private mutating func tell(_ change: DiscoveryChange?) {
        guard let change else { return }
        for change in zone.update(.changes([change]), now: 1).changes {
            guard case .set(let name, let apex, let answers) = change else { continue }
            demand(name.isWithin(apex), "\(name) is not within \(apex)")
            for answer in answers {
                // A zone whose servers nobody knows has no NS records.
                let mayBeEmpty = name == apex && answer.type == .ns
                demand(!answer.records.isEmpty || mayBeEmpty, "an answer without records: \(name) \(answer.type)")
                demand(answer.records.allSatisfy { $0.owner == name }, "an owner that is not the name")
                demand(answer.isAlias || answer.records.allSatisfy { $0.type == answer.type }, "another type")
            }
        }
    }

    /// What is held comes back from the file it is kept in.
    private func keep() {
        let stored = StoredKind(
            kind, version: machine.version?.text ?? "", unnamed: held.unnamedCount,
            entries: held.entries.map { .init(id: $0, version: $1.version, object: $1.object) })
        let state = StoredState(savedAt: Timestamp(milliseconds: 1), kinds: [stored])
        let bytes = state.bytes(server: "s", selection: selection)
        do {
            let read = try KeptState(bytes, server: "s", selection: selection).state()
            // Entries stand in an order of their own there.
            demand(
                read.kinds.count == 1 && read.kinds.allSatisfy { Set($0.entries) == Set(stored.entries) },
                "another state than was kept: \(read) for \(state)")
        } catch {
            demand(false, "a state that \(error)")
        }
    }
}
