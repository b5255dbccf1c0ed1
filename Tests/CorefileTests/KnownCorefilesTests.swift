import Testing

@testable import Corefile

/// Corefiles as clusters have them, and lines as CoreDNS's documentation shows them.
private enum KnownCorefiles {
    static let clusters: [(String, [String])] = [
        (
            // kubeadm 1.30 and later.
            """
            .:53 {
                errors
                health {
                   lameduck 5s
                }
                ready
                kubernetes cluster.local in-addr.arpa ip6.arpa {
                   pods insecure
                   fallthrough in-addr.arpa ip6.arpa
                   ttl 30
                }
                prometheus :9153
                forward . /etc/resolv.conf {
                   max_concurrent 1000
                }
                cache 30 {
                   disable success cluster.local
                   disable denial cluster.local
                }
                loop
                reload
                loadbalance
            }
            """,
            [
                "errors; health {lameduck 5s}; ready; kubernetes cluster.local in-addr.arpa ip6.arpa "
                    + "{pods insecure; fallthrough in-addr.arpa ip6.arpa; ttl 30}; prometheus :9153; "
                    + "forward . /etc/resolv.conf {max_concurrent 1000}; "
                    + "cache 30 {disable success cluster.local; disable denial cluster.local}; loop; reload; loadbalance"
            ]
        ),
        (
            // Stub domains in a block of their own, as of Google's clusters.
            """
            corp.example.com:53 {
                errors
                cache 30
                forward . 10.0.0.10 10.0.0.11 {
                    policy sequential
                }
            }
            .:53 {
                log . {
                    class error
                }
                kubernetes cluster.local in-addr.arpa ip6.arpa {
                    pods insecure
                    upstream
                }
            }
            """,
            [
                "errors; cache 30; forward . 10.0.0.10 10.0.0.11 {policy sequential}",
                "log . {class error}; kubernetes cluster.local in-addr.arpa ip6.arpa {pods insecure; upstream}",
            ]
        ),
        (
            // Amazon's.
            """
            .:53 {
                errors
                health {
                    lameduck 5s
                  }
                ready
                kubernetes cluster.local in-addr.arpa ip6.arpa {
                  pods insecure
                  fallthrough in-addr.arpa ip6.arpa
                }
                prometheus :9153
                forward . /etc/resolv.conf
                cache 30
                loop
                reload
                loadbalance
            }
            """,
            [
                "errors; health {lameduck 5s}; ready; kubernetes cluster.local in-addr.arpa ip6.arpa "
                    + "{pods insecure; fallthrough in-addr.arpa ip6.arpa}; prometheus :9153; "
                    + "forward . /etc/resolv.conf; cache 30; loop; reload; loadbalance"
            ]
        ),
        (
            // Azure's, with its customisation.
            """
            .:53 {
                errors
                ready
                health {
                  lameduck 5s
                }
                kubernetes cluster.local in-addr.arpa ip6.arpa {
                  pods insecure
                  fallthrough in-addr.arpa ip6.arpa
                  ttl 30
                }
                prometheus :9153
                forward . /etc/resolv.conf
                cache 30
                loop
                reload
                loadbalance
                import custom/*.override
                template ANY ANY internal.cloudapp.net {
                  match "^(?:[^.]+\\.){4,}internal\\.cloudapp\\.net\\.$"
                  rcode NXDOMAIN
                  fallthrough
                }
                template ANY ANY reddog.microsoft.com {
                  rcode NXDOMAIN
                }
            }
            import custom/*.server
            """,
            [
                "errors; ready; health {lameduck 5s}; kubernetes cluster.local in-addr.arpa ip6.arpa "
                    + "{pods insecure; fallthrough in-addr.arpa ip6.arpa; ttl 30}; prometheus :9153; "
                    + "forward . /etc/resolv.conf; cache 30; loop; reload; loadbalance; log; "
                    + "template ANY ANY internal.cloudapp.net "
                    + "{match ^(?:[^.]+\\.){4,}internal\\.cloudapp\\.net\\.$; rcode NXDOMAIN; fallthrough}; "
                    + "template ANY ANY reddog.microsoft.com {rcode NXDOMAIN}",
                "forward . 10.1.1.1",
            ]
        ),
        (
            // k3s's.
            """
            .:53 {
                errors
                health
                ready
                kubernetes cluster.local in-addr.arpa ip6.arpa {
                  pods insecure
                  fallthrough in-addr.arpa ip6.arpa
                }
                hosts /etc/coredns/NodeHosts {
                  ttl 60
                  reload 15s
                  fallthrough
                }
                prometheus :9153
                cache 30
                loop
                reload
                loadbalance
                import /etc/coredns/custom/*.override
                forward . /etc/resolv.conf
            }
            import /etc/coredns/custom/*.server
            """,
            [
                "errors; health; ready; kubernetes cluster.local in-addr.arpa ip6.arpa "
                    + "{pods insecure; fallthrough in-addr.arpa ip6.arpa}; "
                    + "hosts /etc/coredns/NodeHosts {ttl 60; reload 15s; fallthrough}; prometheus :9153; cache 30; "
                    + "loop; reload; loadbalance; forward . /etc/resolv.conf"
            ]
        ),
        (
            // A node's cache: one address, several blocks, one port.
            """
            cluster.local:53 {
                errors
                cache {
                        success 9984 30
                        denial 9984 5
                }
                reload
                loop
                bind 169.254.20.10 10.96.0.10
                forward . 10.96.0.11 {
                        force_tcp
                }
                prometheus :9253
                health 169.254.20.10:8080
                }
            in-addr.arpa:53 {
                errors
                bind 169.254.20.10 10.96.0.10
                }
            """,
            [
                "errors; cache {success 9984 30; denial 9984 5}; reload; loop; bind 169.254.20.10 10.96.0.10; "
                    + "forward . 10.96.0.11 {force_tcp}; prometheus :9253; health 169.254.20.10:8080",
                "errors; bind 169.254.20.10 10.96.0.10",
            ]
        ),
    ]

    static let files = [
        "custom/log.override": "log\n", "custom/corp.server": "corp.example.com:53 {\n forward . 10.1.1.1\n}\n",
    ]

    /// Server blocks in the manner of the documentation, for each directive at least one.
    static let examples = [
        "10.0.0.0/17 cluster.local {\n kubernetes {\n pods verified\n }\n}",
        ". {\n kubernetes cluster.local {\n namespaces test staging\n }\n}",
        ". {\n kubernetes cluster.local {\n endpoint https://k8s-endpoint:8443\n tls cert key cacert\n }\n}",
        ". {\n kubernetes cluster.local clusterset.local {\n multicluster clusterset.local\n }\n}",
        ". {\n errors {\n stacktrace\n consolidate 5m \".* i/o timeout$\" warning\n consolidate 30s \"^Failed to .+\"\n }\n}",
        ". {\n health\n}", ". {\n health :8091\n}", ". {\n health localhost:8092 {\n lameduck 1s\n }\n}",
        "com {\n whoami\n health :8080\n}\nnet {\n erratic\n health :8081\n}",
        ". {\n ready localhost:8091\n}", ". {\n ready {\n monitor continuously\n }\n}",
        ". {\n prometheus localhost:9253\n}",
        ". {\n forward . 8.8.8.8 9.9.9.9 {\n except example.org\n force_tcp\n max_fails 3\n }\n}",
        ". {\n forward . tls://9.9.9.9 {\n tls_servername dns.quad9.net\n health_check 5s\n }\n cache 30\n}",
        ". {\n cache 10 {\n success 5000\n denial 2500\n prefetch 10 1m 10%\n serve_stale 1h verify\n }\n}",
        ". {\n loop\n forward . 127.0.0.1\n}", ". {\n reload 10s\n erratic\n}", ". {\n reload 2s 1s\n}",
        ". {\n loadbalance round_robin\n}", ". {\n loadbalance weighted ./db.example.com.weights {\n reload 10s\n }\n}",
        ". {\n bind 127.0.0.1 ::1\n}", ". {\n bind lo {\n except 127.0.0.1\n }\n}",
        ". {\n bind 127.0.0.1\n bind ::1\n}",
        ". {\n log example.org \"{remote} - {>id} {type}\"\n}", ". {\n log . {\n class denial error\n }\n}",
        ". {\n hosts example.hosts example.org {\n 10.0.0.1 example.org\n fallthrough\n ttl 60\n no_reverse\n }\n}",
        "example.org {\n file db.example.org {\n reload 10s\n fallthrough a.example.org\n }\n}",
        ". {\n file db.10.0.0 10.0.0.0/24\n}",
        ". {\n rewrite stop {\n name regex (.*)\\.coredns\\.rocks {1}.service.consul\n answer name auto\n }\n}",
        ". {\n rewrite continue name suffix .a.org .b.org\n rewrite edns0 local set 0xffee abcd\n rewrite ttl exact a.org 30\n}",
        """
        . {
            template IN A ip.example {
                match "(^|[.])ip-(?P<a>[0-9]*)-(?P<b>[0-9]*)[.]ip[.]example[.]$"
                answer "{{ .Name }} 60 IN A {{ .Group.a }}.{{ .Group.b }}.0.1"
                authority  "example. 60 IN NS ns0.example."
                additional "ns0.example. 60 IN A 203.0.113.8"
                fallthrough
            }
        }
        """,
        ". {\n acl {\n allow type A net 10.0.0.0/8 192.168.0.0/16\n block type * net *\n filter net 10.1.0.0/16\n drop\n }\n}",
        "example.org {\n whoami\n any\n}", ". {\n bufsize 1232\n}", "example.org {\n whoami\n minimal\n}",
        ". {\n header {\n response set aa\n query clear rd\n }\n}", "example.org {\n whoami\n nsid Use The Force\n}",
        "example.org {\n whoami\n}", "bind server {\n chaos CoreDNS-001 info@coredns.io\n}", ". {\n debug\n}",
        "example.org {\n cancel\n whoami\n}", "example.org {\n cancel 1s\n whoami\n}", ". {\n local\n}",
        "cluster.local {\n autopath @kubernetes\n kubernetes {\n pods verified\n }\n}",
        ". {\n autopath my-resolv.conf\n}",
        ". {\n dns64 64:1337::/96 {\n translate_all\n allow_ipv4\n }\n}", ". {\n dns64\n}",
        ". {\n root /etc/coredns/zones\n}",
        "tls://.:5553 {\n tls cert.pem key.pem ca.pem\n timeouts {\n read 10s\n write 20s\n idle 60s\n }\n}",
        "https://. {\n tls cert.pem key.pem ca.pem {\n client_auth nocert\n }\n timeouts {\n read 1m\n }\n}",
        ". {\n multisocket 5\n forward . /etc/resolv.conf\n}", ". {\n multisocket\n}",
        "(snip) {\n prometheus\n errors\n log\n}\n. {\n import snip\n whoami\n}",
    ]
}

@Suite("Corefiles that are known")
struct KnownCorefilesTests {
    @Test("Corefiles of clusters are read line for line", arguments: KnownCorefiles.clusters)
    func clusters(_ text: String, _ blocks: [String]) throws {
        let corefile = try CorefileText.corefile(text, files: KnownCorefiles.files)
        #expect(corefile.blocks.map { CorefileText.text($0.lines) } == blocks)
    }

    @Test("Examples have no problem but directives that are not supported", arguments: KnownCorefiles.examples)
    func examples(_ text: String) throws {
        let corefile = try CorefileText.corefile(text)
        let unsupported = corefile.blocks.flatMap(\.lines).filter { DirectiveTable.supported[$0.name] == nil }
        #expect(unsupported.allSatisfy { DirectiveOrder.place(of: $0.name) != nil })
        #expect(
            CorefileText.problems(text) == unsupported.map { DirectiveTable.supported.refusal(of: $0).description })
    }

    @Test("kubeadm's Corefile means what it says")
    func kubeadm() throws {
        let block = try CorefileText.block(KnownCorefiles.clusters[0].0)
        let kubernetes = try #require(try block.settings(KubernetesSettings.self))
        #expect(kubernetes.zones.map(\.description) == ["cluster.local.", "in-addr.arpa.", "ip6.arpa."])
        #expect(kubernetes.pods == .insecure && kubernetes.ttl == 30)
        #expect(kubernetes.fallThrough.zones.map(\.description) == ["in-addr.arpa.", "ip6.arpa."])
        #expect(try block.settings(HealthSettings.self)?.lameduck == .seconds(5))
        #expect(try block.settings(PrometheusSettings.self)?.address == PageAddress(host: "", port: 9153))
        #expect(try block.settings(ReloadSettings.self)?.interval == .seconds(30))
        #expect(try block.settings(ChaosSettings.self) == nil)
    }
}
