import ObjectRules
import Registry
import Testing

@Suite("What writers are warned of")
struct ObjectWarningsTests {
    private static func spelling(_ path: String, _ text: String, _ canonical: String) -> String {
        "\(path): IPv6 address \"\(text)\" should be in RFC 5952 canonical format (\"\(canonical)\")"
    }

    static let documents: [Breach] = [
        Breach(.service, [:]),
        Breach(.service, ["spec.clusterIP": #""None""#, "spec.clusterIPs": #"["None"]"#]),
        Breach(
            .service, ["spec.externalName": #""www.example.org""#],
            "spec.externalName is ignored when spec.type is not \"ExternalName\""),
        Breach(.service, ["spec.type": #""ExternalName""#, "spec.externalName": #""www.example.org""#]),
        Breach(
            .service, ["spec.type": #""ExternalName""#, "spec.externalIPs": #"["192.0.2.1"]"#],
            "spec.externalIPs is ignored when spec.type is \"ExternalName\""),
        Breach(.service, ["spec.clusterIPs": #"["10.0.0.1", "fd00:97::60"]"#]),
        Breach(
            .service, ["spec.clusterIPs": #"["10.0.0.1", "FD00:97:0::60"]"#],
            spelling("spec.clusterIPs[1]", "FD00:97:0::60", "fd00:97::60")),
        Breach(
            .service, ["spec.externalIPs": #"["2001:DB8::1"]"#, "spec.loadBalancerIP": #""2001:db8:0::2""#],
            spelling("spec.externalIPs[0]", "2001:DB8::1", "2001:db8::1"),
            spelling("spec.loadBalancerIP", "2001:db8:0::2", "2001:db8::2")),
        Breach(
            .service,
            [
                "spec.clusterIP": #""None""#, "spec.clusterIPs": #"["None"]"#, "spec.sessionAffinity": #""ClientIP""#,
                "spec.externalIPs": #"["192.0.2.1"]"#, "spec.loadBalancerIP": #""192.0.2.2""#,
            ], "spec.loadBalancerIP is ignored for headless services",
            "spec.externalIPs is ignored for headless services", "spec.SessionAffinity is ignored for headless services"
        ),
        Breach(.service, ["spec": "7"]),
        Breach(
            .service, ["spec.trafficDistribution": #""PreferClose""#],
            "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\""),
        Breach(.service, ["spec.trafficDistribution": #""PreferSameZone""#]),
        Breach(.endpoints, [:]),
        Breach(
            .endpoints, ["subsets.0.notReadyAddresses": #"[{"ip": "192.0.2.2"}, {"ip": "2001:DB8::1"}]"#],
            spelling("subsets[0].notReadyAddresses[1].ip", "2001:DB8::1", "2001:db8::1")),
        Breach(.endpointSlice, [:]),
        Breach(
            .endpointSlice, ["addressType": #""IPv6""#, "endpoints.0.addresses": #"["2001:db8:0::1"]"#],
            spelling("endpoints[0].addresses[0]", "2001:db8:0::1", "2001:db8::1")),
        Breach(
            .endpointSlice, ["addressType": #""FQDN""#, "endpoints.0.addresses": #"["a.example.org"]"#],
            "addressType: FQDN endpoints are deprecated"),
        Breach(.pod, [:]),
    ]

    @Test("Each has its text", arguments: documents)
    func warnings(_ breach: Breach) throws {
        #expect(ObjectWarnings.warnings(of: try breach.document(), kind: breach.kind) == breach.expected)
    }

    @Test("There is nothing to say of kinds that have no warnings", arguments: ObjectKind.allCases)
    func kinds(_ kind: ObjectKind) throws {
        #expect(kind.hasWarnings == [.service, .endpoints, .endpointSlice].contains(kind))
    }

    @Test("One kind is going out of use", arguments: ObjectKind.allCases)
    func deprecation(_ kind: ObjectKind) {
        #expect(
            kind.deprecation
                == (kind == .endpoints
                    ? "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice" : nil))
    }

    @Test("All warnings together stay short enough for headers")
    func limit() throws {
        let texts = JSONText.text(of: .array((0..<1000).map { .string("2001:DB8::\($0)") }))
        let document = try Breach(.service, ["spec.externalIPs": texts]).document()
        let warnings = ObjectWarnings.warnings(of: document, kind: .service)
        #expect(warnings.count > 10)
        #expect(warnings.reduce(0) { $0 + $1.utf8.count } <= 4096)
    }
}
