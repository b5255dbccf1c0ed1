import Testing

@testable import Registry

@Suite("Rules of Services")
struct ServiceValidationTests {
    /// A change to a sound Service and what is said to it.
    struct Mistake: CustomTestStringConvertible, Sendable {
        let expected: [String]
        let change: @Sendable (inout Service) -> Void
        var testDescription: String { expected.first ?? "nothing" }

        init(_ expected: String..., change: @escaping @Sendable (inout Service) -> Void) {
            (self.expected, self.change) = (expected, change)
        }
    }

    private static let label =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
        + "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
    private static let subdomain =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
        + "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    private static let name =
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
        + "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        + "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    private static let range = "must be between 1 and 65535, inclusive"

    static let mistakes: [Mistake] = [
        Mistake { _ in },
        Mistake("metadata.name: Required value: name or generateName is required") { $0.metadata.name = "" },
        Mistake("metadata.name: Invalid value: \"Web\": \(label)") {
            $0.metadata.name = "Web"
        },
        Mistake("metadata.name: Invalid value: \"a.b\": must not contain dots") {
            $0.metadata.name = "a.b"
        },
        Mistake("metadata.namespace: Required value") { $0.metadata.namespace = "" },
        Mistake("metadata.namespace: Invalid value: \"-a\": \(label)") { $0.metadata.namespace = "-a" },
        Mistake("metadata.labels: Invalid value: \"a b\": name part \(name)") {
            $0.metadata.labels = ["a b": "c"]
        },
        Mistake("spec.ports: Required value") { $0.ports = [] },
        Mistake {
            $0.ports = []
            $0.clusterIP = "None"
        },
        Mistake("spec.ports[0].name: Required value") { $0.ports[0].name = "" },
        Mistake {
            $0.ports.removeLast()
            $0.ports[0].name = ""
        },
        Mistake("spec.ports[1].name: Invalid value: \"Dns\": \(label)") { $0.ports[1].name = "Dns" },
        Mistake("spec.ports[1].name: Duplicate value: \"http\"") { $0.ports[1].name = "http" },
        Mistake("spec.ports[0].port: Invalid value: 0: \(range)") { $0.ports[0].port = 0 },
        Mistake("spec.ports[0].port: Invalid value: 65536: \(range)") { $0.ports[0].port = 65536 },
        Mistake(
            "spec.ports[1]: Duplicate value: {\"AppProtocol\":null,\"Name\":\"\",\"NodePort\":0,\"Port\":80,"
                + "\"Protocol\":\"TCP\",\"TargetPort\":0}"
        ) { $0.ports[1] = .init(name: "more", port: 80) },
        Mistake("spec.ports[0].targetPort: Invalid value: -1: \(range)") { $0.ports[0].targetPort = .integer(-1) },
        Mistake("spec.ports[0].targetPort: Invalid value: \"a--b\": must not contain consecutive hyphens") {
            $0.ports[0].targetPort = .string("a--b")
        },
        Mistake("spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'") {
            $0.ports[0].nodePort = 30000
        },
        Mistake("spec.ports[0].nodePort: Invalid value: 70000: \(range)") {
            $0.kind = .nodePort
            $0.ports[0].nodePort = 70000
        },
        Mistake {
            // One number for two protocols.
            $0.kind = .nodePort
            $0.ports[0].nodePort = 30000
            $0.ports[1].nodePort = 30000
        },
        Mistake("spec.clusterIPs: Invalid value: [\"10.0.0.2\"]: first value must match `clusterIP`") {
            $0.clusterIP = "10.0.0.1"
            $0.clusterIPs = ["10.0.0.2"]
        },
        Mistake("spec.clusterIPs: Invalid value: [\"10.0.0.2\"]: must be empty when `clusterIP` is not specified") {
            $0.clusterIPs = ["10.0.0.2"]
        },
        Mistake("spec.clusterIPs[0]: Invalid value: \"10.0.0.01\": must not have leading 0s") {
            $0.clusterIP = "10.0.0.01"
        },
        Mistake("spec.clusterIPs[0]: Invalid value: \"::ffff:10.0.0.1\": must not be an IPv4-mapped IPv6 address") {
            $0.clusterIP = "::ffff:10.0.0.1"
        },
        Mistake(
            "spec.clusterIPs: Invalid value: [\"10.0.0.1\",\"10.0.0.2\"]: "
                + "may specify no more than one IP for each IP family"
        ) {
            $0.clusterIP = "10.0.0.1"
            $0.clusterIPs = ["10.0.0.1", "10.0.0.2"]
        },
        Mistake("spec.clusterIPs: Invalid value: [\"None\",\"10.0.0.2\"]: 'None' must be the first and only value") {
            $0.clusterIP = "None"
            $0.clusterIPs = ["None", "10.0.0.2"]
        },
        Mistake("spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services") {
            $0.kind = .nodePort
            $0.clusterIP = "None"
        },
        Mistake(
            "spec.clusterIPs[0]: Invalid value: \"10.0.0.1\": expected an IPv6 value as indicated by `ipFamilies[0]`"
        ) {
            $0.clusterIP = "10.0.0.1"
            $0.families = [.ipv6]
        },
        Mistake("spec.ipFamilies[1]: Duplicate value: \"IPv6\"") { $0.families = [.ipv6, .ipv6] },
        Mistake("spec.externalName: Required value") { $0.kind = .externalName },
        Mistake("spec.externalName: Invalid value: \"a..b\": \(subdomain)") {
            $0.kind = .externalName
            $0.externalName = "a..b"
        },
        Mistake {
            $0.kind = .externalName
            $0.externalName = "www.example.org."
        },
        Mistake(
            "spec.externalName: Invalid value: \"\(String(repeating: "a", count: 64))\": must have labels of at most 63 characters"
        ) {
            $0.kind = .externalName
            $0.externalName = String(repeating: "a", count: 64)
        },
        Mistake("spec.clusterIPs: Forbidden: may not be set for ExternalName services") {
            $0.kind = .externalName
            $0.externalName = "a"
            $0.clusterIP = "10.0.0.1"
        },
        Mistake("spec.clusterIPs: Forbidden: may not be set for ExternalName services") {
            $0.kind = .externalName
            $0.externalName = "a"
            $0.clusterIP = "None"
            $0.clusterIPs = ["None"]
        },
        Mistake(
            "spec.clusterIPs: Forbidden: may not be set for ExternalName services",
            "spec.ipFamilies: Forbidden: may not be set for ExternalName services",
            "spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services"
        ) {
            $0.kind = .externalName
            $0.externalName = "a"
            $0.clusterIPs = ["10.0.0.1"]
            $0.families = [.ipv4]
            $0.familyPolicy = .singleStack
        },
        Mistake(
            "spec.externalIPs[0]: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, ::1/128)"
        ) {
            $0.externalIPs = ["127.0.0.1"]
        },
        Mistake(
            "spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for externally-accessible services"
        ) { $0.externalTrafficPolicy = .local },
        Mistake(
            "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400"
        ) {
            $0.sessionAffinity = .clientIP
            $0.sessionAffinityTimeout = 86401
        },
        Mistake(
            "spec.ports[0]: Invalid value: 10250: may not expose port 10250 externally since it is used by kubelet"
        ) {
            $0.kind = .loadBalancer
            $0.ports[0].port = 10250
        },
        Mistake("spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'") {
            $0.allocatesLoadBalancerNodePorts = true
        },
        Mistake("metadata.annotations: Too long: may not be more than 262144 bytes") {
            $0.metadata.annotations = ["a": String(repeating: "x", count: 256 << 10)]
        },
        Mistake("metadata.annotations: Invalid value: \"a b\": name part \(name)") {
            $0.metadata.annotations = ["a b": "", "Example.org/B": ""]
        },
        Mistake(
            "spec.selector: Invalid value: \"\": name part must be non-empty",
            "spec.selector: Invalid value: \"\": name part \(name)"
        ) { $0.selector = ["": "x"] },
        Mistake(
            "spec.trafficDistribution: Unsupported value: \"x\": "
                + "supported values: \"PreferClose\", \"PreferSameZone\", \"PreferSameNode\""
        ) { $0.trafficDistribution = "x" },
    ]

    @Test("Each rule has its message", arguments: mistakes)
    func mistake(_ mistake: Mistake) {
        var service = Service(
            metadata: ObjectMetadata(name: "web", namespace: "prod"),
            ports: [.init(name: "http", port: 80), .init(name: "dns", transport: .udp, port: 80)])
        mistake.change(&service)
        #expect(service.validate().map(\.description) == mistake.expected)
    }
}
