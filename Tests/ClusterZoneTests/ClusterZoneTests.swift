import DNS
import Registry
import Testing

@testable import ClusterZone

/// A question and what the fixture answers.
struct ZoneExchange: CustomTestStringConvertible, Sendable {
    let question: String
    let answer: [String]

    init(_ question: String, _ answer: String...) {
        (self.question, self.answer) = (question, answer)
    }

    var testDescription: String { question }
}

@Suite("The Kubernetes DNS schema")
struct ClusterZoneTests {
    @Test(
        "Apex, fixed names and empty non-terminals",
        arguments: [
            ZoneExchange("Z A", "ND"), ZoneExchange("Z MX", "ND"), ZoneExchange("Z TXT", "ND"),
            ZoneExchange("Z SOA", "ns.dns.Z hostmaster.Z 7200 1800 86400 5"),
            ZoneExchange("Z NS", "NS ns.dns.Z", "+ ns.dns.Z 10.0.0.53", "+ ns.dns.Z 2001:db8::53"),
            ZoneExchange("svc.Z A", "ND"), ZoneExchange("svc.Z TXT", "ND"), ZoneExchange("pod.Z SRV", "ND"),
            ZoneExchange("W A", "ND"), ZoneExchange("W TXT", "ND"), ZoneExchange("prod.pod.Z A", "ND"),
            ZoneExchange("dns.Z A", "ND"), ZoneExchange("ns.dns.Z SRV", "ND"), ZoneExchange("ns.dns.Z TXT", "ND"),
            ZoneExchange("ns.dns.Z A", "10.0.0.53"), ZoneExchange("ns.dns.Z AAAA", "2001:db8::53"),
            ZoneExchange("dns-version.Z TXT", "1.1.0"), ZoneExchange("dns-version.Z A", "ND"),
            ZoneExchange("x.svc.Z A", "NX"), ZoneExchange("no.such.svc.Z SOA", "NX"),
            ZoneExchange("hostmaster.Z A", "NX"), ZoneExchange("x.dns-version.Z TXT", "NX"),
        ])
    func apex(_ expected: ZoneExchange) throws {
        #expect(try LiveZone(Fixture.settings(), objects: Fixture.objects).answer(expected.question) == expected.answer)
    }

    private static let webAddresses = ["+ web.W 10.96.0.10", "+ web.W fd00:10:96::a"]

    @Test(
        "Services with virtual IPs",
        arguments: [
            ZoneExchange("web.W A", "10.96.0.10"), ZoneExchange("web.W AAAA", "fd00:10:96::a"),
            ZoneExchange("WEB.Prod.SVC.Cluster.Local. A", "10.96.0.10"),
            ZoneExchange("web.W TXT", "ND"), ZoneExchange("web.W NS", "ND"), ZoneExchange("web.W SOA", "ND"),
            ZoneExchange("web.W HTTPS", "ND"),
            ZoneExchange("web.W SRV", "0 25 80 web.W", "0 25 443 web.W", webAddresses[0], webAddresses[1]),
            ZoneExchange("_http._tcp.web.W SRV", "0 50 80 web.W", webAddresses[0], webAddresses[1]),
            ZoneExchange("_HTTP._TCP.Web.W SRV", "0 50 80 web.W", webAddresses[0], webAddresses[1]),
            ZoneExchange("_http._tcp.web.W A", "10.96.0.10"),
            ZoneExchange("http.tcp.web.W SRV", "NX"), ZoneExchange("_._tcp.web.W SRV", "NX"),
            ZoneExchange("_http._udp.web.W SRV", "NX"), ZoneExchange("_udp.web.W A", "NX"),
            ZoneExchange("_tcp.web.W A", "ND"), ZoneExchange("x._http._tcp.web.W A", "NX"),
            ZoneExchange("w0.web.W SRV", "0 100 8080 w0.web.W", "+ w0.web.W 10.244.0.40"),
            ZoneExchange("w0.web.W AAAA", "ND"), ZoneExchange("10-244-0-40.web.W A", "NX"),
            ZoneExchange("10-244-0-20.web.W A", "10.244.0.20"),
            ZoneExchange("*.W A", "NX"), ZoneExchange("any.web.W A", "NX"),
            ZoneExchange("dns.W SRV", "0 50 53 dns.W", "+ dns.W 10.96.0.5"),
            ZoneExchange("_dns._udp.dns.W SRV", "0 100 53 dns.W", "+ dns.W 10.96.0.5"),
            ZoneExchange("_dns-tcp._tcp.dns.W SRV", "0 100 53 dns.W", "+ dns.W 10.96.0.5"),
            ZoneExchange("dns.W AAAA", "ND"),
        ])
    func virtualIP(_ expected: ZoneExchange) throws {
        #expect(try LiveZone(Fixture.settings(), objects: Fixture.objects).answer(expected.question) == expected.answer)
    }

    private static let dbSRV = [
        "0 33 5432 db-0.db.W", "0 33 5432 10-244-0-22.db.W", "0 33 5432 2001-db8--0.db.W", "+ db-0.db.W 10.244.0.20",
        "+ 10-244-0-22.db.W 10.244.0.22", "+ 2001-db8--0.db.W 2001:db8::",
    ]

    @Test("Headless Services give the SRV of every ready endpoint", arguments: ["db.W", "_pg._tcp.db.W"])
    func headlessSRV(_ name: String) throws {
        #expect(try LiveZone(Fixture.settings(), objects: Fixture.objects).answer("\(name) SRV") == Self.dbSRV)
    }

    @Test(
        "Headless Services and ExternalName",
        arguments: [
            ZoneExchange("db.W A", "10.244.0.20", "10.244.0.22"), ZoneExchange("db.W AAAA", "2001:db8::"),
            ZoneExchange("db-0.db.W A", "10.244.0.20"),
            ZoneExchange("db-1.db.W A", "NX"), ZoneExchange("10-244-0-20.db.W A", "NX"),
            ZoneExchange("2001-db8--0.db.W AAAA", "2001:db8::"), ZoneExchange("2001-db8--0.db.W A", "ND"),
            ZoneExchange("void.W A", "NX"), ZoneExchange("void.W TXT", "NX"),
            ZoneExchange("bare.W A", "10.244.0.30"), ZoneExchange("bare.W SRV", "ND"),
            ZoneExchange("10-244-0-30.bare.W SRV", "ND"),
            ZoneExchange("ext.W A", "> CNAME www.example.org."), ZoneExchange("ext.W AAAA", "> CNAME www.example.org."),
            ZoneExchange("ext.W CNAME", "CNAME www.example.org."), ZoneExchange("ext.W SRV", "ND"),
            ZoneExchange("ext.W TXT", "ND"), ZoneExchange("x.ext.W A", "NX"),
            ZoneExchange("extin.W A", "> CNAME web.W"), ZoneExchange("gone.W CNAME", "CNAME nil.W"),
            ZoneExchange("extip.W A", "NX"), ZoneExchange("extip.W CNAME", "NX"),
            ZoneExchange("extdot.W CNAME", "CNAME 192.0.2.9."),
        ])
    func headlessAndAlias(_ expected: ZoneExchange) throws {
        #expect(try LiveZone(Fixture.settings(), objects: Fixture.objects).answer(expected.question) == expected.answer)
    }

    @Test(
        "Pods and reverse names",
        arguments: [
            ZoneExchange("10-244-0-20.prod.pod.Z A", "10.244.0.20"), ZoneExchange("10-244-0-20.prod.pod.Z AAAA", "ND"),
            ZoneExchange("10-244-0-20.prod.pod.Z SRV", "ND"),
            ZoneExchange("x.10-244-0-20.prod.pod.Z A", "NX"), ZoneExchange("10-244-0-99.prod.pod.Z A", "NX"),
            ZoneExchange("10.0.96.10.in-addr.arpa. PTR", "PTR web.W"),
            ZoneExchange(
                "a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa. PTR", "PTR web.W"),
            ZoneExchange("20.0.244.10.in-addr.arpa. PTR", "PTR db-0.db.W", "PTR 10-244-0-20.web.W"),
            ZoneExchange("21.0.244.10.in-addr.arpa. PTR", "NX"),
            ZoneExchange("10.0.96.10.in-addr.arpa. A", "ND"),
            ZoneExchange("in-addr.arpa. PTR", "ND"), ZoneExchange("96.10.in-addr.arpa. PTR", "ND"),
            ZoneExchange("97.10.in-addr.arpa. PTR", "NX"), ZoneExchange("ip6.arpa. A", "ND"),
            ZoneExchange("in-addr.arpa. NS", "NS ns.dns.Z", "+ ns.dns.Z 10.0.0.53", "+ ns.dns.Z 2001:db8::53"),
            ZoneExchange(
                "ip6.arpa. SOA", "ns.dns.ip6.arpa. hostmaster.ip6.arpa. 7200 1800 86400 5"),
        ])
    func podsAndReverse(_ expected: ZoneExchange) throws {
        #expect(try LiveZone(Fixture.settings(), objects: Fixture.objects).answer(expected.question) == expected.answer)
    }

    @Test("Every record has the zone's TTL, but for the file's own")
    func ttl() throws {
        var settings = try Fixture.settings()
        settings.ttl = 3600
        let live = LiveZone(settings, objects: Fixture.objects)
        let version = try name("dns-version.Z")
        for (owner, entry) in live.model.entries where owner != version {
            for answer in entry.answers {
                let ttl: UInt32 = answer.type == .soa ? 300 : 3600
                #expect(answer.records.allSatisfy { $0.ttl == ttl }, "\(owner) \(answer.type)")
            }
        }
        #expect(live.model.entries[version]?.answers.first?.records.first?.ttl == 28800)
    }

    @Test("Names above existing ones exist, before and after everything has gone (RFC 8020)")
    func emptyNonTerminals() throws {
        var live = LiveZone(try Fixture.settings())
        let empty = live.model.timeless
        for object in Fixture.objects {
            live.apply(.put(object))
            #expect(live.model.orphans == [])
        }
        #expect(try live.answer("244.10.in-addr.arpa. A") == ["ND"])
        for object in Fixture.objects.reversed() {
            live.apply(.delete(object.key))
            #expect(live.model.orphans == [])
        }
        #expect(live.model.timeless == empty)
    }

    @Test("A Namespace brings everything in it, and takes it along")
    func namespaces() throws {
        var live = LiveZone(try Fixture.settings(), objects: Array(Fixture.objects.dropFirst()))
        for question in ["web.W A", "W A", "prod.pod.Z A", "10-244-0-20.prod.pod.Z A", "10.0.96.10.in-addr.arpa. PTR"] {
            #expect(try live.answer(question) == ["NX"], "\(question) before")
        }
        live.apply(.put(Fixture.namespace("prod")))
        #expect(live.model == LiveZone(try Fixture.settings(), objects: Fixture.objects).model)
        live.apply(.delete(Fixture.namespace("prod").key))
        for question in ["web.W A", "W A", "prod.pod.Z A", "10-244-0-20.prod.pod.Z A", "10.0.96.10.in-addr.arpa. PTR"] {
            #expect(try live.answer(question) == ["NX"], "\(question) after")
        }
    }

    @Test("Names of Pods by mode")
    func podModes() throws {
        var settings = try Fixture.settings()
        settings.podNames = .disabled
        let disabled = LiveZone(settings, objects: Fixture.objects)
        #expect(try disabled.answer("prod.pod.Z A") == ["NX"])
        #expect(try disabled.answer("10-244-0-20.prod.pod.Z A") == ["NX"])
        settings.podNames = .insecure
        let computed = ComputedPodNames(settings: settings)
        func text(_ question: String) throws -> String? {
            computed.record(of: try name(question)).map { "\($0.record.data.bytes) \($0.namespace)" }
        }
        #expect(try text("10-0-0-9.x.pod.Z") == "[10, 0, 0, 9] x.pod.cluster.local.")
        #expect(try text("2001-DB8--1.x.POD.Z")?.hasPrefix("[32, 1, 13, 184, 0") == true)
        #expect(try text("--1.x.pod.Z")?.hasSuffix("0, 1] x.pod.cluster.local.") == true)
        for question in ["a.x.pod.Z", "10-0-0-256.x.pod.Z", "1.10-0-0-9.x.pod.Z", "10-0-0-9.x.svc.Z", "Z", "x.pod.Z"] {
            #expect(try text(question) == nil, "\(question)")
        }
    }

    @Test("Pods answer while they hold their address")
    func podLives() throws {
        var live = LiveZone(try Fixture.settings(), objects: [Fixture.namespace("prod")])
        let question = "10-0-0-7.prod.pod.Z A"
        live.apply(.put(Fixture.pod("a", "10.0.0.7")), .put(Fixture.pod("b", "10.0.0.7")))
        #expect(try live.answer(question) == ["10.0.0.7"])
        live.apply(.put(Fixture.pod("a", "10.0.0.7", phase: .succeeded)))
        #expect(try live.answer(question) == ["10.0.0.7"], "another Pod of the host's network has it")
        live.apply(.put(Fixture.pod("b", "10.0.0.8")))
        #expect(try live.answer(question) == ["NX"])
        #expect(try live.answer("10-0-0-8.prod.pod.Z A") == ["10.0.0.8"])
        live.apply(.put(Fixture.pod("b", "")))
        #expect(try live.answer("10-0-0-8.prod.pod.Z A") == ["NX"])
    }

    @Test("Endpoints by the name of their Pod, where asked for")
    func podNamedEndpoints() throws {
        var settings = try Fixture.settings()
        settings.namesEndpointsByPod = true
        let live = LiveZone(settings, objects: Fixture.objects)
        #expect(try live.answer("db-pod.web.W A") == ["10.244.0.20"])
        #expect(try live.answer("w0.web.W A") == ["10.244.0.40"], "a hostname stands before it")
        #expect(try live.answer("10-244-0-20.web.W A") == ["NX"])
    }

    @Test("Weights share 100 among ports and addresses, and are never 0")
    func weights() throws {
        let endpoints = (1...120).map { EndpointSlice.Endpoint(addresses: ["10.1.0.\($0)"]) }
        let live = LiveZone(
            try Fixture.settings(),
            objects: [
                Fixture.namespace("prod"), Fixture.service("many", ["None"]),
                Fixture.slice("many1", of: "many", ports: [.init(name: "p", port: 1)], endpoints: endpoints),
                Fixture.service("mixed", ["None"]),
                Fixture.slice(
                    "m1", of: "mixed", ports: [.init(name: "p", port: 1)], endpoints: [.init(addresses: ["10.2.0.1"])]),
                Fixture.slice("m2", of: "mixed", endpoints: [.init(addresses: ["10.2.0.2"])]),
            ])
        let many = try live.answer("many.W SRV").filter { !$0.hasPrefix("+") }
        #expect(many.count == 120)
        #expect(many.allSatisfy { $0.hasPrefix("0 1 1 ") })
        #expect(try live.answer("mixed.W SRV").first == "0 50 1 10-2-0-1.mixed.W", "a slice without ports counts")
        #expect(try live.answer("_p._tcp.mixed.W SRV").first == "0 100 1 10-2-0-1.mixed.W")
        #expect(try live.answer("_p._tcp.mixed.W A") == ["10.2.0.1"])
    }

    @Test("Slices follow their label, are skipped without it, and repeat nothing")
    func slices() throws {
        var live = LiveZone(
            try Fixture.settings(),
            objects: [Fixture.namespace("prod"), Fixture.service("a", ["None"]), Fixture.service("b", ["None"])])
        func slice(_ name: String, _ service: String?) -> RegistryObject {
            Fixture.slice(
                name, of: service, ports: [.init(name: "p", port: 9)],
                endpoints: [
                    .init(addresses: ["10.3.0.1"], hostname: "h"), .init(addresses: ["10.3.0.2"], hostname: "h"),
                ])
        }
        live.apply(.put(slice("s", nil)))
        #expect(try live.answer("a.W A") == ["NX"])
        #expect(try live.answer("1.0.3.10.in-addr.arpa. PTR") == ["NX"])
        live.apply(.put(slice("s", "a")), .put(slice("t", "a")))
        #expect(try live.answer("a.W A") == ["10.3.0.1", "10.3.0.2"])
        #expect(try live.answer("h.a.W A") == ["10.3.0.1", "10.3.0.2"])
        #expect(try live.answer("a.W SRV").filter { !$0.hasPrefix("+") } == ["0 25 9 h.a.W"])
        #expect(try live.answer("1.0.3.10.in-addr.arpa. PTR") == ["PTR h.a.W"])
        live.apply(.put(slice("s", "b")), .delete(slice("t", nil).key))
        #expect(try live.answer("a.W A") == ["NX"])
        #expect(try live.answer("b.W A") == ["10.3.0.1", "10.3.0.2"])
    }

    @Test("The Service in front of this host names the server")
    func ownService() throws {
        var live = LiveZone(try Fixture.settings(), objects: Fixture.objects)
        let mine = Fixture.slice("dns4", of: "dns", endpoints: [.init(addresses: ["10.0.0.53"])])
        live.apply(.put(mine))
        #expect(try live.answer("Z NS") == ["NS dns.W", "+ dns.W 10.96.0.5"])
        #expect(try live.answer("in-addr.arpa. NS") == ["NS dns.W", "+ dns.W 10.96.0.5"])
        live.apply(.delete(mine.key))
        #expect(try live.answer("Z NS").first == "NS ns.dns.Z")
    }

    @Test("The serial is the second of the last change that names show")
    func serial() throws {
        var live = LiveZone(try Fixture.settings())
        #expect(live.zone.serial == 0)
        live.apply(.put(Fixture.namespace("prod")), now: 100)
        #expect(live.zone.serial == 100)
        live.apply(.put(Fixture.namespace("prod")), .put(Fixture.pod("p", "", phase: .pending)), now: 200)
        #expect(live.zone.serial == 100, "nothing to see")
        live.apply(.put(Fixture.web), now: 300)
        let soa = try #require(StartOfAuthority(live.zone.soa(of: try name("in-addr.arpa.")).data))
        #expect(soa.serial == 300)
        live.apply(.delete(Fixture.web.key), now: 250)
        #expect(live.zone.serial == 300, "never backwards")
    }

    @Test("What names do not show leaves the serial and the table alone")
    func invisibleChanges() throws {
        var live = LiveZone(try Fixture.settings(), objects: Fixture.objects)
        guard case .service(var service) = Fixture.web, case .endpointSlice(var slice) = Fixture.db4 else { return }
        service.metadata.annotations = ["seen": "now"]
        service.selector = ["app": "web"]
        slice.endpoints[1].nodeName = "elsewhere"
        let changes: [ObjectChange] = [
            .put(.service(service)), .put(.endpointSlice(slice)), .delete(Fixture.namespace("none").key),
        ]
        for change in changes {
            let result = live.apply(change, now: 400)
            #expect(result == [])
        }
    }

    @Test("Only dashes spell an address")
    func computedLabels() throws {
        let computed = ComputedPodNames(settings: try Fixture.settings())
        for text in ["10\\.0\\.0\\.9.x.pod.Z", "2001:db8::1.x.pod.Z"] {
            let record = computed.record(of: try name(text))?.record
            #expect(record == nil, "\(text)")
        }
    }
}
