import Foundation
import Testing

@Suite("Access rules hold on each way to an answer")
struct AccessRuleTests {
    /// How a question comes.
    enum Way: String, CaseIterable, Sendable {
        case udp = "+notcp"
        case tcp = "+tcp"
        case tls = "+tls"
        case https = "+https"
        case httpsGET = "+https-get"
    }

    /// 127.0.0.1 may ask for everything, 127.0.0.2 for nothing in these zones.
    private static let rules = """
        acl secret.test prod.svc.cluster.local ext.test own.test {
                allow net 127.0.0.1
                block
            }
        """

    private static let stages = """
        bind 127.0.0.1
            cache 3600
            rewrite name exact public.test secret.test
            rewrite name exact alias.test web.prod.svc.cluster.local
            rewrite name exact www.own.test open.test
            any
            template IN A cname.test {
                answer "{{ .Name }} 60 IN CNAME secret.test."
            }
            \(rules)
            hosts {
                192.0.2.7 secret.test
                192.0.2.8 open.test
                192.0.2.9 target.ext.test
                fallthrough
            }
            kubernetes cluster.local
        """

    private static let manifest = """
        {apiVersion: v1, kind: Namespace, metadata: {name: prod}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: web, namespace: prod}, spec: {clusterIP: 10.96.0.10, ports: [{port: 80}]}}
        ---
        {apiVersion: v1, kind: Namespace, metadata: {name: dev}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: web, namespace: dev}, spec: {type: ExternalName, externalName: web.prod.svc.cluster.local}}

        """

    private let server: ServerProcess
    private let ports: [Way: UInt16]

    init() throws {
        server = try ServerProcess(
            files: [
                "Corefile": """
                .:0 {
                    \(Self.stages)
                }
                tls://.:0 {
                    tls tls.pem tls.key
                    \(Self.stages)
                }
                https://.:0 {
                    tls tls.pem tls.key
                    \(Self.stages)
                }

                """, "m/all.yaml": Self.manifest,
            ], arguments: ["--conf", "FOLDER/Corefile", "--manifests", "FOLDER/m"],
            launcher: [
                "sh", "-c",
                "cd FOLDER && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
                    + "-subj /CN=localhost -keyout tls.key -out tls.pem 2>openssl.log; exec \"$@\"", "sh",
            ])
        let plain = try server.awaitReady().first?.port ?? 0
        let encrypted = server.encryptedPorts
        ports = [
            .udp: plain, .tcp: plain, .tls: encrypted["TLS"] ?? 0, .https: encrypted["HTTPS"] ?? 0,
            .httpsGET: encrypted["HTTPS"] ?? 0,
        ]
    }

    /// Status and addresses.
    private func ask(_ name: String, type: String = "A", _ way: Way, from source: String) throws -> (
        status: String, addresses: [String]
    ) {
        let flags = way == .httpsGET ? ["+https", "+https-get"] : [way.rawValue]
        let output = try run(
            "kdig",
            ["-b", source, "@127.0.0.1", "-p", "\(ports[way] ?? 0)", name, type, "+time=5", "+retry=0", "+noidn"]
                + flags
        ).output
        let status = output.firstMatch(of: /status: ([A-Z]+)/).map { String($0.1) } ?? "none: \(output)"
        return (status, output.matches(of: /\sA\s+([0-9.]+)\n/).map { String($0.1) })
    }

    @Test("On each transport, for what names are rewritten to and for what is in the cache", arguments: Way.allCases)
    func blocked(_ way: Way) throws {
        defer { server.stop() }
        let all = [
            ("secret.test", "192.0.2.7"), ("public.test", "192.0.2.7"), ("web.prod.svc.cluster.local", "10.96.0.10"),
            ("alias.test", "10.96.0.10"), ("target.ext.test", "192.0.2.9"),
            // Aliases: of the server's other zones, and within the cluster's.
            ("cname.test", "192.0.2.7"), ("web.dev.svc.cluster.local", "10.96.0.10"),
        ]
        // Refused before it is in the cache, and after it, and answered in between.
        for round in 1...2 {
            for (name, address) in all {
                let refused = try ask(name, way, from: "127.0.0.2")
                // Aliases are themselves answers to the names that are asked for.
                let status = ["cname.test", "web.dev.svc.cluster.local"].contains(name) ? "NOERROR" : "REFUSED"
                #expect(refused.status == status && refused.addresses == [], "\(name), round \(round)")
                let answered = try ask(name, way, from: "127.0.0.1")
                #expect(answered.status == "NOERROR" && answered.addresses == [address], "\(name), round \(round)")
            }
        }
        // What a name is rewritten to counts, as in CoreDNS: here one that everybody may ask for.
        for name in ["open.test", "www.own.test"] {
            #expect(try ask(name, way, from: "127.0.0.2").addresses == ["192.0.2.8"])
        }
    }
}
