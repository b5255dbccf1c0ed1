import Testing

@Suite("Names of Pods by their address, verified against the Pods there are")
struct PodNamesTests {
    @Test(
        "Pods of the namespace, no extra labels, other types without data",
        arguments: Exchange.table(
            """
            10-244-0-20.prod.pod.Z A = 10-244-0-20.prod.pod.Z A 10.244.0.20
            10-244-0-20.prod.pod.Z AAAA = ND
            10-244-0-20.prod.pod.Z SRV = ND
            10-244-0-20.prod.pod.Z TXT = ND
            10-244-0-20.prod.pod.Z ANY = 10-244-0-20.prod.pod.Z HINFO "RFC8482" ""
            x.10-244-0-20.prod.pod.Z A = NX
            x.y.10-244-0-20.prod.pod.Z A = NX
            10-244-0-99.prod.pod.Z A = NX
            10-244-0-20.other.pod.Z A = NX
            10-244-0-20.pod.Z A = NX
            10-244-0-20.prod.svc.Z A = NX
            other.pod.Z A = NX
            db-0.prod.pod.Z A = NX
            """))
    func pods(_ exchange: Exchange) throws { try exchange.check() }
}
