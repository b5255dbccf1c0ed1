import DNS
import Registry

@testable import ClusterZone

/// The objects of one small cluster, with a Service of every sort.
enum Fixture {
    static let objects: [RegistryObject] = [
        namespace("prod"), web, dns, service("db", ["None"]), service("bare", ["None"]), service("void", ["None"]),
        alias("ext", "www.example.org"), alias("extnx", "no.example.org"),
        alias("extin", "web.prod.svc.cluster.local"), alias("gone", "nil.prod.svc.cluster.local"),
        alias("extip", "192.0.2.9"), alias("extdot", "192.0.2.9."), db4, db6,
        slice("bare4", of: "bare", endpoints: [.init(addresses: ["10.244.0.30"])]),
        slice(
            "web4", of: "web", ports: [.init(name: "http", port: 8080)],
            endpoints: [
                .init(addresses: ["10.244.0.40"], hostname: "w0"),
                .init(addresses: ["10.244.0.20"], targetName: "db-pod"),
            ]),
        pod("db-pod", "10.244.0.20"),
    ]

    static let web = service(
        "web", ["10.96.0.10", "fd00:10:96::a"], ports: [.init(name: "http", port: 80), .init(name: "https", port: 443)])
    static let dns = service(
        "dns", ["10.96.0.5"],
        ports: [.init(name: "dns", transport: .udp, port: 53), .init(name: "dns-tcp", port: 53)])
    static let db4 = slice(
        "db4", of: "db", ports: [.init(name: "pg", port: 5432)],
        endpoints: [
            .init(addresses: ["10.244.0.20"], hostname: "db-0"),
            .init(addresses: ["10.244.0.21"], isReady: false, hostname: "db-1"),
            .init(addresses: ["10.244.0.22"]),
        ])
    static let db6 = slice(
        "db6", of: "db", type: .ipv6, ports: [.init(name: "pg", port: 5432)],
        endpoints: [.init(addresses: ["2001:db8::"])])

    static func namespace(_ name: String, labels: [String: String] = [:]) -> RegistryObject {
        .namespace(Namespace(metadata: ObjectMetadata(name: name, labels: labels)))
    }

    /// The same object with these labels besides its own.
    static func labelled(_ object: RegistryObject, _ labels: [String: String]) -> RegistryObject {
        func merged(_ metadata: ObjectMetadata) -> ObjectMetadata {
            var metadata = metadata
            metadata.labels.merge(labels) { $1 }
            return metadata
        }
        switch object {
        case .namespace(var namespace):
            namespace.metadata = merged(namespace.metadata)
            return .namespace(namespace)
        case .service(var service):
            service.metadata = merged(service.metadata)
            return .service(service)
        case .endpointSlice(var slice):
            slice.metadata = merged(slice.metadata)
            return .endpointSlice(slice)
        case .endpoints(var endpoints):
            endpoints.metadata = merged(endpoints.metadata)
            return .endpoints(endpoints)
        case .pod(var pod):
            pod.metadata = merged(pod.metadata)
            return .pod(pod)
        case .other: return object
        }
    }

    static func service(
        _ name: String, _ addresses: [String], ports: [Service.Port] = [], in namespace: String = "prod"
    ) -> RegistryObject {
        var service = Service(metadata: ObjectMetadata(name: name, namespace: namespace), ports: ports)
        service.clusterIP = addresses.first ?? ""
        service.clusterIPs = addresses
        return .service(service)
    }

    static func alias(_ name: String, _ target: String, in namespace: String = "prod") -> RegistryObject {
        var service = Service(metadata: ObjectMetadata(name: name, namespace: namespace), kind: .externalName)
        service.externalName = target
        return .service(service)
    }

    static func slice(
        _ name: String, of service: String?, type: EndpointSlice.AddressType = .ipv4,
        ports: [EndpointSlice.Port] = [], endpoints: [EndpointSlice.Endpoint], in namespace: String = "prod"
    ) -> RegistryObject {
        let labels = service.map { [EndpointSlice.serviceNameLabel: $0] } ?? [:]
        return .endpointSlice(
            EndpointSlice(
                metadata: ObjectMetadata(name: name, namespace: namespace, labels: labels), addressType: type,
                ports: ports, endpoints: endpoints))
    }

    static func pod(
        _ name: String, _ address: String, phase: Pod.Phase? = .running, in namespace: String = "prod"
    ) -> RegistryObject {
        .pod(Pod(metadata: ObjectMetadata(name: name, namespace: namespace), phase: phase, podIP: address))
    }

    /// The settings of `cluster.local.` with both reverse zones.
    static func settings() throws -> ClusterZoneSettings {
        let apex = try name("Z")
        let soa = StartOfAuthority(
            primary: try name("ns.dns.Z"), mailbox: try name("hostmaster.Z"), serial: 0, refresh: 7200, retry: 1800,
            expire: 86400, minimum: 5)
        return ClusterZoneSettings(
            apex: apex, reverseApexes: [try name("in-addr.arpa."), try name("ip6.arpa.")],
            localAddresses: ["10.0.0.53", "2001:db8::53"].compactMap { IPAddress($0) },
            apexRecords: [
                Record(owner: apex, ttl: 5, data: soa.data),
                Record(owner: apex, ttl: 5, data: .ns(try name("ns.dns.Z"))),
                Record(
                    owner: try name("dns-version.Z"), ttl: 28800,
                    data: RecordData(type: .txt, bytes: [5] + Array("1.1.0".utf8))),
            ])
    }
}
