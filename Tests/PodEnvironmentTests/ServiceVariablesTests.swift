import PodEnvironment
import Registry
import Testing

@Suite("Variables of Services (kubelet envvars)")
struct ServiceVariablesTests {
    @Test("Kubernetes' documented example, redis-primary")
    func documentedExample() {
        let made = ServiceVariables(of: [service("redis-primary", at: "10.0.0.11", ports: [.init(port: 6379)])])
        #expect(
            lines(made.variables) == [
                "REDIS_PRIMARY_SERVICE_HOST=10.0.0.11",
                "REDIS_PRIMARY_SERVICE_PORT=6379",
                "REDIS_PRIMARY_PORT=tcp://10.0.0.11:6379",
                "REDIS_PRIMARY_PORT_6379_TCP=tcp://10.0.0.11:6379",
                "REDIS_PRIMARY_PORT_6379_TCP_PROTO=tcp",
                "REDIS_PRIMARY_PORT_6379_TCP_PORT=6379",
                "REDIS_PRIMARY_PORT_6379_TCP_ADDR=10.0.0.11",
            ])
        #expect(made.collisions.isEmpty)
    }

    @Test("Several ports, named, of several protocols; ports keep the order of the specification")
    func namedPorts() {
        let made = ServiceVariables(of: [
            service(
                "super-duper", at: "9.8.7.6",
                ports: [
                    .init(name: "u-d-p", transport: .udp, port: 8081), .init(name: "t-c-p", port: 80),
                    .init(name: "s", transport: .sctp, port: 7),
                ])
        ])
        #expect(
            lines(made.variables) == [
                "SUPER_DUPER_SERVICE_HOST=9.8.7.6",
                "SUPER_DUPER_SERVICE_PORT=8081",
                "SUPER_DUPER_SERVICE_PORT_U_D_P=8081",
                "SUPER_DUPER_SERVICE_PORT_T_C_P=80",
                "SUPER_DUPER_SERVICE_PORT_S=7",
                "SUPER_DUPER_PORT=udp://9.8.7.6:8081",
                "SUPER_DUPER_PORT_8081_UDP=udp://9.8.7.6:8081",
                "SUPER_DUPER_PORT_8081_UDP_PROTO=udp",
                "SUPER_DUPER_PORT_8081_UDP_PORT=8081",
                "SUPER_DUPER_PORT_8081_UDP_ADDR=9.8.7.6",
                "SUPER_DUPER_PORT_80_TCP=tcp://9.8.7.6:80",
                "SUPER_DUPER_PORT_80_TCP_PROTO=tcp",
                "SUPER_DUPER_PORT_80_TCP_PORT=80",
                "SUPER_DUPER_PORT_80_TCP_ADDR=9.8.7.6",
                "SUPER_DUPER_PORT_7_SCTP=sctp://9.8.7.6:7",
                "SUPER_DUPER_PORT_7_SCTP_PROTO=sctp",
                "SUPER_DUPER_PORT_7_SCTP_PORT=7",
                "SUPER_DUPER_PORT_7_SCTP_ADDR=9.8.7.6",
            ])
    }

    @Test("An IPv6 address is bare as a host and bracketed in URLs, spelled as it was stored")
    func ipv6() {
        let made = ServiceVariables(of: [service("v6", at: "FD00:0::1", ports: [.init(port: 80)])])
        #expect(
            lines(made.variables) == [
                "V6_SERVICE_HOST=FD00:0::1", "V6_SERVICE_PORT=80", "V6_PORT=tcp://[FD00:0::1]:80",
                "V6_PORT_80_TCP=tcp://[FD00:0::1]:80", "V6_PORT_80_TCP_PROTO=tcp", "V6_PORT_80_TCP_PORT=80",
                "V6_PORT_80_TCP_ADDR=FD00:0::1",
            ])
    }

    @Test("Of two cluster IPs only the first is told")
    func dualStack() {
        var dual = service("dual", at: "10.0.0.1")
        dual.clusterIPs = ["10.0.0.1", "fd00::1"]
        #expect(!lines(ServiceVariables(of: [dual]).variables).contains { $0.contains("fd00") })
        dual.clusterIP = ""
        #expect(ServiceVariables(of: [dual]).variables.first?.value == "10.0.0.1")
    }

    @Test("A name that begins with a digit keeps it, as upstream does")
    func leadingDigit() {
        #expect(ServiceVariables(of: [service("1web", at: "10.0.0.1")]).variables.first?.name == "1WEB_SERVICE_HOST")
    }

    @Test("A Service without ports, which validation never lets in, gives its host and no trap")
    func withoutPorts() {
        #expect(
            lines(ServiceVariables(of: [service("odd", at: "10.0.0.1", ports: [])]).variables) == [
                "ODD_SERVICE_HOST=10.0.0.1"
            ])
    }

    /// Which Services a container sees; `want` in order.
    struct Visibility: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let namespace: String
        var hasServiceLinks = true
        var services: [Service] = []
        let want: [String]
    }

    private static let cluster = [
        service("kubernetes", in: "default", at: "10.96.0.1"),
        service("zeta", at: "10.0.0.26"), service("alpha", at: "10.0.0.1"),
        service("other", in: "dev", at: "10.0.0.3"), service("shop", in: "default", at: "10.0.0.4"),
        service("headless", at: "None"), service("pending", at: ""),
        service("external", at: "10.0.0.9", kind: .externalName),
        service("web", in: "mine", at: "10.0.0.5"), service("kubernetes", in: "mine", at: "10.0.0.6"),
        service("kubernetes", in: "void", at: "None"),
    ]

    @Test(
        "Which Services give variables",
        arguments: [
            Visibility(
                testDescription: "own namespace by name, then default/kubernetes", namespace: "prod",
                want: ["prod/alpha", "prod/zeta", "default/kubernetes"]),
            Visibility(
                testDescription: "no links: default/kubernetes alone", namespace: "prod", hasServiceLinks: false,
                want: ["default/kubernetes"]),
            Visibility(
                testDescription: "an own kubernetes replaces the default one", namespace: "mine",
                want: ["mine/kubernetes", "mine/web"]),
            Visibility(
                testDescription: "without links it does not", namespace: "mine", hasServiceLinks: false,
                want: ["default/kubernetes"]),
            Visibility(
                testDescription: "a headless own kubernetes does not", namespace: "void", want: ["default/kubernetes"]),
            Visibility(
                testDescription: "in default", namespace: "default", want: ["default/kubernetes", "default/shop"]),
            Visibility(
                testDescription: "in default without links", namespace: "default", hasServiceLinks: false,
                want: ["default/kubernetes"]),
            Visibility(testDescription: "unknown namespace", namespace: "none", want: ["default/kubernetes"]),
        ])
    func visibility(_ row: Visibility) {
        for services in [Self.cluster, Self.cluster.reversed()] {
            let visible = ServiceVariables.services(
                visibleFrom: row.namespace, in: services, hasServiceLinks: row.hasServiceLinks)
            #expect(visible.map(\.metadata.id.description) == row.want)
        }
    }

    @Test("Two Services that give one variable: the first by name wins, the other is told of")
    func collision() {
        let made = ServiceVariables(of: [
            service("web", at: "10.0.0.1", ports: [.init(port: 80)]),
            service("web-service", at: "10.0.0.2", ports: [.init(port: 81)]),
        ])
        #expect(lines(made.variables).contains("WEB_SERVICE_PORT=80"))
        #expect(made.variables.filter { $0.name == "WEB_SERVICE_PORT" }.count == 1)
        #expect(
            made.collisions.map(\.description) == [
                "WEB_SERVICE_PORT is given by Services prod/web and prod/web-service; prod/web wins"
            ])
        #expect(made.collisions.first?.lostValue == "tcp://10.0.0.2:81")
    }

    @Test("The own namespace wins over default/kubernetes whatever the names")
    func ownNamespaceWins() {
        let all = [
            service("kubernetes", in: "default", at: "10.96.0.1", ports: [.init(name: "https", port: 443)]),
            service("kubernetes-service", in: "prod", at: "10.0.0.2", ports: [.init(port: 81)]),
        ]
        let made = ServiceVariables(of: ServiceVariables.services(visibleFrom: "prod", in: all))
        #expect(lines(made.variables).contains("KUBERNETES_SERVICE_PORT=tcp://10.0.0.2:81"))
        #expect(made.collisions.map(\.loser.description) == ["default/kubernetes"])
    }

    @Test("Two ports of one Service, and equal values, which are no collision")
    func portsOfOneService() {
        let twice = service(
            "web", at: "10.0.0.1", ports: [.init(name: "a", port: 80), .init(name: "a", port: 81)])
        let collisions = ServiceVariables(of: [twice]).collisions
        #expect(collisions.map(\.name) == ["WEB_SERVICE_PORT_A"])
        #expect(collisions.first?.description.contains("given twice by Service prod/web") == true)
        let equal = service("web", at: "10.0.0.1", ports: [.init(port: 80), .init(port: 80)])
        #expect(ServiceVariables(of: [equal]).collisions.isEmpty)
    }

    @Test(
        "Patterns pick Services by name, or by namespace and name",
        arguments: [
            ("web", "prod/web", true), ("web", "prod/web2", false), ("web*", "prod/web2", true),
            ("w?b", "prod/web", true), ("[a-m]*", "prod/web", false), ("*", "default/kubernetes", true),
            ("default/*", "default/kubernetes", true), ("default/*", "prod/web", false), ("*/web", "prod/web", true),
            ("prod*", "prod/web", false), ("", "prod/web", false), ("[", "prod/web", false),
        ])
    func patterns(_ pattern: String, _ id: String, _ want: Bool) {
        let parts = id.split(separator: "/")
        let name = NamespacedName(namespace: String(parts[0]), name: String(parts[1]))
        #expect(ServicePattern(pattern).matches(name) == want)
    }
}
