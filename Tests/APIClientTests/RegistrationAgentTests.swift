import APIClient
import Foundation
import Registry
import Synchronization
import Testing

/// As much of an API server as a registration needs: objects by their paths, merge patches, and a way to be away.
private final class ObjectServer: Sendable {
    private struct State {
        var objects: [String: JSONValue] = [:]
        var isAway = false
        var hasNamespace = true
        var waiting: [(CheckedContinuation<Void, Never>, @Sendable ([String: JSONValue]) -> Bool)] = []
    }

    private let state = Mutex(State())

    func answer(_ request: TestRequest) -> TestAnswer {
        let (answer, awakened) = state.withLock { state -> (TestAnswer, [CheckedContinuation<Void, Never>]) in
            guard !state.isAway else { return (.hangUp, []) }
            let answer =
                state.hasNamespace || request.method != "POST"
                ? Self.answer(request, &state.objects) : Self.refuse(&state.objects)
            let done = state.waiting.filter { $0.1(state.objects) }.map(\.0)
            state.waiting.removeAll { $0.1(state.objects) }
            return (answer, done)
        }
        for continuation in awakened { continuation.resume() }
        return answer
    }

    /// Returns once the objects, by their paths, are as asked for.
    func until(_ condition: @escaping @Sendable ([String: JSONValue]) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if condition(state.objects) { return true }
                state.waiting.append((continuation, condition))
                return false
            }
            if isDone { continuation.resume() }
        }
    }

    func change(_ body: @Sendable (inout [String: JSONValue]) -> Void) {
        state.withLock { body(&$0.objects) }
    }

    func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }

    func setNamespace(isThere: Bool) { state.withLock { $0.hasNamespace = isThere } }

    var objects: [String: JSONValue] { state.withLock { $0.objects } }

    private static func answer(_ request: TestRequest, _ objects: inout [String: JSONValue]) -> TestAnswer {
        let body = (try? JSONText.value(of: request.body)) ?? .null
        func found(_ object: JSONValue, _ code: Int = 200) -> TestAnswer { .json(code, JSONText.text(of: object)) }
        let missing = RefusalTable.status(404, "NotFound", "\(request.path) not found")
        switch request.method {
        case "POST":
            let path = "\(request.path)/\(body["metadata"]?["name"]?.string ?? "")"
            guard objects[path] == nil else { return RefusalTable.status(409, "AlreadyExists", "\(path) exists") }
            objects[path] = body
            return found(body, 201)
        case "GET":
            return objects[request.path].map { found($0) } ?? missing
        case "PATCH":
            guard let former = objects[request.path] else { return missing }
            let merged = merge(body, into: former)
            objects[request.path] = merged
            return found(merged)
        case "DELETE":
            return objects.removeValue(forKey: request.path).map { found($0) } ?? missing
        default:
            return RefusalTable.status(405, "MethodNotAllowed", request.method)
        }
    }

    /// What a server says of an object that is to be in a Namespace that is not there; counted among the objects.
    private static func refuse(_ objects: inout [String: JSONValue]) -> TestAnswer {
        objects["\([String: JSONValue].refusals)\(objects.count)"] = .null
        return .json(
            404,
            """
            {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"NotFound","code":404,\
            "message":"namespaces \\"prod\\" not found","details":{"name":"prod","kind":"namespaces"}}
            """)
    }

    /// RFC 7396.
    private static func merge(_ patch: JSONValue, into target: JSONValue) -> JSONValue {
        guard case .object(let members) = patch else { return patch }
        var result = target
        for (name, value) in members {
            result[name] = value == .null ? nil : merge(value, into: target[name] ?? .object([:]))
        }
        return result
    }
}

extension [String: JSONValue] {
    fileprivate static let services = "/api/v1/namespaces/prod/services/"
    fileprivate static let refusals = "/refusals/"
    fileprivate static let slices = "/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices/"
    fileprivate static let leases = "/apis/coordination.k8s.io/v1/namespaces/prod/leases/"

    fileprivate func only(_ prefix: String) -> (name: String, object: JSONValue)? {
        let found = filter { $0.key.hasPrefix(prefix) }
        guard found.count == 1, let first = found.first else { return nil }
        return (String(first.key.dropFirst(prefix.count)), first.value)
    }

    /// What the only slice says of its endpoint: `ready`, `serving`, `terminating`.
    fileprivate var conditions: [String] {
        guard case .array(let endpoints)? = only(Self.slices)?.object["endpoints"],
            case .object(let conditions)? = endpoints.first?["conditions"]
        else { return ["none"] }
        return conditions.filter { $0.value == .bool(true) }.keys.sorted()
    }
}

@Suite("An agent that registers an endpoint", .timeLimit(.minutes(1)))
struct RegistrationAgentTests {
    static let registration = EndpointRegistration(
        service: NamespacedName(namespace: "prod", name: "web"),
        ports: [.init(name: "http", number: 8080), .init(name: "dns", transport: .udp, number: 53)],
        address: .v4(0xc000_020a), holder: "host-1", leaseSeconds: 3)

    /// Runs a body beside an agent, and withdraws it.
    private func with(
        isReadyAtFirst: Bool = true, drained: @escaping @Sendable () -> Void = {},
        objects: ObjectServer = ObjectServer(),
        _ body: (ObjectServer, RegistrationAgent, _ reports: Reports) async throws -> Void
    ) async throws {
        try await TestServer.with({ objects.answer($0) }) { server in
            try await withClient(server) { client in
                let reports = Reports()
                let agent = RegistrationAgent(
                    client: client, registration: Self.registration, isReadyAtFirst: isReadyAtFirst,
                    report: { reports.add($0) }, drained: drained)
                let running = Task { await agent.run() }
                try await body(objects, agent, reports)
                agent.withdraw()
                await running.value
            }
        }
    }

    @Test("Service, Lease and slice say who, where and how long; at the end Lease and slice are gone")
    func wholeLife() async throws {
        let objects = ObjectServer()
        try await with(objects: objects) { objects, _, reports in
            await objects.until { $0.conditions == ["ready", "serving"] }
            let service = objects.objects["\([String: JSONValue].services)web"]
            #expect(
                service?["spec"].map { JSONText.text(of: $0) }
                    == #"{"ports":[{"name":"http","port":8080,"protocol":"TCP","targetPort":8080},"#
                    + #"{"name":"dns","port":53,"protocol":"UDP","targetPort":53}],"type":"ClusterIP"}"#)
            let (name, slice) = try #require(objects.objects.only([String: JSONValue].slices))
            #expect(name.hasPrefix("web-") && name.utf8.count == 9)
            #expect(slice["addressType"] == .string("IPv4"))
            #expect(
                slice["metadata"]?["labels"].map { JSONText.text(of: $0) }
                    == #"{"endpointslice.kubernetes.io/managed-by":"swiftlet-register","#
                    + #""kubernetes.io/service-name":"web","swiftlet.dev/lease":"\#(name)"}"#)
            #expect(
                slice["ports"].map { JSONText.text(of: $0) }
                    == #"[{"name":"http","port":8080,"protocol":"TCP"},{"name":"dns","port":53,"protocol":"UDP"}]"#)
            let lease = try #require(objects.objects.only([String: JSONValue].leases))
            #expect(lease.name == name)
            #expect(lease.object["metadata"]?["labels"]?["swiftlet.dev/lease"] == .string("true"))
            #expect(lease.object["spec"]?["holderIdentity"] == .string("host-1"))
            #expect(lease.object["spec"]?["leaseDurationSeconds"] == .integer(3))
            let time = try #require(lease.object["spec"]?["renewTime"]?.string)
            #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/) != nil, "\(time)")
            await objects.until { $0.only([String: JSONValue].leases)?.object["spec"]?["renewTime"] != .string(time) }
            #expect(reports.lines.isEmpty)
        }
        #expect(objects.objects.keys.sorted() == ["\([String: JSONValue].services)web"])
    }

    @Test("A Service that is there stays as it is")
    func presentService() async throws {
        let objects = ObjectServer()
        let path = "\([String: JSONValue].services)web"
        objects.change { $0[path] = .object(["spec": .string("mine")]) }
        try await with(objects: objects) { objects, _, _ in
            await objects.until { $0.conditions == ["ready", "serving"] }
            #expect(objects.objects[path] == .object(["spec": .string("mine")]))
        }
    }

    @Test("Ports that a present Service has not are told, and registered all the same")
    func otherPorts() async throws {
        let objects = ObjectServer()
        objects.change {
            $0["\([String: JSONValue].services)web"] = .object([
                "spec": .object(["ports": .array([.object(["name": .string("http")]), .object([:])])])
            ])
        }
        try await with(objects: objects) { objects, _, reports in
            await objects.until { $0.conditions == ["ready", "serving"] }
            #expect(
                reports.lines == [
                    "service prod/web has no port dns, only http, one without a name: its clients are not led to that "
                        + "port of this endpoint"
                ])
        }
    }

    @Test("Of many ports of a present Service, or long names of them, one line tells the first")
    func manyPorts() async throws {
        let objects = ObjectServer()
        let ports = (0..<1000).map {
            JSONValue.object(["name": .string("\($0)-" + String(repeating: "x", count: 100))])
        }
        objects.change {
            $0["\([String: JSONValue].services)web"] = .object(["spec": .object(["ports": .array(ports)])])
        }
        try await with(objects: objects) { objects, _, reports in
            await objects.until { $0.conditions == ["ready", "serving"] }
            let line = reports.lines.joined()
            #expect(line.contains(", 7-" + String(repeating: "x", count: 61) + ", …: its clients"), "\(line)")
            #expect(line.count < 800, "\(line)")
        }
    }

    @Test("Readiness is written as it changes, and clients are told to stay away before the end")
    func readiness() async throws {
        let (told, input) = AsyncStream<Void>.makeStream()
        try await with(isReadyAtFirst: false, drained: { input.yield() }) { objects, agent, _ in
            await objects.until { $0.conditions == [] }
            agent.setReady(true)
            await objects.until { $0.conditions == ["ready", "serving"] }
            agent.setReady(false)
            await objects.until { $0.conditions == [] }
            agent.setReady(true)
            agent.drain()
            for await _ in told { break }
            #expect(objects.objects.conditions == ["serving", "terminating"])
        }
    }

    @Test("What was removed or changed is made anew with the next renewal")
    func removed() async throws {
        try await with { objects, _, reports in
            await objects.until { $0.conditions == ["ready", "serving"] }
            objects.change { objects in
                for key in objects.keys where key.hasPrefix([String: JSONValue].slices) { objects[key] = nil }
            }
            await objects.until { $0.conditions == ["ready", "serving"] }
            objects.change { objects in
                for key in objects.keys where key.hasPrefix([String: JSONValue].slices) {
                    objects[key]?["endpoints"] = .array([])
                }
                for key in objects.keys where key.hasPrefix([String: JSONValue].leases) { objects[key] = nil }
            }
            await objects.until {
                $0.conditions == ["ready", "serving"] && $0.only([String: JSONValue].leases) != nil
            }
            #expect(reports.lines.isEmpty)
        }
    }

    @Test("A Namespace that is not there is told once, and registration goes on when it is")
    func missingNamespace() async throws {
        let objects = ObjectServer()
        objects.setNamespace(isThere: false)
        try await with(objects: objects) { objects, _, reports in
            await objects.until { $0.keys.filter { $0.hasPrefix([String: JSONValue].refusals) }.count == 2 }
            objects.setNamespace(isThere: true)
            await objects.until { $0.conditions == ["ready", "serving"] }
            #expect(reports.lines.count == 2, "\(reports.lines)")
            #expect(
                reports.lines.first == "there is no namespace prod to register in; trying again until there is")
        }
    }

    @Test("A server that is away at first is told once, and registers later")
    func away() async throws {
        let objects = ObjectServer()
        objects.setAway(true)
        try await with(objects: objects) { objects, _, reports in
            await reports.first()
            objects.setAway(false)
            await objects.until { $0.conditions == ["ready", "serving"] }
            #expect(reports.lines.first?.hasSuffix("the server closed the connection; trying again") == true)
        }
    }
}

/// What an agent has told.
private final class Reports: Sendable {
    private let state = Mutex<[String]>([])
    private let stream: AsyncStream<Void>
    private let input: AsyncStream<Void>.Continuation

    init() { (stream, input) = AsyncStream.makeStream() }

    func add(_ line: String) {
        state.withLock { $0.append(line) }
        input.yield()
    }

    var lines: [String] { state.withLock { $0 } }

    /// Returns once something has been told.
    func first() async {
        for await _ in stream { return }
    }
}
