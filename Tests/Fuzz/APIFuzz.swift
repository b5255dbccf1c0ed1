import Dispatch
import Logging
import ObjectRules
import Registry
import Synchronization

@testable import RegistryAPI

/// Feeds requests to the whole of the registry's API, over a store in memory: bodies as JSON, YAML and protobuf, patches
/// of all four kinds, queries with selectors, and the tokens of pages.
///
/// The input is requests between lines of `%%`: method, target, content type and Accept on the first line, the body
/// behind it. No request whatsoever is an internal error, and what is stored can be read.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let input = String(decoding: bytes(data, size), as: UTF8.self)
    let requests = input.split(separator: "\n%%\n", maxSplits: 3).compactMap { request($0) }
    guard !requests.isEmpty else { return 0 }
    let done = DispatchSemaphore(value: 0)
    Task {
        await run(requests)
        done.signal()
    }
    done.wait()
    return 0
}

private let clock = WallClock(now: { Timestamp(milliseconds: 1_800_000_000_000) }, sleep: { _ in })

private func request(_ text: Substring) -> APIRequest? {
    let parts = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
    let head = parts[0].split(separator: " ", omittingEmptySubsequences: false)
    guard head.count >= 2 else { return nil }
    return try? APIRequest(
        method: String(head[0]), target: String(head[1]), accept: head.count > 3 ? String(head[3]) : "",
        contentType: head.count > 2 ? String(head[2]) : "", userAgent: "fuzz/1",
        body: parts.count == 2 ? body(parts[1]) : [])
}

/// Bytes that are no text come in hexadecimal digits behind `hex:`.
private func body(_ text: Substring) -> [UInt8] {
    guard text.hasPrefix("hex:") else { return Array(text.utf8) }
    let digits = text.utf8.dropFirst(4).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

private let store = MemoryStore()

/// Made once: the schemas that it serves cost more than thousands of requests.
private let service: APIService = {
    let logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
    return APIService(
        store: store, hub: WatchHub(store: store, maximumWatches: 1, logger: logger),
        server: ServerRecord(zone: "cluster.local", listeners: []), version: "v1", clock: clock, logger: logger)
}()

private func run(_ requests: [APIRequest]) async {
    store.reset()
    for request in requests {
        guard !request.query.flag("watch") else {
            // Nobody reads watches here.
            for kind in ObjectKind.allCases { _ = try? ListOptions(request.query, kind: kind) }
            continue
        }
        let response = await service.respond(to: request)
        demand((200..<500).contains(response.code), "\(response.code) for \(request.method) \(request.path)")
        for warning in response.warnings { demand(!warning.isEmpty, "an empty warning") }
        let text: [UInt8]
        switch response.body {
        case .bytes(let bytes): text = bytes
        case .stream(let body):
            let gathered = Gathered()
            try? await body { await gathered.add($0) }
            text = await gathered.bytes
        }
        guard response.contentType.hasPrefix("application/json"), !text.isEmpty, request.method != "HEAD" else {
            continue
        }
        do {
            _ = try JSONText.value(of: demanded(String(validating: text, as: UTF8.self), "an answer that is no text"))
        } catch {
            demand(false, "an answer that is no JSON: \(String(decoding: text, as: UTF8.self))")
        }
    }
    store.check()
}

private actor Gathered {
    private(set) var bytes: [UInt8] = []

    func add(_ piece: [UInt8]) { bytes += piece }
}

/// A store without a disk: what handlers need of one, and the rules that the real one has for what is stored.
private final class MemoryStore: ObjectStore {
    private struct Content {
        var records: [ObjectKey: ObjectRecord] = [:]
        var version: Int64 = 1
    }

    private static let seeds: [(ObjectKey, String)] = [
        (key(.namespace, "", "prod"), #"{"metadata":{"name":"prod"},"spec":{"finalizers":["kubernetes"]}}"#),
        (
            key(.service, "prod", "web"),
            ##"""
            {"metadata":{"labels":{"a":"b"},"name":"web","namespace":"prod"},"spec":{"clusterIP":"10.96.0.10",
            "clusterIPs":["10.96.0.10"],"ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack",
            "ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":80}],"selector":{"app":"web"},
            "sessionAffinity":"None","type":"ClusterIP"},"status":{"loadBalancer":{}}}
            """##
        ),
        (
            key(.pod, "prod", "p"),
            ##"""
            {"metadata":{"labels":{"app":"web"},"name":"p","namespace":"prod"},"spec":{"containers":[{"image":"i",
            "name":"c"}]},"status":{"phase":"Running","podIP":"10.1.0.1","podIPs":[{"ip":"10.1.0.1"}]}}
            """##
        ),
    ]

    private static let start: [ObjectKey: ObjectRecord] = Dictionary(
        uniqueKeysWithValues: seeds.map { key, text in
            let document = demanded(try? JSONText.value(of: text), "a document")
            return (key, record(of: document, key: key, uid: "u-\(key.id.name)", version: 1))
        })

    private let content = Mutex(Content(records: start))

    private static func key(_ kind: ObjectKind, _ namespace: String, _ name: String) -> ObjectKey {
        ObjectKey(kind, NamespacedName(namespace: namespace, name: name))
    }

    private static func record(
        of document: JSONValue, key: ObjectKey, uid: String, version: Int64
    ) -> ObjectRecord {
        var document = document
        document["apiVersion"] = .string(key.kind.apiVersion)
        document["kind"] = .string(key.kind.rawValue)
        document["metadata"]?["name"] = .string(key.id.name)
        if !key.id.namespace.isEmpty { document["metadata"]?["namespace"] = .string(key.id.namespace) }
        document["metadata"]?["uid"] = .string(uid)
        document["metadata"]?["resourceVersion"] = .string("\(version)")
        if document["metadata"]?["creationTimestamp"] == nil {
            document["metadata"]?["creationTimestamp"] = .string("2027-01-15T08:00:00Z")
        }
        return ObjectRecord(
            key: key, uid: uid, version: ResourceVersion(rawValue: version), text: JSONText.text(of: document))
    }

    var newestVersion: ResourceVersion { get async { content.withLock { ResourceVersion(rawValue: $0.version) } } }

    func object(_ key: ObjectKey) async throws -> ObjectRecord? { content.withLock { $0.records[key] } }

    func objects(_ request: ListRequest) async throws -> ObjectList {
        content.withLock { content in
            let all = content.records.values.filter { record in
                record.key.kind == request.scope.kind
                    && (request.scope.namespace.map { $0 == record.key.id.namespace } ?? true)
                    && (request.after.map { $0 < record.key.id } ?? true)
            }.sorted { $0.key < $1.key }
            let limit = request.limit.flatMap { $0 > 0 ? $0 : nil } ?? all.count
            return ObjectList(
                records: Array(all.prefix(limit)), version: ResourceVersion(rawValue: content.version),
                remaining: max(0, all.count - limit))
        }
    }

    func services() async throws -> [Service] {
        content.withLock { content in
            content.records.values.filter { $0.key.kind == .service }.compactMap { record in
                guard let document = try? record.document(),
                    case .service(let service)? = try? RegistryObject(document, kind: .service)
                else { return nil }
                return service
            }
        }
    }

    func write(_ writes: [ObjectWrite]) async -> [Result<WriteOutcome, any Error>] {
        writes.map { write in content.withLock { content in Result { try Self.carryOut(write, &content) } } }
    }

    private static func carryOut(_ write: ObjectWrite, _ content: inout Content) throws -> WriteOutcome {
        let stored = content.records[write.key]
        let former = content
        switch try write.decide(stored, Transaction(records: content.records)) {
        case .keep:
            return WriteOutcome(kind: .unchanged, record: stored)
        case .delete:
            content.version += 1
            content.records[write.key] = nil
            if write.isTrial { content = former }
            return WriteOutcome(kind: .deleted, record: stored)
        case .put(let document):
            content.version += 1
            let record = record(
                of: document, key: write.key, uid: stored?.uid ?? "u\(content.version)", version: content.version)
            do {
                _ = try RegistryObject(try record.document(), kind: write.key.kind)
            } catch let invalid as InvalidObject {
                throw ObjectStoreError.invalid(write.key, invalid.violations)
            }
            content.records[write.key] = record
            if write.isTrial { content = former }
            return WriteOutcome(kind: stored == nil ? .created : .updated, record: record)
        }
    }

    private struct Transaction: ObjectTransaction {
        let records: [ObjectKey: ObjectRecord]
        var now: Timestamp { clock.now() }

        func object(_ key: ObjectKey) throws -> ObjectRecord? { records[key] }
    }

    /// Nobody changes anything but who asks.
    func changes(after version: ResourceVersion) async throws -> AsyncThrowingStream<[RecordedChange], any Error> {
        AsyncThrowingStream { $0.finish() }
    }

    func events() async throws -> AsyncThrowingStream<RegistryEvent, any Error> { AsyncThrowingStream { $0.finish() } }

    func reset() { content.withLock { $0 = Content(records: Self.start) } }

    /// What was written is sound: its own rules take it.
    func check() {
        for record in content.withLock({ Array($0.records.values) }) where record.version.rawValue > 1 {
            guard let document = try? record.document() else {
                demand(false, "a stored document that cannot be read: \(record.text)")
                continue
            }
            demand(
                JSONText.text(of: document) == record.text, "a document that is another once it is read: \(record.text)"
            )
        }
    }
}
