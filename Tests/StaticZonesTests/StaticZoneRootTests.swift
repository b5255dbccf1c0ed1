import DNS
import Testing

@testable import StaticZones

@Suite("The example of RFC 1034 §6")
struct StaticZoneRootTests {
    /// RFC 1034 §6.1: the root zone as C.ISI.EDU has it.
    private static let text = """
        .       IN      SOA     SRI-NIC.ARPA. HOSTMASTER.SRI-NIC.ARPA. (
                                870611          ;serial
                                1800            ;refresh every 30 min
                                300             ;retry every 5 min
                                604800          ;expire after a week
                                86400)          ;minimum of a day
                        NS      A.ISI.EDU.
                        NS      C.ISI.EDU.
                        NS      SRI-NIC.ARPA.

        MIL.    86400   NS      SRI-NIC.ARPA.
                86400   NS      A.ISI.EDU.

        EDU.    86400   NS      SRI-NIC.ARPA.
                86400   NS      C.ISI.EDU.

        SRI-NIC.ARPA.   A       26.0.0.73
                        A       10.0.0.51
                        MX      0 SRI-NIC.ARPA.
                        HINFO   DEC-2060 TOPS20

        ACC.ARPA.       A       26.6.0.65
                        HINFO   PDP-11/70 UNIX
                        MX      10 ACC.ARPA.

        USC-ISIC.ARPA.  CNAME   C.ISI.EDU.

        73.0.0.26.IN-ADDR.ARPA.  PTR    SRI-NIC.ARPA.
        65.0.6.26.IN-ADDR.ARPA.  PTR    ACC.ARPA.
        51.0.0.10.IN-ADDR.ARPA.  PTR    SRI-NIC.ARPA.
        52.0.0.10.IN-ADDR.ARPA.  PTR    C.ISI.EDU.
        103.0.3.26.IN-ADDR.ARPA. PTR    A.ISI.EDU.

        A.ISI.EDU. 86400 A      26.3.0.103
        C.ISI.EDU. 86400 A      10.0.0.52
        """

    /// The questions of §6.2 to the root, in its order; §6.2.2 (all types) is answered after RFC 8482.
    static let exchanges: [ZoneExchange] = [
        ZoneExchange("SRI-NIC.ARPA. A", "SRI-NIC.ARPA. 86400 IN A 26.0.0.73", "SRI-NIC.ARPA. 86400 IN A 10.0.0.51"),
        ZoneExchange("SRI-NIC.ARPA. ANY", #"SRI-NIC.ARPA. 86400 IN HINFO "RFC8482" """#),
        ZoneExchange(
            "SRI-NIC.ARPA. MX", "SRI-NIC.ARPA. 86400 IN MX 0 SRI-NIC.ARPA.",
            "+ SRI-NIC.ARPA. 86400 IN A 26.0.0.73", "+ SRI-NIC.ARPA. 86400 IN A 10.0.0.51"),
        ZoneExchange("SRI-NIC.ARPA. NS", "NODATA"),
        ZoneExchange("SIR-NIC.ARPA. A", "NXDOMAIN"),
        ZoneExchange(
            "BRL.MIL. A", "REFERRAL", "MIL. 86400 IN NS SRI-NIC.ARPA.", "MIL. 86400 IN NS A.ISI.EDU.",
            "+ SRI-NIC.ARPA. 86400 IN A 26.0.0.73", "+ SRI-NIC.ARPA. 86400 IN A 10.0.0.51",
            "+ A.ISI.EDU. 86400 IN A 26.3.0.103"),
        ZoneExchange("USC-ISIC.ARPA. A", "ALIAS C.ISI.EDU.", "USC-ISIC.ARPA. 86400 IN CNAME C.ISI.EDU."),
        ZoneExchange("USC-ISIC.ARPA. CNAME", "USC-ISIC.ARPA. 86400 IN CNAME C.ISI.EDU."),
        // §6.2.7 goes on where the alias leads: into the delegated EDU.
        ZoneExchange(
            "C.ISI.EDU. A", "REFERRAL", "EDU. 86400 IN NS SRI-NIC.ARPA.", "EDU. 86400 IN NS C.ISI.EDU.",
            "+ SRI-NIC.ARPA. 86400 IN A 26.0.0.73", "+ SRI-NIC.ARPA. 86400 IN A 10.0.0.51",
            "+ C.ISI.EDU. 86400 IN A 10.0.0.52"),
        // §6.3: how a resolver's questions go on.
        ZoneExchange(
            "ISI.EDU. MX", "REFERRAL", "EDU. 86400 IN NS SRI-NIC.ARPA.", "EDU. 86400 IN NS C.ISI.EDU.",
            "+ SRI-NIC.ARPA. 86400 IN A 26.0.0.73", "+ SRI-NIC.ARPA. 86400 IN A 10.0.0.51",
            "+ C.ISI.EDU. 86400 IN A 10.0.0.52"),
        ZoneExchange("65.0.6.26.IN-ADDR.ARPA. PTR", "65.0.6.26.IN-ADDR.ARPA. 86400 IN PTR ACC.ARPA."),
        ZoneExchange("6.26.in-addr.arpa. PTR", "NODATA"),
        ZoneExchange(
            "poneria.ISI.EDU. A", "REFERRAL", "EDU. 86400 IN NS SRI-NIC.ARPA.",
            "EDU. 86400 IN NS C.ISI.EDU.", "+ SRI-NIC.ARPA. 86400 IN A 26.0.0.73",
            "+ SRI-NIC.ARPA. 86400 IN A 10.0.0.51", "+ C.ISI.EDU. 86400 IN A 10.0.0.52"),
    ]

    @Test("The root answers as the RFC says", arguments: exchanges)
    func answer(_ exchange: ZoneExchange) throws {
        #expect(try exchange.answer(of: StaticZone(Self.text, origin: ".")) == exchange.answer)
    }
}
