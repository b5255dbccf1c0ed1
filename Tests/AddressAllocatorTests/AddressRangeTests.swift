import AddressAllocator
import Registry
import Testing

struct AddressRangeTests {
    struct Bands: CustomTestStringConvertible {
        let cidr: String
        let `static`: (String, String)?
        let dynamic: (String, String)
        var testDescription: String { cidr }
    }

    @Test(
        "The bands are those of Kubernetes' allocator",
        arguments: [
            Bands(cidr: "10.0.0.0/29", static: nil, dynamic: ("10.0.0.1", "10.0.0.6")),
            Bands(cidr: "10.0.0.0/28", static: nil, dynamic: ("10.0.0.1", "10.0.0.14")),
            Bands(cidr: "10.0.0.0/27", static: ("10.0.0.1", "10.0.0.16"), dynamic: ("10.0.0.17", "10.0.0.30")),
            Bands(cidr: "10.0.0.0/24", static: ("10.0.0.1", "10.0.0.16"), dynamic: ("10.0.0.17", "10.0.0.254")),
            Bands(cidr: "10.0.0.0/20", static: ("10.0.0.1", "10.0.1.0"), dynamic: ("10.0.1.1", "10.0.15.254")),
            Bands(cidr: "10.96.0.0/16", static: ("10.96.0.1", "10.96.1.0"), dynamic: ("10.96.1.1", "10.96.255.254")),
            Bands(cidr: "10.0.0.0/8", static: ("10.0.0.1", "10.0.1.0"), dynamic: ("10.0.1.1", "10.255.255.254")),
            Bands(cidr: "0.0.0.0/0", static: ("0.0.0.1", "0.0.1.0"), dynamic: ("0.0.1.1", "255.255.255.254")),
            Bands(cidr: "fd00::/125", static: nil, dynamic: ("fd00::1", "fd00::7")),
            Bands(cidr: "fd00::/112", static: ("fd00::1", "fd00::100"), dynamic: ("fd00::101", "fd00::ffff")),
            Bands(cidr: "fd00::/108", static: ("fd00::1", "fd00::100"), dynamic: ("fd00::101", "fd00::f:ffff")),
            Bands(
                cidr: "fd00::/64", static: ("fd00::1", "fd00::100"),
                dynamic: ("fd00::101", "fd00::ffff:ffff:ffff:ffff")),
        ])
    func bands(_ expected: Bands) throws {
        let range = try AddressRange(try cidr(expected.cidr))
        let low = try expected.static.map { try address($0.0)...(try address($0.1)) }
        #expect(range.bounds(of: .static) == low)
        #expect(range.bounds(of: .dynamic) == (try address(expected.dynamic.0))...(try address(expected.dynamic.1)))
    }

    @Test("Ranges of fewer than 8 addresses and IPv6 ones larger than /64 are refused")
    func refusedSizes() throws {
        for text in ["10.0.0.0/30", "10.0.0.0/32", "fd00::/126"] {
            #expect(throws: AllocationError.rangeTooSmall(try cidr(text))) { try AddressRange(try cidr(text)) }
        }
        for text in ["fd00::/63", "::/0"] {
            #expect(throws: AllocationError.rangeTooLarge(try cidr(text))) { try AddressRange(try cidr(text)) }
        }
        #expect(
            "\(AllocationError.rangeTooSmall(try cidr("10.0.0.0/30")))"
                == "service range 10.0.0.0/30 is too small: it must have at least 8 addresses")
    }

    @Test("Reserved and foreign addresses have no offset")
    func offsets() throws {
        let v4 = try AddressRange(try cidr("10.0.0.0/28"))
        for text in ["10.0.0.0", "10.0.0.15", "10.0.0.16", "9.255.255.255", "fd00::1"] {
            #expect(v4.offset(of: try address(text)) == nil, "\(text)")
        }
        #expect(v4.offset(of: try address("10.0.0.14")) == 14)
        let v6 = try AddressRange(try cidr("fd00::/64"))
        #expect(v6.offset(of: try address("fd00::")) == nil)
        #expect(v6.offset(of: try address("fd00::ffff:ffff:ffff:ffff")) == .max)
        #expect(v6.address(at: .max) == (try address("fd00::ffff:ffff:ffff:ffff")))
    }
}
