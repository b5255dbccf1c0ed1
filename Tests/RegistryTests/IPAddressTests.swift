import Testing

@testable import Registry

@Suite("Addresses and networks")
struct IPAddressTests {
    @Test(
        "Texts of addresses, and their canonical form (RFC 5952)",
        arguments: [
            ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("::", "::"), ("::1", "::1"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("2001:db8::0:1", "2001:db8::1"),
            ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.1"), ("fe80::1", "fe80::1"),
        ])
    func addresses(text: String, written: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == written)
        #expect(IPAddress(written) == address)
        #expect(Self.read(text) == address)
        #expect(IPAddress(family: address.family, value: address.value) == address)
        #expect(address.bytes.count * 8 == address.family.bitWidth)
        #expect(address.bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) } == address.value)
    }

    @Test(
        "Texts that are none",
        arguments: [
            "", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.0.0.1", "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "0x1.2.3.4", ":::",
            "1::2::3",
            "::1%eth0", "g::", "1:2:3:4:5:6:7", "::ffff:010.0.0.1", "1.2.3.4\u{0}", "[::1]", "::1/128", "localhost",
            String(repeating: "1", count: 1000),
        ])
    func others(_ text: String) {
        #expect(IPAddress(text) == nil)
        #expect(Self.read(text) == nil)
    }

    private static func read(_ text: String) -> IPAddress? {
        Array(text.utf8).withUnsafeBufferPointer { IPAddress(utf8: $0) }
    }

    @Test(
        "Bytes are read as the same texts are",
        arguments: [
            "10.0.0.1", "1.2.3.04", "00.0.0.0", "1..2.3", "1.2.3.", ".1.2.3", "999.1.1.1", "1.2.3.256",
            "255.255.255.2555",
            "1.2.3.4.", "1234567", "1.2.3.a", "::ffff:1.2.3.4", "0.0.0.0",
        ])
    func bytes(_ text: String) { #expect(Self.read(text) == IPAddress(text)) }

    @Test("Mapped, loopback, unspecified and link-local addresses are told apart")
    func properties() throws {
        for text in [
            "0.0.0.0", "127.255.0.1", "169.254.1.1", "224.0.0.9", "::", "::1", "fe80::1", "febf::1", "ff02::1",
        ] {
            #expect(try #require(IPAddress(text)).isUnfitForEndpoint, "\(text)")
        }
        for text in ["0.0.0.1", "126.0.0.1", "169.253.0.1", "224.0.1.1", "::2", "fec0::1", "fe7f::1", "10.0.0.1"] {
            #expect(try !#require(IPAddress(text)).isUnfitForEndpoint, "\(text)")
        }
        #expect(IPAddress("::ffff:1.2.3.4")?.isIPv4Mapped == true)
        #expect(IPAddress("::1:0:0")?.isIPv4Mapped == false)
        #expect(IPAddress("1.2.3.4")?.isIPv4Mapped == false)
        #expect(IPAddress(family: .ipv4, value: 1 << 32) == nil)
    }

    @Test("IPv4 sorts before IPv6, then by value")
    func order() {
        let sorted = ["9.0.0.0", "10.0.0.0", "255.0.0.0", "::", "::1", "fd00::"].compactMap { IPAddress($0) }
        #expect(sorted.shuffled().sorted() == sorted)
    }

    @Test("Networks, their last address and what they hold")
    func networks() throws {
        for (text, last, hostBits) in [
            ("10.96.0.0/16", "10.96.255.255", 16), ("0.0.0.0/0", "255.255.255.255", 32), ("10.0.0.1/32", "10.0.0.1", 0),
            ("fd00:10:96::/112", "fd00:10:96::ffff", 16), ("::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128),
            ("2001:db8::1/128", "2001:db8::1", 0),
        ] {
            let network = try #require(CIDR(text), "\(text)")
            let lastAddress = try #require(IPAddress(last))
            #expect(network.description == text)
            #expect(network.last == lastAddress.value && network.hostBits == hostBits)
            #expect(network.contains(network.base) && network.contains(lastAddress))
            if let next = IPAddress(family: network.family, value: lastAddress.value &+ 1),
                hostBits < network.family.bitWidth
            {
                #expect(!network.contains(next))
            }
        }
        #expect(CIDR("0.0.0.0/0")?.contains(.v6(1)) == false)
    }

    @Test(
        "Texts that are no networks",
        arguments: [
            "", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/16", "10.0.0.0/-1", "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "fd00::/129", "fd00::1/64", "::ffff:10.0.0.0/112", "10.0.0.0/٨", "10.0.0.0/0008", "x/8", "10.0.0.0 /8",
        ])
    func noNetworks(_ text: String) {
        #expect(CIDR(text) == nil)
    }

    @Test("Names of Kubernetes' forms")
    func names() {
        for (text, isLabel, isSubdomain, isPort) in [
            ("a", true, true, true), ("a-b", true, true, true), ("1", true, true, false), ("a.b", false, true, false),
            ("", false, false, false), ("-a", false, false, false), ("a-", false, false, false),
            ("A", false, false, false),
            ("a_b", false, false, false), ("a--b", true, true, false), ("a..b", false, false, false),
            (String(repeating: "a", count: 64), false, true, false),
            (String(repeating: "a", count: 16), true, true, false),
            (String(repeating: "a", count: 254), false, false, false), ("é", false, false, false),
        ] {
            #expect(NameRules.isLabel(text) == isLabel, "\(text)")
            #expect(NameRules.isSubdomain(text) == isSubdomain, "\(text)")
            #expect(NameRules.isPortName(text) == isPort, "\(text)")
        }
        for key in ["a", "A_b.c-d", "example.org/a", "1"] { #expect(NameRules.isQualifiedName(key), "\(key)") }
        for key in ["", "/a", "a/", "a/b/c", "_a", "Ex.org/a", "a b"] {
            #expect(!NameRules.isQualifiedName(key), "\(key)")
        }
    }

    @Test("A prefix length has no leading zero")
    func leadingZero() {
        #expect(CIDR("10.0.0.0/08") == nil)
    }
}
