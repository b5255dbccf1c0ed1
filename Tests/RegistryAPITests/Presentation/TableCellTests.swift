import Registry
import Testing

@testable import RegistryAPI

@Suite("Cells of tables")
struct TableCellTests {
    enum Layouts {
        /// The columns of each kind; those that only `-o wide` shows in brackets.
        static let all: [(ObjectKind, String)] = [
            (.service, "Name Type Cluster-IP External-IP Port(s) Age [Selector]"), (.endpoints, "Name Endpoints Age"),
            (.endpointSlice, "Name AddressType Ports Endpoints Age"),
            (.pod, "Name Ready Status Restarts Age [IP] [Node] [Nominated Node] [Readiness Gates]"),
            (.namespace, "Name Status Age"),
            (
                .node,
                "Name Status Roles Age Version [Internal-IP] [External-IP] [OS-Image] [Kernel-Version] "
                    + "[Container-Runtime]"
            ),
            (.event, "Last Seen Type Reason Object [Subobject] [Source] Message [First Seen] [Count] [Name]"),
            (.ipAddress, "Name ParentRef"), (.serviceCIDR, "Name CIDRs Age"), (.lease, "Name Holder Age"),
        ]
    }

    @Test("Every kind has the columns of Kubernetes", arguments: Layouts.all)
    func columns(_ kind: ObjectKind, _ expected: String) throws {
        let table = ResponseForm.table(.v1).document(of: .object([:]), kind: kind, now: testTime, includeObject: .none)
        let columns = table["columnDefinitions"]?.elements ?? []
        let shown = try columns.map { column in
            let name = try #require(column["name"]?.string)
            #expect(column["type"] == .string("string"))
            #expect(column["format"] == .string(name == "Name" ? "name" : ""))
            #expect(column["description"]?.string?.isEmpty == false)
            return column["priority"] == .integer(1) ? "[\(name)]" : name
        }
        #expect(shown.joined(separator: " ") == expected)
        #expect(table.value(at: "rows.0.cells")?.elements.count == columns.count)
    }

    @Test("Every kind is in the table of columns")
    func allKinds() {
        #expect(Set(Layouts.all.map(\.0)) == Set(ObjectKind.allCases))
    }

    @Test("Documents whose fields are of other types are shown, not refused", arguments: ObjectKind.allCases)
    func wrongTypes(_ kind: ObjectKind) throws {
        let fields = [
            "metadata", "spec", "status", "subsets", "ports", "endpoints", "involvedObject", "series", "source",
            "clusterIPs", "containers", "conditions", "initContainerStatuses", "containerStatuses", "addresses",
        ]
        for value in ["1", "null", "\"x\"", "[]", "[null]", "[[1]]", "{}", "[{\"state\":[],\"restartCount\":-1}]"] {
            let members = fields.map { "\"\($0)\":\(value)" }.joined(separator: ",")
            let inner = "{\(members)}"
            _ = try cells(kind, inner)
            _ = try cells(kind, #"{"metadata":\#(inner),"spec":\#(inner),"status":\#(inner),"subsets":[\#(inner)]}"#)
        }
    }

    @Test(
        "Services",
        arguments: [
            (
                #""type":"ClusterIP","clusterIPs":["10.96.0.1","fd00::1"],"clusterIP":"10.96.0.1""#,
                "ClusterIP 10.96.0.1 <none> <none> <none>"
            ),
            (
                #""type":"ClusterIP","clusterIP":"None","selector":{"b":"2","a":"1"}"#,
                "ClusterIP None <none> <none> a=1,b=2"
            ),
            (
                #""type":"ClusterIP","externalIPs":["192.0.2.1","192.0.2.2"],"#
                    + #""ports":[{"port":80,"protocol":"TCP"},{"port":53,"protocol":"UDP"}]"#,
                "ClusterIP <none> 192.0.2.1,192.0.2.2 80/TCP,53/UDP <none>"
            ),
            (
                #""type":"NodePort","clusterIPs":["10.96.0.2"],"#
                    + #""ports":[{"port":80,"nodePort":30080,"protocol":"TCP"},{"port":443,"protocol":"TCP"}]"#,
                "NodePort 10.96.0.2 <none> 80:30080/TCP,443/TCP <none>"
            ),
            (#""type":"LoadBalancer""#, "LoadBalancer <none> <pending> <none> <none>"),
            (#""type":"LoadBalancer","externalIPs":["192.0.2.1"]"#, "LoadBalancer <none> 192.0.2.1 <none> <none>"),
            (
                #""type":"ExternalName","externalName":"db.example.com""#,
                "ExternalName <none> db.example.com <none> <none>"
            ),
            (#""type":"Other""#, "Other <none> <unknown> <none> <none>"),
        ])
    func services(_ spec: String, _ expected: String) throws {
        let cells = try cells(
            .service, #"{"metadata":{"name":"web","creationTimestamp":"2026-06-26T12:00:00Z"},"spec":{\#(spec)}}"#)
        #expect(
            ["Type", "Cluster-IP", "External-IP", "Port(s)", "Selector"].compactMap { cells[$0] }.joined(separator: " ")
                == expected)
        #expect(cells["Name"] == "web")
        #expect(cells["Age"] == "5d")
    }

    @Test("Addresses of load balancers come sorted, before those that were given")
    func loadBalancers() throws {
        let cells = try cells(
            .service,
            #"""
            {"spec":{"type":"LoadBalancer","externalIPs":["192.0.2.1"]},"status":{"loadBalancer":{"ingress":[
            {"ip":"198.51.100.9"},{"hostname":"lb.example.com"},{"ip":"198.51.100.10","hostname":"x"},
            {"ip":"198.51.100.9"},{}]}}}
            """#)
        #expect(cells["External-IP"] == "198.51.100.10,198.51.100.9,lb.example.com,192.0.2.1")
        #expect(cells["Age"] == "<unknown>")
    }

    @Test(
        "Endpoints",
        arguments: [
            ("[]", "<none>"), (#"[{"notReadyAddresses":[{"ip":"10.0.0.1"}],"ports":[{"port":80}]}]"#, ""),
            (
                #"[{"addresses":[{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}],"ports":[{"port":80}]}]"#,
                "10.0.0.1:80,10.0.0.2:80"
            ),
            (#"[{"addresses":[{"ip":"fd00::1"}],"ports":[{"port":80},{"port":443}]}]"#, "[fd00::1]:80,[fd00::1]:443"),
            (
                #"[{"addresses":[{"ip":"10.0.0.1"}]},{"addresses":[{"ip":"10.0.0.2"}],"ports":[{"port":1}]}]"#,
                "10.0.0.1,10.0.0.2:1"
            ),
            (
                #"[{"addresses":[{"ip":"10.0.0.1"},{"ip":"10.0.0.2"},{"ip":"10.0.0.3"}],"#
                    + #""ports":[{"port":1},{"port":2}]}]"#,
                "10.0.0.1:1,10.0.0.2:1,10.0.0.3:1 + 3 more..."
            ),
        ])
    func endpoints(_ subsets: String, _ expected: String) throws {
        #expect(try cells(.endpoints, #"{"subsets":\#(subsets)}"#)["Endpoints"] == expected)
    }

    @Test(
        "EndpointSlices",
        arguments: [
            ("[]", "[]", "<unset>", "<unset>"),
            (#"[{"port":80},{"name":"http"},{},{"port":1},{"port":2}]"#, "[]", "80,http,* + 2 more...", "<unset>"),
            (
                #"[{"name":"","port":8080}]"#, #"[{"addresses":["10.0.0.1"]},{"addresses":["10.0.0.2"]}]"#, "8080",
                "10.0.0.1,10.0.0.2"
            ),
            ("[]", #"[{"addresses":["a","b"]},{"addresses":["c"]}]"#, "<unset>", "a,b,c"),
            ("[]", #"[{"addresses":["a","b"]},{"addresses":["c","d"]}]"#, "<unset>", "a,b,c + 1 more..."),
        ])
    func endpointSlices(_ ports: String, _ endpoints: String, _ shownPorts: String, _ shownEndpoints: String) throws {
        let cells = try cells(
            .endpointSlice, #"{"addressType":"IPv4","ports":\#(ports),"endpoints":\#(endpoints)}"#)
        #expect(cells["AddressType"] == "IPv4")
        #expect(cells["Ports"] == shownPorts)
        #expect(cells["Endpoints"] == shownEndpoints)
    }

    @Test("Namespaces, ServiceCIDRs and Leases")
    func smallKinds() throws {
        #expect(try cells(.namespace, #"{"status":{"phase":"Terminating"}}"#)["Status"] == "Terminating")
        #expect(
            try cells(.serviceCIDR, #"{"spec":{"cidrs":["10.96.0.0/16","fd00::/112"]}}"#)["CIDRs"]
                == "10.96.0.0/16,fd00::/112")
        #expect(try cells(.lease, #"{"spec":{"holderIdentity":"host-1"}}"#)["Holder"] == "host-1")
    }

    @Test(
        "Addresses name what they belong to",
        arguments: [
            ("null", "<none>"),
            (#"{"group":"","resource":"services","namespace":"prod","name":"web"}"#, "services/prod/web"),
            (#"{"group":"example.com","resource":"Widgets","name":"w"}"#, "widgets.example.com/w"),
        ])
    func addresses(_ reference: String, _ expected: String) throws {
        #expect(try cells(.ipAddress, #"{"spec":{"parentRef":\#(reference)}}"#)["ParentRef"] == expected)
    }

    @Test("A Node that says everything, and one that says nothing")
    func nodes() throws {
        let full = try cells(
            .node,
            #"""
            {"metadata":{"name":"n1","labels":{"node-role.kubernetes.io/worker":"","kubernetes.io/role":"edge",
            "node-role.kubernetes.io/control-plane":"","node-role.kubernetes.io/":"x"}},"spec":{"unschedulable":true},
            "status":{"conditions":[{"type":"DiskPressure","status":"True"},{"type":"Ready","status":"Unknown"}],
            "addresses":[{"type":"Hostname","address":"n1"},{"type":"InternalIP","address":"10.0.0.1"},
            {"type":"InternalIP","address":"fd00::1"},{"type":"ExternalIP","address":"192.0.2.1"}],
            "nodeInfo":{"kubeletVersion":"v1.36.0","osImage":"Debian","kernelVersion":"6.12",
            "containerRuntimeVersion":"crio://1"}}}
            """#)
        #expect(
            full == [
                "Name": "n1", "Status": "NotReady,SchedulingDisabled", "Roles": "control-plane,edge,worker",
                "Age": "<unknown>", "Version": "v1.36.0", "Internal-IP": "10.0.0.1", "External-IP": "192.0.2.1",
                "OS-Image": "Debian", "Kernel-Version": "6.12", "Container-Runtime": "crio://1",
            ])
        let empty = try cells(.node, #"{"metadata":{"name":"n2"}}"#)
        #expect(
            empty == [
                "Name": "n2", "Status": "Unknown", "Roles": "<none>", "Age": "<unknown>", "Version": "",
                "Internal-IP": "<none>", "External-IP": "<none>", "OS-Image": "<unknown>",
                "Kernel-Version": "<unknown>", "Container-Runtime": "<unknown>",
            ])
        let ready = try cells(.node, #"{"status":{"conditions":[{"type":"Ready","status":"True"}]}}"#)
        #expect(ready["Status"] == "Ready")
    }

    enum Events {
        /// Fields, and the cells Last Seen, First Seen, Count.
        static let times: [(String, [String])] = [
            (
                #""firstTimestamp":"2026-07-01T11:00:00Z","lastTimestamp":"2026-07-01T11:59:00Z","count":3"#,
                ["60s", "60m", "3"]
            ),
            (#""firstTimestamp":"2026-07-01T11:00:00Z","lastTimestamp":null"#, ["60m", "60m", "1"]),
            (#""firstTimestamp":null,"eventTime":"2026-07-01T11:59:00.123456Z""#, ["59s", "59s", "1"]),
            (
                #""eventTime":"2026-07-01T11:00:00.000000Z","#
                    + #""series":{"count":7,"lastObservedTime":"2026-07-01T11:59:50.000000Z"}"#,
                ["10s", "60m", "7"]
            ),
            (#""count":0"#, ["<unknown>", "<unknown>", "1"]),
        ]
    }

    @Test("Events of both kinds say when and how often", arguments: Events.times)
    func eventTimes(_ fields: String, _ expected: [String]) throws {
        let cells = try cells(.event, "{\(fields)}")
        #expect(["Last Seen", "First Seen", "Count"].compactMap { cells[$0] } == expected)
    }

    @Test(
        "Events name their object and their source",
        arguments: [
            (#""source":{"component":"kubelet","host":"n1"}"#, "kubelet, n1"),
            (#""source":{"component":"kubelet"},"reportingComponent":"x","reportingInstance":"""#, "kubelet"),
            (#""source":{},"reportingComponent":"swiftlet","reportingInstance":"s-1""#, "swiftlet, s-1"),
            ("\"a\":1", ""),
        ])
    func eventSources(_ fields: String, _ expected: String) throws {
        let cells = try cells(
            .event,
            #"""
            {"metadata":{"name":"web.1"},"type":"Warning","reason":"Late","message":" two words\n",
            "involvedObject":{"kind":"Service","name":"web","fieldPath":"spec.ports[0]"},\#(fields)}
            """#)
        #expect(cells["Source"] == expected)
        #expect(cells["Object"] == "service/web")
        #expect(cells["Subobject"] == "spec.ports[0]")
        #expect(cells["Message"] == "two words")
        #expect(cells["Type"] == "Warning")
        #expect(cells["Reason"] == "Late")
        #expect(cells["Name"] == "web.1")
    }
}
