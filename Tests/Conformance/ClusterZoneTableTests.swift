import Foundation
import Testing

/// What a row expects: a code, and the records of each section without owner and TTL, in any order.
struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let type: String
    let rcode: String
    let answer: [String]
    let additional: [String]
    let hasSOA: Bool

    /// `W` and `Z` at the end of a name stand for `prod.svc.cluster.local` and `cluster.local`.
    init(
        _ name: String, _ type: String, _ answer: [String], additional: [String] = [], rcode: String = "NOERROR",
        hasSOA: Bool = false
    ) {
        self.name = Self.expanded(name)
        self.type = type
        self.answer = answer.map(Self.expanded)
        self.additional = additional.map(Self.expanded)
        self.rcode = rcode
        self.hasSOA = hasSOA
    }

    /// NODATA (RFC 2308 §2.2).
    static func noData(_ name: String, _ types: String...) -> [Row] {
        types.map { Row(name, $0, [], hasSOA: true) }
    }

    static func nxDomain(_ name: String, _ types: String...) -> [Row] {
        types.map { Row(name, $0, [], rcode: "NXDOMAIN", hasSOA: true) }
    }

    static func refused(_ name: String, _ types: String...) -> [Row] {
        types.map { Row(name, $0, [], rcode: "REFUSED") }
    }

    private static func expanded(_ text: String) -> String {
        text.split(separator: " ").map { word -> String in
            if word.hasSuffix(".W.") { return word.dropLast(2) + "prod.svc.cluster.local." }
            if word == "Z" || word.hasSuffix(".Z") { return word.dropLast() + "cluster.local" }
            if word == "W" || word.hasSuffix(".W") { return word.dropLast() + "prod.svc.cluster.local" }
            return String(word)
        }.joined(separator: " ")
    }

    var testDescription: String { "\(name) \(type)" }
}

/// One server for all rows, started at the first use and ended with this process.
enum SharedServer {
    static let server: Result<ServerUnderTest, any Error> = Result {
        let server = try ServerUnderTest(
            manifests: ["fixture.yaml": Fixture.manifest, "crowd.yaml": Fixture.crowd, "ladder.yaml": Fixture.ladder],
            zones: ["example.org": Fixture.zone], arguments: Fixture.arguments)
        atexit { _ = try? SharedServer.server.get().stop() }
        return server
    }
}

/// The questions and what they are to be answered.
enum ClusterZoneTable {
    static let webAddresses = ["a 10.96.0.10", "aaaa fd00:10:96::a"]

    static let rows: [Row] = {
        var rows: [Row] = []
        rows += Row.noData("Z", "A", "MX", "CNAME", "TXT") + [Row("Z", "ANY", [#"hinfo "rfc8482" """#])]
        rows += ["svc.Z", "pod.Z", "W", "prod.pod.Z"].flatMap { Row.noData($0, "A", "SRV", "TXT") }
        rows += Row.nxDomain("x.svc.Z", "A") + Row.noData("dns.Z", "A") + Row.noData("ns.dns.Z", "SRV", "TXT")
        rows += Row.noData("dns-version.Z", "A") + [Row("dns-version.Z", "TXT", [#"txt "1.1.0""#])]
        rows += Row.nxDomain("no.such.svc.Z", "SOA", "A")
        rows += Row.noData("web.W", "TXT", "NS", "MX") + [Row("web.W", "ANY", [#"hinfo "rfc8482" """#])]
        rows += [
            Row("web.W", "A", ["a 10.96.0.10"]), Row("web.W", "AAAA", ["aaaa fd00:10:96::a"]),
            Row("web.W", "SRV", ["srv 0 25 80 web.W.", "srv 0 25 443 web.W."], additional: webAddresses),
            Row("_http._tcp.web.W", "SRV", ["srv 0 50 80 web.W."], additional: webAddresses),
            Row("_HTTP._TCP.Web.W", "SRV", ["srv 0 50 80 web.W."], additional: webAddresses),
            Row("_http._tcp.web.W", "A", ["a 10.96.0.10"]),
        ]
        rows += Row.nxDomain("http.tcp.web.W", "SRV") + Row.nxDomain("_._tcp.web.W", "SRV")
        rows += Row.nxDomain("_http._udp.web.W", "SRV") + Row.noData("_tcp.web.W", "A", "SRV")
        rows += Row.nxDomain("x._http._tcp.web.W", "SRV")
        rows += [Row("w0.web.W", "SRV", ["srv 0 100 8080 w0.web.W."], additional: ["a 10.244.0.40"])]
        rows += Row.noData("w0.web.W", "AAAA") + Row.nxDomain("10-244-0-40.web.W", "A")
        rows += [Row("10-244-0-20.web.W", "A", ["a 10.244.0.20"])]
        rows += Row.nxDomain("any.web.W", "A") + Row.nxDomain("*.W", "A")
        rows += [
            Row("dns.W", "SRV", ["srv 0 50 53 dns.W."], additional: ["a 10.96.0.5"]),
            Row("_dns._udp.dns.W", "SRV", ["srv 0 100 53 dns.W."], additional: ["a 10.96.0.5"]),
        ]
        rows += Row.noData("dns.W", "AAAA")
        rows += [Row("db.W", "A", ["a 10.244.0.20", "a 10.244.0.22"])]
        rows += ["db.W", "_pg._tcp.db.W"].map {
            Row(
                $0, "SRV",
                ["srv 0 33 5432 db-0.db.W.", "srv 0 33 5432 10-244-0-22.db.W.", "srv 0 33 5432 2001-db8--0.db.W."],
                additional: ["a 10.244.0.20", "a 10.244.0.22", "aaaa 2001:db8::"])
        }
        rows += Row.nxDomain("db-1.db.W", "A") + Row.nxDomain("10-244-0-20.db.W", "A")
        rows += Row.nxDomain("void.W", "A", "AAAA", "SRV", "TXT")
        rows += [Row("bare.W", "A", ["a 10.244.0.30"])] + Row.noData("bare.W", "SRV")
        rows += [
            Row("ext.W", "A", ["cname www.example.org.", "a 192.0.2.53"]),
            Row("ext.W", "AAAA", ["cname www.example.org."]),
            Row("ext.W", "ANY", [#"hinfo "rfc8482" """#]),
            Row("extnx.W", "A", ["cname no.example.org."], rcode: "NXDOMAIN"),
        ]
        rows += Row.noData("ext.W", "SRV", "TXT") + Row.nxDomain("x.ext.W", "A")
        rows += [
            Row("extin.W", "AAAA", ["cname web.W.", "aaaa fd00:10:96::a"]),
            Row("gone.W", "A", ["cname nil.W."], hasSOA: true), Row("gone.W", "CNAME", ["cname nil.W."]),
            Row("loop.W", "A", ["cname loop.W."]),
        ]
        rows += Row.nxDomain("extip.W", "A", "CNAME")
        rows += [Row("10-244-0-20.prod.pod.Z", "A", ["a 10.244.0.20"])]
        rows += Row.nxDomain("x.10-244-0-20.prod.pod.Z", "A") + Row.noData("10-244-0-20.prod.pod.Z", "SRV", "AAAA")
        rows += Row.nxDomain("10-244-0-99.prod.pod.Z", "A")
        rows += [
            Row("10.0.96.10.in-addr.arpa", "PTR", ["ptr web.W."]),
            Row(
                "a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa", "PTR",
                ["ptr web.W."]),
            Row("20.0.244.10.in-addr.arpa", "PTR", ["ptr db-0.db.W.", "ptr 10-244-0-20.web.W."]),
        ]
        rows += Row.nxDomain("21.0.244.10.in-addr.arpa", "PTR") + Row.noData("10.0.96.10.in-addr.arpa", "A")
        rows += Row.noData("in-addr.arpa", "PTR") + Row.noData("96.10.in-addr.arpa", "PTR")
        rows += Row.nxDomain("97.10.in-addr.arpa", "PTR")
        rows += Row.refused("www.example.com", "A")
        rows += [Row("alias.example.org", "A", ["cname www.example.org.", "a 192.0.2.53"])]
        rows += [Row("any.wild.example.org", "A", ["a 192.0.2.54"])] + Row.noData("wild.example.org", "A")
        rows += Row.nxDomain("no.example.org", "A")
        return rows
    }()

}

@Suite("Every row of the table, by dig, drill, kdig and libldns, over UDP and TCP")
struct ClusterZoneTableTests {
    @Test(arguments: ClusterZoneTable.rows)
    func row(_ row: Row) throws {
        let server = try SharedServer.server.get()
        for asker in Asker.allCases {
            // drill cannot ask for all types over UDP without printing them its own way; the others cover it.
            if asker == .drill && row.type == "ANY" { continue }
            for overTCP in [false, true] {
                let seen = try asker.ask(row.name, row.type, port: server.port, overTCP: overTCP)
                let context: Comment = "\(asker) over \(overTCP ? "TCP" : "UDP"): \(seen)"
                #expect(seen.rcode == row.rcode, context)
                #expect(seen.answer.map(Self.typeAndData).sorted() == row.answer.sorted(), context)
                #expect(seen.additional.map(Self.typeAndData).sorted() == row.additional.sorted(), context)
                #expect(seen.authority.contains { Self.typeAndData($0).hasPrefix("soa ") } == row.hasSOA, context)
            }
        }
    }

    /// Type and data of a line `owner ttl in type data…`.
    private static func typeAndData(_ line: String) -> String {
        line.split(separator: " ").dropFirst(3).joined(separator: " ")
    }
}
