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

    private static let label = "must be a lowercase RFC 1123 label"
    private static let range = "must be between 1 and 65535, inclusive"

    static let mistakes: [Mistake] = [
        Mistake { _ in },
        Mistake("metadata.name: Required value: name is required") { $0.metadata.name = "" },
        Mistake("metadata.name: Invalid value: \"Web\": must be a lowercase RFC 1123 name") {
            $0.metadata.name = "Web"
        },
        Mistake("metadata.name: Invalid value: \"a.b\": must be a lowercase RFC 1123 name") {
            $0.metadata.name = "a.b"
        },
        Mistake("metadata.namespace: Required value: \(label)") { $0.metadata.namespace = "" },
        Mistake("metadata.namespace: Invalid value: \"-a\": \(label)") { $0.metadata.namespace = "-a" },
        Mistake("metadata.labels: Invalid value: \"a b=c\": must be a valid label") {
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
        Mistake("spec.ports[0].port: Invalid value: \"0\": \(range)") { $0.ports[0].port = 0 },
        Mistake("spec.ports[0].port: Invalid value: \"65536\": \(range)") { $0.ports[0].port = 65536 },
        Mistake("spec.ports[1]: Duplicate value: \"TCP 80\"") { $0.ports[1] = .init(name: "more", port: 80) },
        Mistake("spec.ports[0].targetPort: Invalid value: \"-1\": \(range)") { $0.ports[0].targetPort = .integer(-1) },
        Mistake(
            "spec.ports[0].targetPort: Invalid value: \"a--b\": "
                + "must be a port name: at most 15 of [a-z0-9-] with a letter, no '--', no '-' at either end"
        ) { $0.ports[0].targetPort = .string("a--b") },
        Mistake("spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'") {
            $0.ports[0].nodePort = 30000
        },
        Mistake("spec.ports[0].nodePort: Invalid value: \"70000\": \(range)") {
            $0.kind = .nodePort
            $0.ports[0].nodePort = 70000
        },
        Mistake {
            // One number for two protocols.
            $0.kind = .nodePort
            $0.ports[0].nodePort = 30000
            $0.ports[1].nodePort = 30000
        },
        Mistake("spec.clusterIPs: Invalid value: \"10.0.0.2\": first value must match `clusterIP`") {
            $0.clusterIP = "10.0.0.1"
            $0.clusterIPs = ["10.0.0.2"]
        },
        Mistake("spec.clusterIP: Required value: must be set when `clusterIPs` is") { $0.clusterIPs = ["10.0.0.2"] },
        Mistake("spec.clusterIPs[0]: Invalid value: \"10.0.0.01\": must be a valid IP address") {
            $0.clusterIP = "10.0.0.01"
        },
        Mistake("spec.clusterIPs[0]: Invalid value: \"::ffff:10.0.0.1\": must be a valid IP address") {
            $0.clusterIP = "::ffff:10.0.0.1"
        },
        Mistake("spec.clusterIPs: Invalid value: \"10.0.0.2\": may specify no more than one IP for each IP family") {
            $0.clusterIP = "10.0.0.1"
            $0.clusterIPs = ["10.0.0.1", "10.0.0.2"]
        },
        Mistake("spec.clusterIPs: Invalid value: \"None\": 'None' must be the only value") {
            $0.clusterIP = "None"
            $0.clusterIPs = ["None", "10.0.0.2"]
        },
        Mistake("spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort") {
            $0.kind = .nodePort
            $0.clusterIP = "None"
        },
        Mistake("spec.clusterIPs[0]: Invalid value: \"10.0.0.1\": must match the family IPv6") {
            $0.clusterIP = "10.0.0.1"
            $0.families = [.ipv6]
        },
        Mistake("spec.ipFamilies: Invalid value: may hold each family once") { $0.families = [.ipv6, .ipv6] },
        Mistake("spec.externalName: Required value") { $0.kind = .externalName },
        Mistake("spec.externalName: Invalid value: \"a..b\": must be a lowercase RFC 1123 subdomain") {
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
        Mistake("spec.clusterIP: Forbidden: may not be set for ExternalName services") {
            $0.kind = .externalName
            $0.externalName = "a"
            $0.clusterIP = "10.0.0.1"
        },
        Mistake("spec.externalIPs[0]: Invalid value: \"127.0.0.1\": may not be unspecified, loopback or link-local") {
            $0.externalIPs = ["127.0.0.1"]
        },
        Mistake(
            "spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for externally-accessible services"
        ) { $0.externalTrafficPolicy = .local },
        Mistake(
            "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: \"86401\": must be between 1 and 86400, inclusive"
        ) {
            $0.sessionAffinity = .clientIP
            $0.sessionAffinityTimeout = 86401
        },
        Mistake("spec.selector: Invalid value: \"=x\": must be a valid label") { $0.selector = ["": "x"] },
        Mistake(
            "spec.trafficDistribution: Unsupported value: \"x\": "
                + "supported values: \"PreferClose\", \"PreferSameNode\", \"PreferSameZone\""
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
