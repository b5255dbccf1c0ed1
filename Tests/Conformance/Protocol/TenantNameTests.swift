import Testing

/// Namespaces and Services of a tenant who picks names that others mean something else by.
private enum Tenant {
    /// A headless Service with an endpoint of each host name.
    static func headless(_ name: String, in namespace: String, hosts: [String], address: String) -> String {
        let endpoints = hosts.map { "{addresses: [\(address)], hostname: \($0)}" }.joined(separator: ", ")
        return """
            ---
            {apiVersion: v1, kind: Service, metadata: {name: \(name), namespace: \(namespace)}, spec: {clusterIP: None}}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: \(name), namespace: \(namespace), labels: {kubernetes.io/service-name: \(name)}}
            addressType: IPv4
            ports: [{name: sip, port: 5060}]
            endpoints: [\(endpoints)]

            """
    }

    static let manifest = """
        {apiVersion: v1, kind: Namespace, metadata: {name: prod}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: web, namespace: prod}, spec: {clusterIP: 10.96.0.10, ports: [{port: 80}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: kubernetes, namespace: default}, spec: {clusterIP: 10.96.0.1, ports: [{port: 443}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: out, namespace: prod}, spec: {type: ExternalName, externalName: google.com}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: local, namespace: cluster}, spec: {clusterIP: 10.96.6.1, ports: [{port: 80}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: cluster, namespace: local}, spec: {clusterIP: 10.96.6.2, ports: [{port: 80}]}}

        """ + headless("google", in: "com", hosts: ["www", "sip"], address: "10.66.6.6")
        + headless("default", in: "svc", hosts: ["kubernetes"], address: "10.66.6.7")
        + headless("prod", in: "pod", hosts: ["web"], address: "10.66.6.8")

    /// What the world beyond the cluster holds.
    static let upstream = """
        .:0 {
            bind 127.0.0.1
            hosts {
                192.0.2.1 google.com
                192.0.2.2 www.google.com
                192.0.2.3 mail.www.google.com
                192.0.2.4 google
                192.0.2.5 com
                192.0.2.6 svc
                192.0.2.7 default.svc
                192.0.2.8 com.svc
                192.0.2.9 google.com.svc
                192.0.2.10 local
                192.0.2.11 svc.local
                192.0.2.12 cluster
                192.0.2.13 prod
                192.0.2.14 web.prod
                192.0.2.15 any.com
            }
        }

        """

    /// Whose names these are.
    static let outside = [
        ("google.com", 1), ("www.google.com", 2), ("mail.www.google.com", 3), ("google", 4), ("com", 5), ("svc", 6),
        ("default.svc", 7), ("com.svc", 8), ("google.com.svc", 9), ("local", 10), ("svc.local", 11), ("cluster", 12),
        ("prod", 13), ("web.prod", 14), ("any.com", 15),
    ]
}

/// No name of a namespace or a Service changes what a name outside of the cluster's zones is answered with. What a
/// resolver asks on a walk through its `search` list are names inside, and answered as the Kubernetes DNS
/// specification wants; the last tests show which of them a tenant can make, and what keeps them from being made.
@Suite("Names of tenants")
struct TenantNameTests {
    private let upstream: CorefileServer

    init() throws { upstream = try CorefileServer(Tenant.upstream) }

    private func start(_ lines: String = "") throws -> CorefileServer {
        let corefile = """
            .:0 {
                bind 127.0.0.1
                cache 30
                kubernetes cluster.local in-addr.arpa {
                    pods insecure
                    fallthrough in-addr.arpa
                }
                forward . 127.0.0.1:\(upstream.port)
                \(lines)
            }

            """
        return try CorefileServer(
            ["Corefile": corefile, "m/all.yaml": Tenant.manifest], arguments: ["--manifests", "FOLDER/m"])
    }

    /// The addresses of an answer's A records.
    private func addresses(_ seen: Seen) -> [String] {
        var addresses: [String] = []
        for record in seen.answer {
            let words = record.split(separator: " ")
            if words.count == 5, words[3] == "a" { addresses.append(String(words[4])) }
        }
        return addresses
    }

    @Test("A name outside is answered by those it belongs to, whatever namespaces, Services and endpoints are called")
    func outside() throws {
        let server = try start()
        defer { server.stop() }
        // Twice, so that what others were told meanwhile is in the cache; by way of the tenant's alias in between.
        for _ in 1...2 {
            for (name, last) in Tenant.outside {
                #expect(try addresses(server.ask(name)) == ["192.0.2.\(last)"], "\(name)")
                #expect(try addresses(server.ask("\(name).", overTCP: true)) == ["192.0.2.\(last)"], "\(name)")
            }
            let alias = try server.ask("out.prod.svc.cluster.local")
            #expect(alias.answer.contains { $0.hasSuffix(" in cname google.com.") })
            #expect(addresses(alias) == ["192.0.2.1"])
        }
        for name in ["*.com", "_sip._tcp.google.com", "cluster.com", "google.com.cluster", "xcluster.local"] {
            #expect(try server.ask(name, "SRV").answer == [], "\(name)")
        }
    }

    /// Names inside that no tenant can make, each for its own reason.
    private enum Unmade {
        static let names = [
            // Wildcards are letters like others.
            "*.com.svc.cluster.local", "any.com.svc.cluster.local", "*.google.com.svc.cluster.local",
            "google.*.svc.cluster.local", "*.svc.cluster.local",
            // Deeper than any name of a Service.
            "mail.www.google.com.svc.cluster.local", "a.b.c.google.com.svc.cluster.local",
            "web.prod.svc.cluster.local.svc.cluster.local", "web.prod.svc.cluster.local.prod.svc.cluster.local",
            "kubernetes.default.svc.cluster.local.svc.cluster.local",
            // Neither of `svc` nor of `pod`.
            "google.com.cluster.local", "com.cluster.local", "kubernetes.default.cluster.local",
            "local.cluster.local", "web.prod.cluster.local",
            // A namespace called like a part of the zone adds no names elsewhere.
            "local.cluster.local.cluster.local", "cluster.local.cluster.local",
        ]
    }

    @Test("Of the names on walks through search lists these belong to nobody")
    func walks() throws {
        let server = try start()
        defer { server.stop() }
        for name in Unmade.names {
            for type in ["A", "AAAA", "SRV", "TXT"] {
                #expect(try server.ask(name, type).rcode == "NXDOMAIN", "\(name) \(type)")
            }
        }
    }

    /// What a resolver with `ndots:5` ends at, asked in a Pod of a namespace.
    private func walk(_ name: String, from namespace: String, _ server: CorefileServer) throws -> [String] {
        for suffix in [".\(namespace).svc.cluster.local", ".svc.cluster.local", ".cluster.local", ""] {
            let seen = try server.ask(name + suffix)
            if seen.rcode == "NOERROR", !seen.answer.isEmpty { return addresses(seen) }
        }
        return []
    }

    /// The rules that keep names of tenants off the walks of others.
    private static let guarded = """
        template ANY ANY com.svc.cluster.local svc.svc.cluster.local {
                    rcode NXDOMAIN
                }
        """

    @Test(
        "A walk reaches a tenant's Service in a namespace named like a TLD, or svc, until NXDOMAIN is said for it",
        arguments: [
            ("google.com", "10.66.6.6", "192.0.2.1"), ("www.google.com", "10.66.6.6", "192.0.2.2"),
            ("kubernetes.default.svc", "10.66.6.7", "10.96.0.1"),
        ])
    func walk(name: String, tenant: String, own: String) throws {
        let open = try start()
        defer { open.stop() }
        #expect(try Set(walk(name, from: "prod", open)) == [tenant])
        let closed = try start(Self.guarded)
        defer { closed.stop() }
        #expect(try walk(name, from: "prod", closed) == [own])
        #expect(try walk(name, from: "com", closed) == [own])
        // The dot at the end has never been walked.
        #expect(try addresses(open.ask("google.com.")) == ["192.0.2.1"])
    }

    @Test("Deeper names end outside, whoever walks")
    func deepWalk() throws {
        let server = try start()
        defer { server.stop() }
        #expect(try walk("mail.www.google.com", from: "prod", server) == ["192.0.2.3"])
        #expect(try walk("web.prod.svc.cluster.local", from: "com", server) == ["10.96.0.10"])
        #expect(try walk("web.prod", from: "com", server) == ["10.96.0.10"])
    }
}
