import PodEnvironment
import Registry
import Testing

@Suite("Hostnames of pods (kubelet GeneratePodHostNameAndDomain)")
struct PodHostnameTests {
    private static func make(
        _ podName: String, hostname: String = "", subdomain: String = "", fullName: Bool = false,
        override: String? = nil, hostNetwork: Bool = false
    ) throws -> PodHostname {
        try PodHostname(
            .init(
                podName: podName, namespace: "prod", hostname: hostname, subdomain: subdomain,
                usesFullNameAsHostname: fullName, hostnameOverride: override, hostNetwork: hostNetwork),
            zone: "cluster.local")
    }

    @Test("The Pod's name, its hostname, its subdomain")
    func names() throws {
        #expect(try Self.make("web-0").host == "web-0")
        #expect(try Self.make("web-0").fullName == nil)
        #expect(try Self.make("web-0", hostname: "db").kernelName == "db")
        let full = try Self.make("busybox1", hostname: "busybox-1", subdomain: "busybox-subdomain")
        #expect(full.fullName == "busybox-1.busybox-subdomain.prod.svc.cluster.local")
        #expect(full.kernelName == "busybox-1")
        #expect(try Self.make("a", subdomain: "b", fullName: true).kernelName == "a.b.prod.svc.cluster.local")
        #expect(try Self.make("a", fullName: true).kernelName == "a")
    }

    @Test(
        "A long name is cut to 63 bytes, dashes and dots at its end go",
        arguments: [(63, "", 63), (64, "", 63), (60, "---bcd", 60), (61, "--b", 61), (62, ".b", 62)])
    func cut(_ letters: Int, _ rest: String, _ kept: Int) throws {
        let host = try Self.make(String(repeating: "a", count: letters) + rest).host
        #expect(host == String(repeating: "a", count: kept))
    }

    @Test("Lines of the hosts file, one for each address")
    func hostsLines() throws {
        #expect(
            try Self.make("a", subdomain: "b").hostsLines(addresses: ["10.0.0.1", "fd00::1"]) == [
                "10.0.0.1\ta.b.prod.svc.cluster.local\ta", "fd00::1\ta.b.prod.svc.cluster.local\ta",
            ])
        #expect(try Self.make("a").hostsLines(addresses: ["10.0.0.1"]) == ["10.0.0.1\ta"])
        #expect(
            try Self.make("a", subdomain: "b", override: "x.example").hostsLines(addresses: ["10.0.0.1"]) == [
                "10.0.0.1\tx.example"
            ])
    }

    @Test("An override replaces the host and drops the domain")
    func override() throws {
        let name = try Self.make("a", hostname: "h", subdomain: "b", override: "x.example")
        #expect(name.host == "x.example")
        #expect(name.fullName == nil)
        #expect(name.kernelName == "x.example")
    }

    struct Refusal: Sendable {
        var hostname = ""
        var subdomain = ""
        var fullName = false
        var override: String?
        var hostNetwork = false
        let path: String
    }

    @Test(
        "What is refused",
        arguments: [
            Refusal(hostname: "a.b", path: "spec.hostname"), Refusal(subdomain: "A", path: "spec.subdomain"),
            Refusal(
                subdomain: String(repeating: "s", count: 40), fullName: true, path: "spec.setHostnameAsFQDN"),
            Refusal(override: "", path: "spec.hostnameOverride"),
            Refusal(override: String(repeating: "x", count: 65), path: "spec.hostnameOverride"),
            Refusal(override: "x", hostNetwork: true, path: "spec.hostnameOverride"),
            Refusal(fullName: true, override: "x", path: "spec.hostnameOverride"),
        ])
    func refusals(_ row: Refusal) {
        let error = #expect(throws: PodEnvironmentError.self) {
            try Self.make(
                "pod", hostname: row.hostname, subdomain: row.subdomain, fullName: row.fullName,
                override: row.override, hostNetwork: row.hostNetwork)
        }
        guard case .invalidHostname(let violation) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(violation.path.description == row.path)
    }

    @Test("64 bytes are a hostname, 65 are not")
    func kernelLimit() throws {
        // `h.` + subdomain + `.prod.svc.cluster.local`: 2 + n + 23 bytes.
        let fits = String(repeating: "s", count: 39)
        #expect(try Self.make("h", subdomain: fits, fullName: true).kernelName.utf8.count == 64)
        #expect(throws: PodEnvironmentError.self) { try Self.make("h", subdomain: fits + "s", fullName: true) }
    }
}
