import Testing

@testable import Nameserver

@Suite("Addresses to listen on")
struct ListenAddressTests {
    @Test(
        "Texts that are addresses, and how they are written",
        arguments: [
            ("127.0.0.1:53", "127.0.0.1:53"), ("[::1]:53", "[::1]:53"), ("localhost:5353", "127.0.0.1:5353"),
            ("0.0.0.0:0", "0.0.0.0:0"), ("[2001:DB8:0::1]:65535", "[2001:db8::1]:65535"),
            ("[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.1]:1"), ("192.0.2.1:00053", "192.0.2.1:53"),
        ])
    func addresses(text: String, written: String) throws {
        let address = try #require(ListenAddress(text))
        #expect(address.description == written)
        #expect(ListenAddress(written) == address)
        #expect(ListenAddress.addresses(text) == [address])
        #expect(address.isIPv6 == text.hasPrefix("["))
        #expect(address.with(port: 9).port == 9)
    }

    @Test(
        "Texts that are none",
        arguments: [
            "", ":", "53", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1",
            "127.0.0.1:5 3",
            "::1:53", "[::1]", "[::1:53", "[127.0.0.1]:53", "127.0.0.1.1:53", "127.0.0.01:53", "[::1%lo]:53",
            "example.org:53", "[]:53", "256.0.0.1:53", "127.0.0.1:000053", "127.0.0.1:٥٣", " 127.0.0.1:53",
        ])
    func others(_ text: String) {
        #expect(ListenAddress(text) == nil)
        #expect(ListenAddress.addresses(text) == [])
    }

    @Test("A port alone stands for all addresses of both families", arguments: [":53", "*:53"])
    func wildcards(_ text: String) {
        let addresses = ListenAddress.addresses(text)
        #expect(addresses.map(\.description) == ["0.0.0.0:53", "[::]:53"])
        #expect(addresses.allSatisfy { $0.isWildcard })
        #expect(ListenAddress.addresses("**:53") == [])
        #expect(ListenAddress.addresses(":x") == [])
    }

    @Test("A NUL ends no address")
    func nul() {
        #expect(ListenAddress("127.0.0.1\u{0}x:53") == nil)
    }
}
