import Registry
import TestSupport
import Testing

@testable import RegistryControllers

@Suite("Documents of other shapes than expected")
struct MalformedDocumentTests {
    private static let now = Timestamp(milliseconds: 1_800_000_000_000)

    /// One sound document of each kind that controllers read.
    private static func documents() throws -> [(ObjectKind, JSONValue)] {
        let owner = OwnerReference.controller(kind: .service, name: "web", uid: "svc")
        var slice = SliceDocument.document(
            SliceContent(
                labels: [
                    EndpointSlice.serviceNameLabel: "web",
                    EndpointSlice.managedByLabel: ControllerLabels.sliceController,
                    EndpointSlice.leaseLabel: "x",
                ], annotations: ["a": "b"], addressType: .ipv4,
                ports: [SlicePort(name: "http", transport: "TCP", number: 80)],
                endpoints: [
                    SliceEndpoint(
                        addresses: ["10.0.0.1"], isReady: true,
                        target: .init(kind: "Pod", namespace: "prod", name: "a", uid: "u"))
                ]), generateName: "web-", owner: owner)
        slice["metadata"]?["finalizers"] = .array([.string("orphan")])
        return [
            (.service, try json(serviceDocument())), (.endpointSlice, slice),
            (
                .pod,
                try json(
                    podDocument(
                        "10.0.0.1",
                        metadata: #""deletionTimestamp": "2026-07-01T12:00:00Z", "finalizers": ["foregroundDeletion"]"#,
                        spec: #""nodeName": "n", "containers": [{"ports": [{"name": "web", "containerPort": 80}]}]"#))
            ),
            (.node, try json(#"{"metadata": {"labels": {"topology.kubernetes.io/zone": "z"}}}"#)),
            (
                .endpoints,
                try json(
                    #"{"subsets": [{"addresses": [{"ip": "10.0.0.1", "targetRef": {"uid": "u"}}], "#
                        + #""ports": [{"name": "http", "port": 80}]}]}"#)
            ),
            (
                .lease,
                try json(
                    #"{"metadata": {"labels": {"swiftlet.dev/lease": "true"}}, "spec": {"leaseDurationSeconds": 15, "#
                        + #""renewTime": "2026-07-01T12:00:00Z"}}"#)
            ),
            (.event, try json(#"{"lastTimestamp": "2026-07-01T12:00:00Z", "series": {"lastObservedTime": ""}}"#)),
            (
                .namespace,
                try json(
                    #"{"metadata": {"deletionTimestamp": "2026-07-01T12:00:00Z"}, "#
                        + #""spec": {"finalizers": ["kubernetes"]}, "status": {"conditions": [{"type": "x"}]}}"#)
            ),
        ]
    }

    private static func spoiled(_ value: JSONValue, _ generator: inout SeededGenerator) -> JSONValue {
        if Int.random(in: 0..<8, using: &generator) == 0 {
            let others: [JSONValue] = [
                .null, .bool(true), .integer(.max), .integer(.min), .integer(0), .number(1e300), .string(""),
                .string("x"), .string("9999-12-31T23:59:59Z"), .array([]), .array([.null, .integer(1)]), .object([:]),
                .object(["name": .object([:])]),
            ]
            return others.randomElement(using: &generator) ?? .null
        }
        switch value {
        case .array(let elements): return .array(elements.map { spoiled($0, &generator) })
        case .object(let members):
            var result: [String: JSONValue] = [:]
            for (key, member) in members.sorted(by: { $0.key < $1.key }) { result[key] = spoiled(member, &generator) }
            return .object(result)
        default: return value
        }
    }

    private struct Transaction: ObjectTransaction {
        let records: [ObjectKey: ObjectRecord]
        let now = MalformedDocumentTests.now

        func object(_ key: ObjectKey) throws -> ObjectRecord? { records[key] }
    }

    @Test("Whatever is stored, nothing traps, neither in following nor in writing")
    func nothingTraps() throws {
        var generator = SeededGenerator.announced()
        let documents = try Self.documents()
        var decisions = 0
        for round in 0..<500 {
            var state = ControllerState(
                settings: ControllerSettings(
                    apiServer: IPAddress("192.0.2.1").map { ($0, 8001) }, apiServiceAddress: IPAddress("10.96.0.1")))
            var records: [ObjectKey: ObjectRecord] = [:]
            var writes = ClusterBootstrap(settings: state.settings).writes
            for (place, (kind, document)) in documents.enumerated() {
                let id =
                    kind.isNamespaced
                    ? NamespacedName(namespace: "prod", name: kind == .service || kind == .endpoints ? "web" : "x")
                    : NamespacedName(namespace: "", name: "prod")
                let key = ObjectKey(kind, id)
                let record = ObjectRecord(
                    key: key, uid: "uid-\(place)", version: ResourceVersion(rawValue: Int64(round + place + 2)),
                    text: JSONText.text(of: Self.spoiled(document, &generator)))
                records[key] = record
                try state.observe(ObservedObject(record), from: .change, now: Self.now)
                writes += [
                    GarbageCollection.write(dependent: key, hasDependents: true, isInCircle: true),
                    GarbageCollection.write(releasing: key, from: "svc"),
                    GarbageCollection.write(ending: ObjectHeader.orphanFinalizer, of: key),
                    NamespaceRemoval.write(removing: key),
                ]
                var rest = NamespaceRest()
                try rest.add(record)
                writes.append(NamespaceRemoval.write(reporting: rest, of: "prod"))
            }
            let web = NamespacedName(namespace: "prod", name: "web")
            let x = NamespacedName(namespace: "prod", name: "x")
            writes += state.endpoints.writes(forService: web, placesUnscheduledPods: true)
            if let endpoints = records[ObjectKey(.endpoints, web)],
                let plan = MirrorPlan(try endpoints.document(), id: web)
            {
                writes += SliceWriter(owner: endpoints.key, ownerUID: plan.uid, triggerTime: nil).writes(
                    for: plan.changes(of: []))
            }
            writes += [
                NamespaceRemoval.write(finishing: "prod"), EventExpiry.write(x), PodExpiry.write(x),
            ]
            writes += Registration(id: x, sight: .init(end: Self.now)).writes(at: Self.now)
            writes += Registration(id: x, sight: .init(end: Self.now)).writes(at: .init(milliseconds: .max))
            for write in writes {
                let decision = try? write.decide(records[write.key], Transaction(records: records))
                if decision != nil { decisions += 1 }
            }
        }
        #expect(decisions > 10_000)
    }
}
