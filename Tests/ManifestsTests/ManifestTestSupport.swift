import Foundation
import Logging
import Registry
import Synchronization

@testable import Manifests

/// A sink that keeps what it is given and tells of each call.
final class RecordingSink: ManifestSink {
    struct Call: Sendable, Equatable {
        var isReplacement = false
        var puts: [String] = []
        var deletes: [String] = []
    }

    struct Refused: Error {}

    let calls: AsyncStream<Call>
    private let continuation: AsyncStream<Call>.Continuation
    private let state = Mutex(State())

    private struct State {
        var objects: [ObjectKey: SuppliedObject] = [:]
        var failures: [ObjectKey: String] = [:]
        var resolved: Set<NamespacedName> = []
        var isRefusing = false
    }

    init() {
        (calls, continuation) = AsyncStream.makeStream()
    }

    /// What the sink holds, Namespaces aside, as `Service prod/web (web.yaml)`.
    var objects: [String] {
        state.withLock { state in
            state.objects.filter { $0.key.kind != .namespace }.map { key, object in
                "\(key) (\(object.origin.split(separator: "/").last ?? ""))"
            }
        }.sorted()
    }

    var namespaces: [String: String] {
        state.withLock { state in
            Dictionary(
                uniqueKeysWithValues: state.objects.filter { $0.key.kind == .namespace }.map { key, object in
                    (key.id.name, object.origin.split(separator: "/").last.map(String.init) ?? "")
                })
        }
    }

    func document(_ kind: ObjectKind, _ namespace: String, _ name: String) -> JSONValue? {
        state.withLock { $0.objects[ObjectKey(kind, NamespacedName(namespace: namespace, name: name))]?.document }
    }

    /// From now on the sink has no address for this Service, or has one again.
    func fail(_ namespace: String, _ name: String, _ reason: String?) {
        let id = NamespacedName(namespace: namespace, name: name)
        state.withLock { state in
            state.failures[ObjectKey(.service, id)] = reason
            if reason == nil { state.resolved.insert(id) }
        }
    }

    /// Puts an object in as from an earlier run.
    func remember(_ object: RegistryObject, document: JSONValue, origin: String) {
        state.withLock {
            $0.objects[object.key] = SuppliedObject(object: object, document: document, origin: origin)
        }
    }

    func supplied(by _: String) -> [SuppliedObject] {
        state.withLock { Array($0.objects.values) }
    }

    func refuse(_ isRefusing: Bool) {
        state.withLock { $0.isRefusing = isRefusing }
    }

    func replaceAll(_ objects: [SuppliedObject], feeder: String) throws -> ApplyReport {
        try take(Call(isReplacement: true, puts: objects.map { "\($0.object.key)" })) { state in
            state.objects = [:]
            return Self.put(objects, &state)
        }
    }

    func apply(
        puts: [SuppliedObject], deletes: [ObjectKey], needing needed: [SuppliedObject], feeder: String
    ) throws -> ApplyReport {
        try take(Call(puts: puts.map { "\($0.object.key)" }, deletes: deletes.map(\.description))) { state in
            for key in deletes { state.objects[key] = nil }
            return Self.put(needed.filter { state.objects[$0.object.key] == nil } + puts, &state)
        }
    }

    private func take(_ call: Call, _ body: (inout State) -> ApplyReport) throws -> ApplyReport {
        let report = state.withLock { $0.isRefusing ? nil : body(&$0) }
        continuation.yield(call)
        guard let report else { throw Refused() }
        return report
    }

    private static func put(_ objects: [SuppliedObject], _ state: inout State) -> ApplyReport {
        var failures: [ApplyReport.Failure] = []
        for object in objects {
            if let reason = state.failures[object.object.key] {
                failures.append(.init(key: object.object.key, reason: reason))
            } else {
                state.objects[object.object.key] = object
            }
        }
        var report = ApplyReport(version: ResourceVersion(rawValue: 1))
        report.failures = failures
        report.resolved = Array(state.resolved)
        state.resolved = []
        return report
    }
}

/// A log that keeps its lines.
final class RecordingLog: LogHandler, Sendable {
    private let list = Mutex<[String]>([])

    var lines: [String] { list.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in self } }

    var logLevel: Logger.Level {
        get { .info }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        list.withLock { $0.append("\(event.level): \(event.message)") }
    }
}
