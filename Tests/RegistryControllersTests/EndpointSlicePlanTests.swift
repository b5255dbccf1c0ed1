import Registry
import Testing

@testable import RegistryControllers

/// One row of the rules: a Pod, and what it is in the slices and in the Endpoints of its Service.
struct EndpointRow: Sendable, CustomTestStringConvertible {
    let name: String
    var change: @Sendable (inout EndpointPod.Content) -> Void = { _ in }
    var publishesNotReady = false
    var placesUnscheduled = true
    /// `ready serving terminating`; nil where the Pod is in no slice.
    let slice: String?
    /// In which list of Endpoints; nil where in none.
    let endpoints: String?

    var testDescription: String { name }

    static let all: [EndpointRow] = [
        EndpointRow(name: "ready", slice: "TTF", endpoints: "addresses"),
        EndpointRow(name: "not ready", change: { $0.isReady = false }, slice: "FFF", endpoints: "notReadyAddresses"),
        EndpointRow(name: "deleting, ready", change: { $0.isBeingDeleted = true }, slice: "FTT", endpoints: nil),
        EndpointRow(
            name: "deleting, not ready",
            change: {
                $0.isBeingDeleted = true
                $0.isReady = false
            }, slice: "FFT", endpoints: nil),
        EndpointRow(name: "published, ready", publishesNotReady: true, slice: "TTF", endpoints: "addresses"),
        EndpointRow(
            name: "published, not ready", change: { $0.isReady = false }, publishesNotReady: true, slice: "TFF",
            endpoints: "addresses"),
        EndpointRow(
            name: "published, deleting", change: { $0.isBeingDeleted = true }, publishesNotReady: true, slice: "TTT",
            endpoints: "addresses"),
        EndpointRow(name: "finished", change: { $0.isFinished = true }, slice: nil, endpoints: nil),
        EndpointRow(
            name: "finished, published", change: { $0.isFinished = true }, publishesNotReady: true, slice: nil,
            endpoints: nil),
        EndpointRow(name: "no address", change: { $0.addresses = [] }, slice: nil, endpoints: nil),
        EndpointRow(name: "other family", change: { $0.addresses = ["2001:db8::1"] }, slice: nil, endpoints: nil),
        EndpointRow(
            name: "unscheduled, as upstream", change: { $0.nodeName = "" }, placesUnscheduled: false, slice: nil,
            endpoints: "addresses"),
        EndpointRow(
            name: "unscheduled, published", change: { $0.nodeName = "" }, publishesNotReady: true,
            placesUnscheduled: false, slice: "TTF", endpoints: "addresses"),
        EndpointRow(name: "unscheduled", change: { $0.nodeName = "" }, slice: "TTF", endpoints: "addresses"),
        EndpointRow(name: "unknown node", change: { $0.nodeName = "gone" }, slice: nil, endpoints: "addresses"),
        EndpointRow(
            name: "unknown node, published", change: { $0.nodeName = "gone" }, publishesNotReady: true, slice: "TTF",
            endpoints: "addresses"),
    ]
}

@Suite("Plans of slices and Endpoints")
struct EndpointSlicePlanTests {
    static func pod(_ name: String, _ ip: String, change: (inout EndpointPod.Content) -> Void = { _ in }) -> EndpointPod
    {
        var content = EndpointPod.Content()
        content.uid = "uid-\(name)"
        content.labels = ["app": "web"]
        content.addresses = [ip]
        content.nodeName = "node-1"
        content.isReady = true
        change(&content)
        return EndpointPod(id: NamespacedName(namespace: "prod", name: name), content: content)
    }

    static func service(_ spec: String = "", metadata: String = "") throws -> EndpointService {
        EndpointService(
            try json(
                #"{"metadata": {"uid": "svc"\#(metadata.isEmpty ? "" : ", \(metadata)")}, "spec": {"#
                    + #""selector": {"app": "web"}, "ipFamilies": ["IPv4"]"#
                    + #"\#(spec.isEmpty ? #", "ports": [{"name": "http", "port": 80}]"# : ", \(spec)")}}"#),
            id: NamespacedName(namespace: "prod", name: "web"))
    }

    static func plan(
        _ service: EndpointService, _ pods: [EndpointPod], placesUnscheduled: Bool = true
    ) -> EndpointSlicePlan {
        EndpointSlicePlan(
            service: service, pods: pods, nodes: NodeZones(["node-1": "zone-a"]),
            placesUnscheduledPods: placesUnscheduled)
    }

    /// The slices as a store would have them behind changes; new ones are called by number.
    static func applied(_ changes: SliceChanges, to slices: [ManagedSlice], uid: String = "svc") -> [ManagedSlice] {
        func slice(_ content: SliceContent, _ name: String) -> ManagedSlice {
            ManagedSlice(
                name: name, version: ResourceVersion(rawValue: 1), labels: content.labels, annotations: [:],
                ownerUID: uid, addressType: content.addressType.rawValue, ports: content.ports,
                endpoints: content.endpoints)
        }
        var result = Dictionary(uniqueKeysWithValues: slices.map { ($0.name, $0) })
        for gone in changes.deletes { result[gone.name] = nil }
        for update in changes.updates { result[update.slice.name] = slice(update.content, update.slice.name) }
        var number = 0
        for content in changes.creates {
            while result["s\(number)"] != nil { number += 1 }
            result["s\(number)"] = slice(content, "s\(number)")
        }
        return result.values.sorted { $0.name < $1.name }
    }

    @Test("What a Pod is to its Service", arguments: EndpointRow.all)
    func rows(_ row: EndpointRow) throws {
        let service = try Self.service(
            #""ports": [{"port": 80}], "publishNotReadyAddresses": \#(row.publishesNotReady)"#)
        let pod = Self.pod("a", "10.0.0.1", change: row.change)
        let changes = Self.plan(service, [pod], placesUnscheduled: row.placesUnscheduled).changes(of: [])
        let endpoints = changes.creates.flatMap(\.endpoints).map { shown($0.document) }
        #expect(endpoints == (row.slice.map { ["10.0.0.1 \($0)"] } ?? []))
        let subsets = EndpointsObjectPlan(service, pods: [pod]).subsets
        let lists = subsets.flatMap { subset in
            subset.addresses.map { _ in "addresses" } + subset.notReadyAddresses.map { _ in "notReadyAddresses" }
        }
        #expect(lists == (row.endpoints.map { [$0] } ?? []))
    }

    @Test("A slice and its endpoints, field by field")
    func document() throws {
        let service = try Self.service(
            #""ports": [{"name": "http", "port": 80, "targetPort": 8080, "appProtocol": "h2c"}], "clusterIP": "None""#,
            metadata: #""labels": {"app": "web", "kubernetes.io/service-name": "liar"}"#)
        let pod = Self.pod("a", "10.0.0.1") { content in
            content.hostname = "a-0"
            content.subdomain = "web"
        }
        let changes = Self.plan(service, [pod]).changes(of: [])
        let content = try #require(changes.creates.first)
        let owner = OwnerReference.controller(kind: .service, name: "web", uid: "svc")
        let document = SliceDocument.document(content, generateName: "web-", owner: owner)
        #expect(
            document
                == (try json(
                    """
                    {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                    "metadata": {"generateName": "web-", "generation": 1,
                        "labels": {"app": "web", "kubernetes.io/service-name": "web",
                            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                            "service.kubernetes.io/headless": ""},
                        "ownerReferences": [{"apiVersion": "v1", "kind": "Service", "name": "web", "uid": "svc",
                            "controller": true, "blockOwnerDeletion": true}]},
                    "ports": [{"name": "http", "port": 8080, "protocol": "TCP", "appProtocol": "h2c"}],
                    "endpoints": [{"addresses": ["10.0.0.1"],
                        "conditions": {"ready": true, "serving": true, "terminating": false},
                        "hostname": "a-0", "nodeName": "node-1", "zone": "zone-a",
                        "targetRef": {"kind": "Pod", "namespace": "prod", "name": "a", "uid": "uid-a"}}]}
                    """)))
        let slice = SliceDocument.slice(document, name: "web-x", version: ResourceVersion(rawValue: 7))
        #expect(Self.plan(service, [pod]).changes(of: [slice]).isEmpty, "what was read back is as it should be")
        let object = EndpointsObjectPlan(service, pods: [pod])
        #expect(
            object.document(over: nil, triggerTime: Timestamp(rfc3339: "2026-07-01T12:00:00Z"))
                == (try json(
                    """
                    {"apiVersion": "v1", "kind": "Endpoints",
                    "metadata": {"labels": {"app": "web", "kubernetes.io/service-name": "liar",
                        "endpoints.kubernetes.io/managed-by": "endpoint-controller",
                        "service.kubernetes.io/headless": ""},
                        "annotations": {"endpoints.kubernetes.io/last-change-trigger-time": "2026-07-01T12:00:00Z"}},
                    "subsets": [{"addresses": [{"ip": "10.0.0.1", "hostname": "a-0", "nodeName": "node-1",
                        "targetRef": {"kind": "Pod", "namespace": "prod", "name": "a", "uid": "uid-a"}}],
                        "ports": [{"name": "http", "port": 8080, "protocol": "TCP", "appProtocol": "h2c"}]}]}
                    """)))
    }

    @Test(
        "A hostname is the Pod's under the Service that is its subdomain",
        arguments: [("h", "web", "h"), ("h", "other", ""), ("h", "", ""), ("", "web", "")])
    func hostname(_ hostname: String, _ subdomain: String, _ expected: String) throws {
        let pod = Self.pod("a", "10.0.0.1") { content in
            content.hostname = hostname
            content.subdomain = subdomain
        }
        let changes = Self.plan(try Self.service(), [pod]).changes(of: [])
        #expect(changes.creates.flatMap(\.endpoints).map(\.hostname) == [expected])
    }

    @Test("Ports: by number, by name in containers, then in init containers that run on, by protocol too")
    func ports() throws {
        let service = try Self.service(
            """
            "ports": [{"name": "a", "port": 80}, {"name": "b", "port": 81, "targetPort": "web"},
            {"name": "c", "port": 82, "targetPort": "side"}, {"name": "d", "port": 83, "targetPort": "once"},
            {"name": "e", "port": 84, "targetPort": "web", "protocol": "UDP"},
            {"name": "f", "port": 85, "targetPort": 0}, {"name": "g", "port": 86, "targetPort": ""}]
            """)
        let pod = EndpointPod(
            try json(
                """
                {"status": {"podIP": "10.0.0.1"}, "spec": {
                "containers": [{"ports": [{"name": "web", "containerPort": 8080}]},
                    {"ports": [{"name": "web", "containerPort": 9090}, {"containerPort": 1}]}],
                "initContainers": [{"ports": [{"name": "once", "containerPort": 7000}]},
                    {"restartPolicy": "Always", "ports": [{"name": "side", "containerPort": 7001},
                        {"name": "web", "containerPort": 7002}]}]}}
                """), id: NamespacedName(namespace: "prod", name: "a"))
        #expect(
            service.ports(at: pod).map { "\($0.name) \($0.number ?? 0) \($0.transport)" } == [
                "a 80 TCP", "b 8080 TCP", "c 7001 TCP", "f 85 TCP", "g 86 TCP",
            ])
    }

    @Test("A Pod none of whose ports resolve is in slices without ports, and not in Endpoints")
    func unresolvedPorts() throws {
        let service = try Self.service(#""ports": [{"name": "http", "port": 80, "targetPort": "web"}]"#)
        let changes = Self.plan(service, [Self.pod("a", "10.0.0.1")]).changes(of: [])
        #expect(changes.creates.map(\.ports) == [[]])
        #expect(changes.creates.map(\.endpoints.count) == [1])
        #expect(EndpointsObjectPlan(service, pods: [Self.pod("a", "10.0.0.1")]).subsets.isEmpty)
        let headless = try Self.service(#""clusterIP": "None""#)
        #expect(Self.plan(headless, [Self.pod("a", "10.0.0.1")]).changes(of: []).creates.map(\.ports) == [[]])
        #expect(EndpointsObjectPlan(headless, pods: [Self.pod("a", "10.0.0.1")]).subsets.map(\.ports) == [[]])
    }

    @Test("Pods with other numbers for a name are in slices of their own")
    func portGroups() throws {
        let service = try Self.service(#""ports": [{"name": "http", "port": 80, "targetPort": "web"}]"#)
        let pods = (1...4).map { number in
            Self.pod("p\(number)", "10.0.0.\(number)") {
                $0.ports = [.init(name: "web", transport: "TCP"): 8080 + number % 2]
            }
        }
        let slices = Self.applied(Self.plan(service, pods).changes(of: []), to: [])
        #expect(Set(slices.map { $0.ports.map { $0.number ?? 0 } }) == [[8080], [8081]])
        #expect(slices.map(\.endpoints.count) == [2, 2])
        let subsets = EndpointsObjectPlan(service, pods: pods).subsets
        #expect(subsets.map { $0.addresses.map(\.ip) } == [["10.0.0.2", "10.0.0.4"], ["10.0.0.1", "10.0.0.3"]])
    }

    @Test("Both families: a slice each, all addresses of a Pod in it; Endpoints have the first one of the first")
    func dualStack() throws {
        let service = try Self.service(#""ports": [{"port": 80}], "ipFamilies": ["IPv6", "IPv4"]"#)
        var changed = service
        let pod = Self.pod("a", "") { $0.addresses = ["10.0.0.1", "2001:db8::1", "2001:db8::2"] }
        let changes = Self.plan(service, [pod]).changes(of: [])
        #expect(changes.creates.map(\.addressType) == [.ipv6, .ipv4])
        #expect(
            changes.creates.flatMap(\.endpoints).map(\.addresses) == [["2001:db8::1", "2001:db8::2"], ["10.0.0.1"]])
        #expect(
            EndpointsObjectPlan(service, pods: [pod]).subsets.flatMap(\.addresses).map(\.ip) == ["2001:db8::1"])
        // A family that the Service has lost: its slices go.
        changed = try Self.service(#""ports": [{"port": 80}], "ipFamilies": ["IPv6"]"#)
        let slices = Self.applied(changes, to: [])
        let second = Self.plan(changed, [pod]).changes(of: slices)
        #expect(second.deletes.map(\.addressType) == ["IPv4"])
        #expect(second.creates.isEmpty && second.updates.isEmpty)
    }

    @Test(
        "Families of a Service that names none",
        arguments: [
            (#""clusterIP": "10.96.0.1""#, [IPFamily.ipv4]), (#""clusterIP": "fd00::1""#, [.ipv6]),
            (#""clusterIP": "None""#, [.ipv4, .ipv6]),
        ])
    func families(_ spec: String, _ expected: [IPFamily]) throws {
        #expect(try Self.service(spec + #", "ipFamilies": []"#).families == expected)
    }

    @Test("Slices of 100; a Pod more opens one, a Pod less leaves the others alone")
    func filling() throws {
        let service = try Self.service()
        let pods = (0..<250).map { Self.pod("p\(1000 + $0)", "10.0.\($0 / 250).\($0 % 250 + 1)") }
        var slices = Self.applied(Self.plan(service, pods).changes(of: []), to: [])
        #expect(slices.map(\.endpoints.count) == [100, 100, 50])

        let more = Self.pod("q", "10.1.0.1")
        var changes = Self.plan(service, pods + [more]).changes(of: slices)
        #expect(changes.creates.isEmpty && changes.deletes.isEmpty)
        #expect(changes.updates.map(\.slice.name) == ["s2"], "into the slice with room")

        // One goes from a full slice and one comes: that slice is written anyway.
        changes = Self.plan(service, Array(pods.dropFirst()) + [more]).changes(of: slices)
        #expect(changes.updates.map(\.slice.name) == ["s0"])
        #expect(changes.updates.map(\.content.endpoints.count) == [100])

        // More than fit where there is room: the whole rest into a new slice.
        let many = (0..<80).map { Self.pod("r\(1000 + $0)", "10.2.0.\($0 + 1)") }
        changes = Self.plan(service, pods + many).changes(of: slices)
        #expect(changes.updates.isEmpty)
        #expect(changes.creates.map(\.endpoints.count) == [80])

        // The best fit is the one that is left fullest.
        slices = Self.applied(changes, to: slices)
        #expect(slices.map(\.endpoints.count) == [100, 100, 50, 80])
        let ten = (0..<10).map { Self.pod("t\($0)", "10.3.0.\($0 + 1)") }
        changes = Self.plan(service, pods + many + ten).changes(of: slices)
        #expect(changes.updates.map(\.slice.name) == ["s3"])

        // All Pods of a slice go: so does the slice.
        let gone = Set(slices[2].endpoints.compactMap { $0.target?.name })
        changes = Self.plan(service, (pods + many).filter { !gone.contains($0.id.name) }).changes(of: slices)
        #expect(changes.deletes.map(\.name) == ["s2"])
        #expect(changes.updates.isEmpty && changes.creates.isEmpty)
    }

    @Test("The slice that is written anyway and is fullest is filled first")
    func fullestFirst() throws {
        let service = try Self.service()
        let pods = (0..<200).map { Self.pod("p\(1000 + $0)", "10.0.0.\($0 + 1)") }
        let slices = Self.applied(Self.plan(service, pods).changes(of: []), to: [])
        #expect(slices.map(\.endpoints.count) == [100, 100])
        // Thirty of one go and ten of the other, fifteen come: ten fill the fuller one up, five go to the next.
        let left = Array(pods[30..<190])
        let new = (0..<15).map { Self.pod("q\(10 + $0)", "10.1.0.\($0 + 1)") }
        let changes = Self.plan(service, left + new).changes(of: slices)
        #expect(changes.updates.map(\.slice.name) == ["s0", "s1"])
        #expect(changes.updates.map(\.content.endpoints.count) == [75, 100])
        #expect(changes.creates.isEmpty)
    }

    @Test("A slice that would go lends its name to a new one")
    func recycling() throws {
        let pods = [Self.pod("a", "10.0.0.1")]
        let slices = Self.applied(Self.plan(try Self.service(), pods).changes(of: []), to: [])
        let other = try Self.service(#""ports": [{"name": "http", "port": 81}]"#)
        let changes = Self.plan(other, pods).changes(of: slices)
        #expect(changes.creates.isEmpty && changes.deletes.isEmpty)
        #expect(changes.updates.map(\.slice.name) == ["s0"])
        #expect(changes.updates.first?.content.ports.map(\.number) == [81])
    }

    @Test("An empty placeholder for each family while there is no Pod; filled when one comes")
    func placeholder() throws {
        let service = try Self.service()
        let first = Self.plan(service, []).changes(of: [])
        #expect(first.creates.map(\.endpoints) == [[]])
        #expect(first.creates.map(\.ports) == [[]])
        let slices = Self.applied(first, to: [])
        #expect(Self.plan(service, []).changes(of: slices).isEmpty)
        let relabelled = try Self.service(metadata: #""labels": {"a": "b"}"#)
        #expect(Self.plan(relabelled, []).changes(of: slices).updates.map(\.slice.name) == ["s0"])
        let filled = Self.plan(service, [Self.pod("a", "10.0.0.1")]).changes(of: slices)
        #expect(filled.updates.map(\.slice.name) == ["s0"])
        #expect(filled.creates.isEmpty && filled.deletes.isEmpty)
    }

    @Test("Slices of a former Service of the name go, and are not recycled")
    func foreignOwner() throws {
        let pods = [Self.pod("a", "10.0.0.1")]
        let service = try Self.service()
        let former = Self.applied(Self.plan(service, pods).changes(of: []), to: [], uid: "former")
        let changes = Self.plan(service, pods).changes(of: former)
        #expect(changes.deletes.map(\.name) == ["s0"])
        #expect(changes.creates.count == 1 && changes.updates.isEmpty)
    }

    @Test(
        "Hints for ready endpoints, as trafficDistribution asks for",
        arguments: [
            ("PreferClose", ["zone-a"], [String]()), ("PreferSameZone", ["zone-a"], []),
            ("PreferSameNode", ["zone-a"], ["node-1"]), ("", [], []),
        ])
    func hints(_ distribution: String, _ zones: [String], _ nodes: [String]) throws {
        let service = try Self.service(#""ports": [{"port": 80}], "trafficDistribution": "\#(distribution)""#)
        let pods = [Self.pod("a", "10.0.0.1"), Self.pod("b", "10.0.0.2") { $0.isReady = false }]
        let endpoints = Self.plan(service, pods).changes(of: []).creates.flatMap(\.endpoints)
        #expect(endpoints.map(\.hintedZones) == [zones, []])
        #expect(endpoints.map(\.hintedNodes) == [nodes, []])
    }

    @Test(
        "More than a thousand addresses: ready ones first, in proportion",
        arguments: [
            (1200, 100, 1000, 0), (900, 300, 900, 100), (1000, 1, 1000, 0), (600, 400, 600, 400),
        ])
    func truncation(_ ready: Int, _ notReady: Int, _ expectedReady: Int, _ expectedNotReady: Int) throws {
        let pods = (0..<ready + notReady).map { number in
            Self.pod("p\(number)", "10.\(number >> 8).\(number & 255).1") { $0.isReady = number < ready }
        }
        let plan = EndpointsObjectPlan(try Self.service(), pods: pods)
        #expect(plan.subsets.reduce(0) { $0 + $1.addresses.count } == expectedReady)
        #expect(plan.subsets.reduce(0) { $0 + $1.notReadyAddresses.count } == expectedNotReady)
        #expect(plan.isTruncated == (ready + notReady > 1000))
        let annotations = plan.document(over: nil, triggerTime: nil)["metadata"]?.textMap("annotations") ?? [:]
        #expect(annotations["endpoints.kubernetes.io/over-capacity"] == (plan.isTruncated ? "truncated" : nil))
    }

    @Test("A port that is looked up by name is the first of its name and protocol")
    func namedPorts() throws {
        let pod = EndpointPod(
            try json(
                #"""
                {"spec": {"containers": [{"ports": [{"name": "web", "containerPort": 1, "protocol": "UDP"}]},
                {"ports": [{"name": "web", "containerPort": 2}, {"name": "web", "containerPort": 3}]}],
                "initContainers": [{"restartPolicy": "Always", "ports": [{"name": "side", "containerPort": 4}]},
                {"ports": [{"name": "gone", "containerPort": 5}]}]}}
                """#), id: NamespacedName(namespace: "prod", name: "a"))
        let service = try Self.service(
            #"""
            "ports": [{"name": "a", "port": 80, "targetPort": "web"}, {"name": "b", "port": 81, "targetPort": "gone"},
            {"name": "c", "port": 82, "targetPort": "side"}, {"name": "d", "port": 83},
            {"name": "e", "port": 84, "protocol": "UDP", "targetPort": "web"}]
            """#)
        #expect(service.ports(at: pod).map { "\($0.name)\($0.number ?? 0)" } == ["a2", "c4", "d83", "e1"])
    }

    @Test("Many named ports at many Pods are found in reasonable time", .timeLimit(.minutes(1)))
    func manyNamedPorts() throws {
        let count = 20_000
        let named = (0..<count).map { #"{"name": "p\#($0)", "containerPort": \#($0 + 1)}"# }.joined(separator: ",")
        let wanted = (0..<count).map { #"{"name": "p\#($0)", "port": \#($0 + 1), "targetPort": "p\#($0)"}"# }
        let service = try Self.service(#""ports": [\#(wanted.joined(separator: ","))]"#)
        let document = try json(#"{"spec": {"containers": [{"ports": [\#(named)]}]}}"#)
        let pod = EndpointPod(document, id: NamespacedName(namespace: "prod", name: "a"))
        for _ in 0..<20 { #expect(service.ports(at: pod).count == count) }
    }
}
