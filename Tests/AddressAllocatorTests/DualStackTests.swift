import AddressAllocator
import Registry
import TestSupport
import Testing

/// Which families a Service gets (Kubernetes, dual-stack Services).
struct DualStackTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var ranges = ["10.96.0.0/24", "fd00:10:96::/112"]
        let edit: @Sendable (inout Service) -> Void
        /// What comes out as `families policy`; nil for a refusal.
        let result: String?
        /// The path of the refusal.
        var path = ""
    }

    static let single = ["10.96.0.0/24"]

    @Test(
        "Creation",
        arguments: [
            Row(testDescription: "nothing said", edit: { _ in }, result: "IPv4 SingleStack"),
            Row(
                testDescription: "default family is the first range's", ranges: ["fd00::/112", "10.0.0.0/24"],
                edit: { _ in }, result: "IPv6 SingleStack"),
            Row(testDescription: "family", edit: { $0.families = [.ipv6] }, result: "IPv6 SingleStack"),
            Row(testDescription: "address", edit: { $0.clusterIP = "fd00:10:96::9" }, result: "IPv6 SingleStack"),
            Row(
                testDescription: "prefer", edit: { $0.familyPolicy = .preferDualStack },
                result: "IPv4,IPv6 PreferDualStack"),
            Row(
                testDescription: "prefer on one stack", ranges: single,
                edit: { $0.familyPolicy = .preferDualStack }, result: "IPv4 PreferDualStack"),
            Row(
                testDescription: "require", edit: { $0.familyPolicy = .requireDualStack },
                result: "IPv4,IPv6 RequireDualStack"),
            Row(
                testDescription: "require on one stack", ranges: single,
                edit: { $0.familyPolicy = .requireDualStack }, result: nil, path: "spec.ipFamilyPolicy"),
            Row(
                testDescription: "require, IPv6 first",
                edit: {
                    $0.familyPolicy = .requireDualStack; $0.families = [.ipv6]
                },
                result: "IPv6,IPv4 RequireDualStack"),
            Row(
                testDescription: "prefer by IPv6 address",
                edit: {
                    $0.familyPolicy = .preferDualStack; $0.clusterIP = "fd00:10:96::9"
                },
                result: "IPv6,IPv4 PreferDualStack"),
            Row(
                testDescription: "both addresses",
                edit: {
                    $0.familyPolicy = .preferDualStack
                    $0.clusterIP = "fd00:10:96::9"
                    $0.clusterIPs = ["fd00:10:96::9", "10.96.0.9"]
                }, result: "IPv6,IPv4 PreferDualStack"),
            Row(
                testDescription: "both addresses without policy",
                edit: {
                    $0.clusterIP = "fd00:10:96::9"
                    $0.clusterIPs = ["fd00:10:96::9", "10.96.0.9"]
                }, result: nil, path: "spec.ipFamilyPolicy"),
            Row(
                testDescription: "both families without policy", edit: { $0.families = [.ipv4, .ipv6] },
                result: nil, path: "spec.ipFamilyPolicy"),
            Row(
                testDescription: "two of one family",
                edit: {
                    $0.familyPolicy = .preferDualStack
                    $0.clusterIP = "10.96.0.8"
                    $0.clusterIPs = ["10.96.0.8", "10.96.0.9"]
                }, result: nil, path: "spec.clusterIPs"),
            Row(
                testDescription: "family and address differ",
                edit: {
                    $0.families = [.ipv6]; $0.clusterIP = "10.96.0.8"
                }, result: nil, path: "spec.clusterIPs[0]"),
            Row(
                testDescription: "family not configured", ranges: single, edit: { $0.families = [.ipv6] },
                result: nil, path: "spec.ipFamilies[0]"),
            Row(
                testDescription: "address not configured", ranges: single,
                edit: { $0.clusterIP = "fd00:10:96::9" }, result: nil, path: "spec.clusterIPs[0]"),
            Row(testDescription: "headless", edit: { $0.clusterIP = "None" }, result: "IPv4 SingleStack"),
            Row(
                testDescription: "headless without selector on one stack", ranges: single,
                edit: {
                    $0.clusterIP = "None"; $0.selector = [:]
                }, result: "IPv4,IPv6 RequireDualStack"),
            Row(
                testDescription: "headless without selector, single",
                edit: {
                    $0.clusterIP = "None"; $0.selector = [:]; $0.familyPolicy = .singleStack
                },
                result: "IPv4 SingleStack"),
            Row(
                testDescription: "headless with selector, require on one stack", ranges: single,
                edit: {
                    $0.clusterIP = "None"; $0.familyPolicy = .requireDualStack
                }, result: nil,
                path: "spec.ipFamilyPolicy"),
        ])
    func creation(_ row: Row) throws {
        var generator = SeededGenerator.announced()
        var pools = AddressPools(
            addresses: AddressAllocator(ranges: try row.ranges.map { try AddressRange(try cidr($0)) }),
            nodePorts: try NodePortAllocator())
        do {
            let service = try pools.assign(service("prod/web", row.edit), at: instant(0), using: &generator).service
            #expect(Self.text(of: service) == row.result)
            #expect(service.isHeadless || service.virtualIPs.map(\.family) == service.families)
            #expect(pools.addresses.allocations.map(\.address) == service.virtualIPs.sorted())
        } catch {
            #expect(row.result == nil, "\(error)")
            #expect(error.violations.first?.path.description == row.path)
            #expect(pools.addresses.allocations.isEmpty && !error.isInternal)
        }
    }

    @Test(
        "Update of a single-stack Service at 10.96.0.9",
        arguments: [
            Row(
                testDescription: "require adds the other", edit: { $0.familyPolicy = .requireDualStack },
                result: "IPv4,IPv6 RequireDualStack"),
            Row(
                testDescription: "prefer adds the other", edit: { $0.familyPolicy = .preferDualStack },
                result: "IPv4,IPv6 PreferDualStack"),
            Row(
                testDescription: "a second address by name",
                edit: {
                    $0.familyPolicy = .preferDualStack
                    $0.clusterIP = "10.96.0.9"
                    $0.clusterIPs = ["10.96.0.9", "fd00:10:96::7"]
                }, result: "IPv4,IPv6 PreferDualStack"),
            Row(
                testDescription: "a second family without policy", edit: { $0.families = [.ipv4, .ipv6] },
                result: nil, path: "spec.ipFamilyPolicy"),
            Row(
                testDescription: "families swapped",
                edit: {
                    $0.families = [.ipv6, .ipv4]; $0.familyPolicy = .preferDualStack
                }, result: nil,
                path: "spec.clusterIPs[0]"),
        ])
    func upgrade(_ row: Row) throws {
        try expectUpdate(row) { $0.clusterIP = "10.96.0.9" }
    }

    @Test(
        "Update of a dual-stack Service at 10.96.0.9",
        arguments: [
            Row(testDescription: "nothing said", edit: { _ in }, result: "IPv4,IPv6 PreferDualStack"),
            Row(
                testDescription: "SingleStack alone", edit: { $0.familyPolicy = .singleStack },
                result: "IPv4 SingleStack"),
            Row(
                testDescription: "SingleStack with the fields as they were",
                edit: {
                    $0.familyPolicy = .singleStack; $0.families = [.ipv4, .ipv6]
                }, result: "IPv4 SingleStack"),
            Row(
                testDescription: "one family without policy", edit: { $0.families = [.ipv4] }, result: nil,
                path: "spec.ipFamilyPolicy"),
            Row(
                testDescription: "one address without policy",
                edit: {
                    $0.clusterIP = "10.96.0.9"; $0.clusterIPs = ["10.96.0.9"]
                }, result: nil,
                path: "spec.ipFamilyPolicy"),
            Row(
                testDescription: "SingleStack on the secondary family",
                edit: {
                    $0.familyPolicy = .singleStack; $0.families = [.ipv6]
                }, result: nil,
                path: "spec.clusterIPs[0]"),
            Row(
                testDescription: "another secondary address",
                edit: {
                    $0.clusterIP = "10.96.0.9"; $0.clusterIPs = ["10.96.0.9", "fd00:10:96::77"]
                }, result: nil,
                path: "spec.clusterIPs[1]"),
        ])
    func downgrade(_ row: Row) throws {
        try expectUpdate(row) {
            $0.clusterIP = "10.96.0.9"
            $0.familyPolicy = .preferDualStack
        }
    }

    private func expectUpdate(_ row: Row, of stored: (inout Service) -> Void) throws {
        var generator = SeededGenerator.announced()
        var pools = AddressPools(
            addresses: AddressAllocator(ranges: try row.ranges.map { try AddressRange(try cidr($0)) }),
            nodePorts: try NodePortAllocator())
        let former = try pools.assign(service("prod/web", stored), at: instant(0), using: &generator).service
        do {
            let service = try pools.assign(
                service("prod/web", row.edit), replacing: former, at: instant(0), using: &generator
            ).service
            #expect(Self.text(of: service) == row.result)
            #expect(service.clusterIP == "10.96.0.9" && service.virtualIPs.map(\.family) == service.families)
            #expect(pools.addresses.allocations.map(\.address) == service.virtualIPs.sorted())
        } catch {
            #expect(row.result == nil, "\(error)")
            #expect(error.violations.first?.path.description == row.path)
            #expect(pools.addresses.allocations.map(\.address) == former.virtualIPs.sorted())
        }
    }

    @Test("A cluster that gets a second family changes no Service that says nothing new")
    func noSilentUpgrade() throws {
        var generator = SeededGenerator.announced()
        var pools = try makePools("10.96.0.0/24")
        let wanted = service("prod/web") { $0.familyPolicy = .preferDualStack }
        let web = try pools.assign(wanted, at: instant(0), using: &generator).service
        pools.addresses.add(try AddressRange(try cidr("fd00:10:96::/112")))
        let again = try pools.assign(wanted, replacing: web, at: instant(0), using: &generator).service
        #expect(again == web)
        var both = wanted
        both.families = [.ipv4, .ipv6]
        let upgraded = try pools.assign(both, replacing: web, at: instant(0), using: &generator).service
        #expect(upgraded.clusterIPs.count == 2 && upgraded.clusterIP == web.clusterIP)
    }

    @Test("A headless Service may change its families")
    func headlessFamilies() throws {
        var generator = SeededGenerator.announced()
        var pools = try makePools("10.96.0.0/24", "fd00:10:96::/112")
        var db = try pools.assign(
            service("prod/db") { $0.clusterIP = "None" }, at: instant(0), using: &generator
        ).service
        db.families = [.ipv6]
        let changed = try pools.assign(db, replacing: db, at: instant(0), using: &generator).service
        #expect(changed.families == [.ipv6])
    }

    private static func text(of service: Service) -> String {
        "\(service.families.map(\.rawValue).joined(separator: ",")) \(service.familyPolicy?.rawValue ?? "-")"
    }
}
