import Registry
import Testing

@testable import Corefile

@Suite("All problems of a Corefile")
struct CorefileCheckTests {
    enum Cases {
        static let overlaps: [(String, [String])] = [
            (
                "a.org {\n}\na.org {\n}",
                ["Corefile:3: 'a.org' serves dns://a.org.:53 as the block of 'a.org' in line 1 does"]
            ),
            ("a.org A.org {\n}", ["Corefile:1: 'a.org' serves dns://a.org.:53 twice"]),
            ("a.org {\n}\na.org:54 {\n}\nb.org {\n}\nhttps://a.org {\n}", []),
            ("a.org {\n bind 127.0.0.1\n}\na.org {\n bind 127.0.0.2\n}", []),
            (
                "a.org {\n bind 127.0.0.1 ::1\n}\na.org {\n bind 0:0::1\n}",
                ["Corefile:4: 'a.org' serves dns://a.org.:53 at ::1 as the block of 'a.org' in line 1 does"]
            ),
            (
                "a.org {\n}\na.org {\n bind 127.0.0.2\n}",
                ["Corefile:3: 'a.org' serves dns://a.org.:53 at 127.0.0.2 as the block of 'a.org' in line 1 does"]
            ),
            (
                "a.org {\n bind 127.0.0.2\n}\na.org {\n}",
                ["Corefile:4: 'a.org' serves dns://a.org.:53 as the block of 'a.org' in line 1 does"]
            ),
        ]
    }

    @Test("Every directive and option is named, not the first alone")
    func everything() {
        let problems = CorefileText.problems(
            """
            .:53 {
                etcd a.org
                heatlh
                kubernetes cluster.local {
                    pods maybe
                    upstream
                    ttl 3601
                    namspaces x
                }
                health :x {
                    lameduck soon
                    limeduck 5s
                }
                ready a b c
                view x {
                    expr true
                }
                frobnicate
                proxy . 8.8.8.8
                multisocket 0
                tls a
                dnssec
            }
            """)
        #expect(
            problems == [
                "Corefile:2: 'etcd' is a CoreDNS directive that is not supported here",
                "Corefile:3: 'heatlh' is no directive; did you mean 'health'?",
                "Corefile:5: 'maybe' is no mode of pods; write disabled, insecure or verified",
                "Corefile:6: 'upstream' is an option of old versions of CoreDNS, gone from kubernetes since 1.7; "
                    + "delete it",
                "Corefile:7: '3601' is out of range; write 0 to 3600",
                "Corefile:8: 'namspaces' is unknown in kubernetes; write one of endpoint, tls, kubeconfig, "
                    + "apiserver_qps, apiserver_burst, apiserver_max_inflight, namespaces, labels, namespace_labels, "
                    + "pods, endpoint_pod_names, ttl, noendpoints, fallthrough, ignore, multicluster, "
                    + "startup_timeout, zonal",
                "Corefile:10: ':x' is no address to listen at; write one as :8080, localhost:8080 or [::1]:8080",
                "Corefile:14: 'b' is one argument too many for ready",
                "Corefile:15: 'view' is a CoreDNS directive that is not supported here",
                "Corefile:18: 'frobnicate' is no directive",
                "Corefile:19: 'proxy' is a directive of old versions of CoreDNS; write forward",
                "Corefile:20: '0' is out of range; write 1 to 1024",
                "Corefile:21: 'tls' needs at least 2 arguments",
                "Corefile:22: 'dnssec' is a CoreDNS directive that is not supported here",
            ])
    }

    @Test("A directive left empty by what was wrong in it is not called empty as well")
    func consequences() {
        #expect(
            CorefileText.problems(". {\n timeouts {\n  read 0\n  idle x\n }\n}") == [
                "Corefile:3: '0' is out of range; write 1s to 24h",
                "Corefile:4: 'x' is no length of time; write one as 500ms, 5s or 1m30s",
            ])
    }

    @Test("A zone has one block at one address", arguments: Cases.overlaps)
    func overlaps(_ text: String, _ problems: [String]) {
        #expect(CorefileText.problems(text) == problems)
    }

    @Test("Names of interfaces are compared by their addresses where these are known")
    func interfaces() {
        let text = "a.org {\n bind lo\n}\na.org {\n bind 127.0.0.1\n}\nb.org {\n bind eth9\n}"
        let problems = CorefileCheck.problems(in: Array(text.utf8), file: "Corefile") { name in
            name == "lo" ? [.v4(0x7f00_0001)] : nil
        }
        #expect(
            problems.map(\.description) == [
                "Corefile:4: 'a.org' serves dns://a.org.:53 at 127.0.0.1 as the block of 'a.org' in line 1 does",
                "Corefile:8: 'eth9' is neither an address nor an interface of this machine",
            ])
    }

    @Test("tls:// without a certificate is refused, as is a file without blocks")
    func lacking() {
        #expect(
            CorefileText.problems("tls://. {\n}")
                == ["Corefile:1: 'tls://.' serves tls://.:853 without a certificate; add tls CERT KEY"])
        #expect(CorefileText.problems("tls://. {\n tls a b\n}") == [])
        #expect(CorefileText.problems("# nothing\n") == ["Corefile: the file has no server block"])
        #expect(CorefileText.problems("(a) {\n}\n") == ["Corefile: the file has no server block"])
    }

    @Test("What has no effect is warned of")
    func warnings() throws {
        let corefile = try CorefileText.corefile(
            ". {\n kubernetes a.org {\n endpoint http://a http://b\n kubeconfig f\n }\n}\nimport none/*")
        #expect(
            CorefileCheck.warnings(of: corefile).map(\.description) == [
                "Corefile:7: 'none/*' matches no file",
                "Corefile:3: 'http://b' has no effect: only the first endpoint is used, as in CoreDNS",
                "Corefile:3: 'endpoint' has no effect beside kubeconfig",
            ])
    }

    @Test("Every supported directive has its place in the order; access control stands before the cache")
    func order() throws {
        for name in DirectiveTable.supported.names { #expect(DirectiveOrder.place(of: name) != nil, "\(name)") }
        #expect(Set(DirectiveOrder.names).count == DirectiveOrder.names.count)
        let chain = ["rewrite", "autopath", "acl", "cache", "template", "hosts", "kubernetes", "file", "forward"]
        let places = chain.compactMap { DirectiveOrder.place(of: $0) }
        #expect(places == places.sorted() && places.count == chain.count)
    }

    @Test("Problems are bounded in number")
    func bound() {
        let text = ". {\n" + (0..<5000).map { "x\($0)y\n" }.joined() + "}\n"
        #expect(CorefileText.problems(text).count == 1000)
    }
}
