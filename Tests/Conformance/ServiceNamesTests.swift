import Testing

@Suite("Names of Services and endpoints (Kubernetes DNS specification 1.1.0, 2.3 and 2.4)")
struct ServiceNamesTests {
    @Test(
        "Services with virtual IPs",
        arguments: Exchange.table(
            """
            web.W A = web.W A 10.96.0.10
            web.W AAAA = web.W AAAA fd00:10:96::a
            web.W SRV = web.W SRV 0 25 80 web.W; web.W SRV 0 25 443 web.W + \
            web.W A 10.96.0.10; web.W AAAA fd00:10:96::a
            web.W TXT = ND
            web.W NS = ND
            web.W MX = ND
            web.W SOA = ND
            web.W CNAME = ND
            web.W PTR = ND
            web.W DS = ND
            web.W HTTPS = ND
            web.W TYPE65280 = ND
            web.W ANY = web.W HINFO "RFC8482" ""
            dns.W A = dns.W A 10.96.0.5
            dns.W AAAA = ND
            dns.W SRV = dns.W SRV 0 50 53 dns.W + dns.W A 10.96.0.5
            """))
    func virtualIP(_ exchange: Exchange) throws { try exchange.check() }

    @Test(
        "Names of ports: only _port._protocol, and what lies between exists (RFC 8020)",
        arguments: Exchange.table(
            """
            _http._tcp.web.W SRV = _http._tcp.web.W SRV 0 50 80 web.W + web.W A 10.96.0.10; web.W AAAA fd00:10:96::a
            _https._tcp.web.W SRV = _https._tcp.web.W SRV 0 50 443 web.W + web.W A 10.96.0.10; web.W AAAA fd00:10:96::a
            _http._tcp.web.W A = _http._tcp.web.W A 10.96.0.10
            _http._tcp.web.W AAAA = _http._tcp.web.W AAAA fd00:10:96::a
            _http._tcp.web.W ANY = _http._tcp.web.W HINFO "RFC8482" ""
            _http._tcp.web.W TXT = ND
            _dns._udp.dns.W SRV = _dns._udp.dns.W SRV 0 100 53 dns.W + dns.W A 10.96.0.5
            _dns-tcp._tcp.dns.W SRV = _dns-tcp._tcp.dns.W SRV 0 100 53 dns.W + dns.W A 10.96.0.5
            _tcp.web.W A = ND
            _tcp.web.W SRV = ND
            _tcp.web.W ANY = _tcp.web.W HINFO "RFC8482" ""
            _udp.dns.W A = ND
            _udp.web.W A = NX
            _http._udp.web.W SRV = NX
            _http._udp.web.W A = NX
            x._http._tcp.web.W SRV = NX
            http.tcp.web.W SRV = NX
            http.tcp.web.W A = NX
            _._tcp.web.W SRV = NX
            _.web.W SRV = NX
            """))
    func ports(_ exchange: Exchange) throws { try exchange.check() }

    @Test(
        "Names of single endpoints",
        arguments: Exchange.table(
            """
            w0.web.W A = w0.web.W A 10.244.0.40
            w0.web.W AAAA = ND
            w0.web.W SRV = w0.web.W SRV 0 100 8080 w0.web.W + w0.web.W A 10.244.0.40
            w0.web.W TXT = ND
            10-244-0-40.web.W A = NX
            10-244-0-20.web.W A = 10-244-0-20.web.W A 10.244.0.20
            db-0.db.W A = db-0.db.W A 10.244.0.20
            db-0.db.W SRV = db-0.db.W SRV 0 100 5432 db-0.db.W + db-0.db.W A 10.244.0.20
            db-1.db.W A = NX
            10-244-0-20.db.W A = NX
            10-244-0-22.db.W A = 10-244-0-22.db.W A 10.244.0.22
            2001-db8--0.db.W AAAA = 2001-db8--0.db.W AAAA 2001:db8::
            2001-db8--0.db.W A = ND
            10-244-0-30.bare.W A = 10-244-0-30.bare.W A 10.244.0.30
            10-244-0-30.bare.W SRV = ND
            """))
    func endpoints(_ exchange: Exchange) throws { try exchange.check() }

    @Test(
        "Headless Services",
        arguments: Exchange.table(
            """
            db.W A = db.W A 10.244.0.20; db.W A 10.244.0.22
            db.W AAAA = db.W AAAA 2001:db8::
            db.W TXT = ND
            db.W SRV = db.W SRV 0 33 5432 db-0.db.W; db.W SRV 0 33 5432 10-244-0-22.db.W; \
            db.W SRV 0 33 5432 2001-db8--0.db.W + \
            db-0.db.W A 10.244.0.20; 10-244-0-22.db.W A 10.244.0.22; 2001-db8--0.db.W AAAA 2001:db8::
            _pg._tcp.db.W SRV = _pg._tcp.db.W SRV 0 33 5432 db-0.db.W; \
            _pg._tcp.db.W SRV 0 33 5432 10-244-0-22.db.W; _pg._tcp.db.W SRV 0 33 5432 2001-db8--0.db.W + \
            db-0.db.W A 10.244.0.20; 10-244-0-22.db.W A 10.244.0.22; 2001-db8--0.db.W AAAA 2001:db8::
            _pg._tcp.db.W A = _pg._tcp.db.W A 10.244.0.20; _pg._tcp.db.W A 10.244.0.22
            _pg._udp.db.W SRV = NX
            bare.W A = bare.W A 10.244.0.30
            bare.W AAAA = ND
            bare.W SRV = ND
            void.W A = NX
            void.W AAAA = NX
            void.W SRV = NX
            void.W TXT = NX
            void.W ANY = NX
            """))
    func headless(_ exchange: Exchange) throws { try exchange.check() }

    @Test(
        "Wildcards are no more than labels, and other names do not exist",
        arguments: Exchange.table(
            """
            *.W A = NX
            *.web.W A = NX
            any.web.W A = NX
            any.W SRV = NX
            nil.W A = NX
            nil.W ANY = NX
            web.other.svc.Z A = NX
            no.such.svc.Z SOA = NX
            no.such.svc.Z A = NX
            """))
    func missing(_ exchange: Exchange) throws { try exchange.check() }
}
