import DNS
import Testing

@testable import Corefile

@Suite("Reverse zones of networks")
struct ReverseZoneTests {
    enum Cases {
        static let networks: [(String, [String]?)] = [
            ("10.0.0.0/8", ["10.in-addr.arpa."]), ("10.1.2.3/16", ["1.10.in-addr.arpa."]),
            ("10.96.0.0/15", ["96.10.in-addr.arpa.", "97.10.in-addr.arpa."]),
            ("192.0.2.1/32", ["1.2.0.192.in-addr.arpa."]), ("0.0.0.0/0", ["in-addr.arpa."]),
            ("fd00::/8", ["d.f.ip6.arpa."]), ("::/0", ["ip6.arpa."]),
            ("fd00::/7", ["c.f.ip6.arpa.", "d.f.ip6.arpa."]),
            ("10.0.0.0/33", nil), ("10.0.0.0/-1", nil), ("10.0.0.0/+8", nil), ("10.0.0/8", nil), ("10.0.0.0", nil),
            ("a/8", nil), ("/8", nil), ("10.0.0.0/", nil),
        ]
    }

    @Test("Cover the network, label by label", arguments: Cases.networks)
    func networks(_ text: String, _ zones: [String]?) {
        #expect(ReverseZone.zones(of: text)?.map(\.description) == zones)
    }

    @Test("A prefix that ends inside a label stands for at most 128 zones")
    func many() {
        #expect(ReverseZone.zones(of: "10.0.0.0/17")?.count == 128)
        #expect(ReverseZone.zones(of: "0.0.0.0/1")?.count == 128)
    }
}
