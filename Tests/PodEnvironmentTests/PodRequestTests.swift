import PodEnvironment
import Registry
import Testing

@Suite("Requests for a pod's environment and resolv.conf, by items of a query")
struct PodRequestTests {
    static let services = [
        service("web", at: "10.96.0.11", ports: [.init(name: "http", port: 8080)]),
        service("db", at: "10.96.0.12", ports: [.init(port: 5432)]),
        service("other", in: "dev", at: "10.96.0.13"),
    ]

    /// Items as one writes them in a URL: `a=1&b`.
    static func query(_ text: String) -> [(String, String)] {
        text.split(separator: "&").map { part in
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(halves[0]), halves.count == 2 ? String(halves[1]) : "")
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let query: String
        let want: String
        let warnings: [String]
        var testDescription: String { query }

        init(_ query: String, _ want: String, warnings: [String] = []) {
            self.query = query
            self.want = want
            self.warnings = warnings
        }
    }

    static let environments: [Row] = [
        Row("services=db&format=docker&prefix=DB_SERVICE", "DB_SERVICE_HOST=10.96.0.12\nDB_SERVICE_PORT=5432\n"),
        Row("services=db&prefix=DB_SERVICE", "DB_SERVICE_HOST='10.96.0.12'\nDB_SERVICE_PORT='5432'\n"),
        Row(
            "services=db&services=w*&prefix=DB_SERVICE_H&env=A=1&env=B=$(A)$(WEB_SERVICE_HOST)&format=export",
            "export A='1'\nexport B='110.96.0.11'\nexport DB_SERVICE_HOST='10.96.0.12'\n"),
        Row("service-links=false&format=json", "{}\n"),
        Row("service-links&prefix=WEB_SERVICE_PORT_&format=systemd", "WEB_SERVICE_PORT_HTTP=\"8080\"\n"),
        Row(
            "services=none&format=docker", "",
            warnings: ["services 'none' matches no Service with a cluster IP in namespace prod"]),
        Row(
            "service-links=0&env=a-b=1&format=export", "",
            warnings: ["left out, as a reader of export takes no such names: a-b"]),
        Row("service-links=0&env=A=1&max-bytes=12", "A='1'\n"),
    ]

    @Test("Items of env are the options of the command", arguments: environments)
    func environment(_ row: Row) throws {
        let request = try EnvironmentRequest(namespace: "prod", query: Self.query(row.query))
        let file = try request.file(of: Self.services)
        #expect(file.text == row.want)
        #expect(file.warnings == row.warnings)
    }

    @Test("A namespace without a Service is told of, as its spelling is mostly at fault; not where none is asked for")
    func emptyNamespace() throws {
        func warnings(_ query: String) throws -> [String] {
            let request = try EnvironmentRequest(namespace: "prdo", query: Self.query(query))
            return try request.file(of: Self.services).warnings
        }
        #expect(try warnings("") == ["namespace prdo has no Service"])
        #expect(try warnings("service-links=0&env=A=1").isEmpty)
    }

    static let badEnvironments: [(query: String, message: String)] = [
        (
            "formats=json",
            "'formats' is unknown here: known are env, format, max-bytes, prefix, service-links, services"
        ),
        ("format=yaml", "format 'yaml' is none of dotenv, docker, export, systemd, json"),
        ("format=json&format=json", "format is given twice, and may be given once"),
        ("max-bytes=0", "max-bytes '0' must be a number greater than 0"),
        ("max-bytes=99999999999999999999", "max-bytes '99999999999999999999' must be a number greater than 0"),
        ("service-links=no", "service-links 'no' is neither true nor false"),
        ("env=A", "env: 'A' is no assignment: write NAME=VALUE"),
        ("env==1", "env: '' is no name of a variable: use printable ASCII without '='"),
        (
            "service-links=0&env=A=1&max-bytes=11",
            "the variables take 12 bytes, 11 is the limit; the largest: --env (12)"
        ),
        (
            "service-links=0&env=A=\n&format=docker",
            "variable A cannot be written as docker: the value holds a newline, and a line is all there is"
        ),
    ]

    @Test("What is wrong with items of env is named", arguments: badEnvironments)
    func badEnvironment(query: String, message: String) {
        let error = #expect(throws: PodRequestError.self) {
            try EnvironmentRequest(namespace: "prod", query: Self.query(query)).file(of: Self.services)
        }
        #expect(error?.description == message)
    }

    @Test("A namespace that is none is refused, in the words of the one who asks")
    func badNamespace() {
        let plain = #expect(throws: PodRequestError.self) { try EnvironmentRequest(namespace: "Prod", query: []) }
        #expect(plain?.description == "namespace 'Prod' is no namespace: use at most 63 of a-z, 0-9 and '-'")
        let option = #expect(throws: PodRequestError.self) {
            try ResolvConfRequest(namespace: "", query: [], itemPrefix: "--")
        }
        #expect(option?.description == "--namespace '' is no namespace: use at most 63 of a-z, 0-9 and '-'")
    }

    @Test("A message quotes no more than the beginning of a long value")
    func longValue() {
        let error = #expect(throws: PodRequestError.self) {
            try EnvironmentRequest(namespace: "prod", query: [("format", String(repeating: "x", count: 100_000))])
        }
        #expect((error?.description.utf8.count ?? .max) < 300)
    }

    static let search = "search prod.svc.cluster.local svc.cluster.local cluster.local"

    static let resolverFiles: [Row] = [
        Row("", "\(search)\nnameserver 10.96.0.10\noptions ndots:5\n"),
        Row(
            "zone=c.example.",
            "search prod.svc.c.example svc.c.example c.example\nnameserver 10.96.0.10\noptions ndots:5\n"),
        Row("cluster-domain=", "nameserver 10.96.0.10\noptions ndots:5\n"),
        Row(
            "nameserver=192.0.2.1,fd00::1&cluster-dns=192.0.2.2",
            "\(search)\nnameserver 192.0.2.1\nnameserver fd00::1\nnameserver 192.0.2.2\noptions ndots:5\n"),
        Row(
            "dns-search=a.example&dns-option=ndots:2&dns-option=rotate&dns-nameserver=192.0.2.9",
            "\(search) a.example\nnameserver 10.96.0.10\nnameserver 192.0.2.9\noptions ndots:2 rotate\n"),
        Row("policy=None&dns-nameserver=192.0.2.9", "nameserver 192.0.2.9\n"),
        Row(
            "policy=Default&node-resolv-conf=search corp\nnameserver 192.0.2.53\noptions rotate\n",
            "search corp\nnameserver 192.0.2.53\noptions rotate\n"),
        Row("host-network&node-resolv-conf=nameserver 192.0.2.53\n", "nameserver 192.0.2.53\n"),
        Row("policy=Default&node-resolv-conf=", "search .\nnameserver 127.0.0.1\n"),
        Row(
            "policy=ClusterFirstWithHostNet&host-network=true&node-resolv-conf=search corp",
            "\(search) corp\nnameserver 10.96.0.10\noptions ndots:5\n"),
    ]

    @Test("Items of resolv.conf are the options of the command", arguments: resolverFiles)
    func resolverFile(_ row: Row) throws {
        let request = try ResolvConfRequest(namespace: "prod", query: Self.query(row.query))
        let file = try request.file(zone: "", nameservers: [.v4(0x0a60_000a)])
        #expect(file.text == row.want)
        #expect(file.warnings == row.warnings)
    }

    @Test("Without a known nameserver the loopback address is written, and told")
    func unknownNameserver() throws {
        let file = try ResolvConfRequest(namespace: "prod", query: []).file(zone: "z.example", nameservers: [])
        #expect(
            file.text
                == "search prod.svc.z.example svc.z.example z.example\nnameserver 127.0.0.1\noptions ndots:5\n")
        #expect(
            file.warnings == [
                "no address of the cluster's DNS is known, 127.0.0.1 is written; name it by nameserver IP"
            ])
    }

    static let badResolverFiles: [(query: String, message: String)] = [
        (
            "name=x",
            "'name' is unknown here: known are cluster-dns, cluster-domain, dns-nameserver, dns-option, dns-search, "
                + "host-network, nameserver, node-resolv-conf, policy, zone"
        ),
        (
            "policy=clusterFirst",
            "policy 'clusterFirst' is none of ClusterFirst, ClusterFirstWithHostNet, Default, None"
        ),
        ("nameserver=192.0.2.1,x", "nameserver 'x' is no IP address"),
        ("zone=a..b", "zone 'a..b' is no domain: write it as cluster.local"),
        ("zone=a&cluster-domain=b", "cluster-domain is given twice, and may be given once"),
        ("policy=None", "dns-nameserver: Required value: one at least when `dnsPolicy` is None"),
        (
            "dns-nameserver=x&dns-option=a b",
            "dns-nameserver: Invalid value: \"x\": must be a valid IP address; "
                + "dns-option: Invalid value: \"a b\": must be one word"
        ),
        ("node-resolv-conf=nameserver", "node-resolv-conf: line 1: 'nameserver' without an address"),
        (
            "policy=Default",
            "node-resolv-conf: the policy Default is made of the node's resolv.conf, and nobody but the node has it: "
                + "send it along, with curl by -G --data-urlencode node-resolv-conf@/etc/resolv.conf"
        ),
    ]

    @Test("What is wrong with items of resolv.conf is named", arguments: badResolverFiles)
    func badResolverFile(query: String, message: String) {
        let error = #expect(throws: PodRequestError.self) {
            try ResolvConfRequest(namespace: "prod", query: Self.query(query)).file(
                zone: "cluster.local", nameservers: [])
        }
        #expect(error?.description == message)
    }

    @Test("The cluster's nameservers are kube-dns's addresses, else the server's, and another port is told")
    func clusterNameservers() {
        let listeners = [5353, 53].map { ServerRecord.Listener(address: .v4(0x7f00_0001), port: $0) }
        let ofServer = ClusterNameservers(services: Self.services, listeners: listeners)
        #expect(ofServer.addresses == [.v4(0x7f00_0001)])
        #expect(
            ofServer.warnings
                == ["the server listens on port 5353; a resolv.conf names no port and resolvers ask port 53"])
        let kubeDNS = service("kube-dns", in: "kube-system", at: "10.96.0.10")
        let ofService = ClusterNameservers(services: [kubeDNS], listeners: listeners)
        #expect(ofService.addresses == [.v4(0x0a60_000a)])
        #expect(ofService.warnings.isEmpty)
    }

    @Test("Who asks for too much, or for what cannot be written, is told so, and can ask for less")
    func tooMuch() {
        let doubling = ["env=A0=x"] + (1...60).map { "env=A\($0)=$(A\($0 - 1))$(A\($0 - 1))" }
        for query in ["env=A=12&max-bytes=5", doubling.joined(separator: "&"), "format=docker&env=A=x\nB=c"] {
            let error = #expect(throws: PodRequestError.self) {
                try EnvironmentRequest(namespace: "prod", query: Self.query(query)).file(of: Self.services)
            }
            #expect(error?.isRequestAtFault == true)
        }
    }
}
