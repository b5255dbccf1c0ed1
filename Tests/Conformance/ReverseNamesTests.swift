import Testing

@Suite("Names of addresses (Kubernetes DNS specification 1.1.0, 2.3.3 and 2.4.3)")
struct ReverseNamesTests {
    private static let web6 = "a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa."
    private static let db6 = "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa."

    @Test(
        "Virtual IPs lead to their Service, other addresses to every ready endpoint",
        arguments: Exchange.table(
            """
            10.0.96.10.in-addr.arpa. PTR = 10.0.96.10.in-addr.arpa. PTR web.W
            \(web6) PTR = \(web6) PTR web.W
            5.0.96.10.in-addr.arpa. PTR = 5.0.96.10.in-addr.arpa. PTR dns.W
            20.0.244.10.in-addr.arpa. PTR = 20.0.244.10.in-addr.arpa. PTR db-0.db.W; \
            20.0.244.10.in-addr.arpa. PTR 10-244-0-20.web.W
            22.0.244.10.in-addr.arpa. PTR = 22.0.244.10.in-addr.arpa. PTR 10-244-0-22.db.W
            30.0.244.10.in-addr.arpa. PTR = 30.0.244.10.in-addr.arpa. PTR 10-244-0-30.bare.W
            40.0.244.10.in-addr.arpa. PTR = 40.0.244.10.in-addr.arpa. PTR w0.web.W
            \(db6) PTR = \(db6) PTR 2001-db8--0.db.W
            21.0.244.10.in-addr.arpa. PTR = NX
            99.0.96.10.in-addr.arpa. PTR = NX
            """))
    func pointers(_ exchange: Exchange) throws { try exchange.check() }

    @Test(
        "Other types and the names above existing ones: no data (RFC 8020)",
        arguments: Exchange.table(
            """
            10.0.96.10.in-addr.arpa. A = ND
            10.0.96.10.in-addr.arpa. TXT = ND
            10.0.96.10.in-addr.arpa. ANY = 10.0.96.10.in-addr.arpa. HINFO "RFC8482" ""
            \(web6) A = ND
            0.96.10.in-addr.arpa. PTR = ND
            96.10.in-addr.arpa. PTR = ND
            10.in-addr.arpa. PTR = ND
            in-addr.arpa. PTR = ND
            in-addr.arpa. A = ND
            d.f.ip6.arpa. PTR = ND
            ip6.arpa. PTR = ND
            in-addr.arpa. SOA = in-addr.arpa. SOA ns.dns.in-addr.arpa. hostmaster.in-addr.arpa. * 7200 1800 86400 5
            ip6.arpa. SOA = ip6.arpa. SOA ns.dns.ip6.arpa. hostmaster.ip6.arpa. * 7200 1800 86400 5
            in-addr.arpa. NS = in-addr.arpa. NS ns.dns.Z + *
            97.10.in-addr.arpa. PTR = NX
            11.in-addr.arpa. PTR = NX
            x.10.0.96.10.in-addr.arpa. PTR = NX
            c.f.ip6.arpa. PTR = NX
            """))
    func others(_ exchange: Exchange) throws { try exchange.check() }
}
