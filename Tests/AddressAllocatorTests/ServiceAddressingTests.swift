import AddressAllocator
import Registry
import TestSupport
import Testing

/// The life of one Service's addresses (Kubernetes, registry/core/service/storage).
final class ServiceAddressingTests {
    var pools: AddressPools
    var generator = SeededGenerator.announced("ServiceAddressingTests")

    init() throws {
        self.pools = try makePools("10.96.0.0/24", "fd00:10:96::/112")
    }

    func assign(_ wanted: Service, replacing stored: Service? = nil) throws -> Service {
        try pools.assign(wanted, replacing: stored, at: instant(0), using: &generator).service
    }

    func refusal(of wanted: Service, replacing stored: Service? = nil) -> AddressingError? {
        let before = pools.addresses.allocations
        let error = #expect(throws: AddressingError.self) { try assign(wanted, replacing: stored) }
        #expect(pools.addresses.allocations == before)
        return error
    }

    @Test("A new Service gets an address of the default family and the fields that say so")
    func defaults() throws {
        let web = try assign(service("prod/web"))
        #expect(web.clusterIPs == [web.clusterIP] && web.families == [.ipv4] && web.familyPolicy == .singleStack)
        #expect(pools.addresses.owner(of: try address(web.clusterIP)) == name("prod/web"))
    }

    @Test("Only clusterIP fills clusterIPs; only clusterIPs is refused")
    func pluralField() throws {
        let web = try assign(service("prod/web") { $0.clusterIP = "10.96.0.10" })
        #expect(web.clusterIPs == ["10.96.0.10"])
        let error = refusal(of: service("prod/api") { $0.clusterIPs = ["10.96.0.11"] })
        #expect(error?.violations.first?.path == "spec.clusterIPs" && error?.isInternal == false)
    }

    @Test("An update that omits the address keeps it and takes nothing")
    func inheritance() throws {
        let web = try assign(service("prod/web"))
        let plan = try ServiceAddressing.plan(
            for: service("prod/web"), replacing: web, from: pools, using: &generator)
        #expect(plan.changes.isEmpty && plan.service == web)
    }

    @Test("An address is kept although its range is no longer configured")
    func keptOutsideRange() throws {
        let web = try assign(service("prod/web"))
        var other = try makePools("172.16.0.0/24")
        other.addresses.take(try address(web.clusterIP), for: name("prod/web"))
        let plan = try ServiceAddressing.plan(
            for: service("prod/web"), replacing: web, from: other, using: &generator)
        #expect(plan.changes.isEmpty && plan.service == web)
        let api = try other.assign(service("prod/api"), at: instant(0), using: &generator).service
        #expect(api.clusterIP.hasPrefix("172.16.0."))
    }

    @Test("The address may not change, not to None and not from None")
    func immutable() throws {
        let web = try assign(service("prod/web") { $0.clusterIP = "10.96.0.10" })
        for text in ["10.96.0.11", "None"] {
            let error = refusal(of: service("prod/web") { $0.clusterIP = text }, replacing: web)
            #expect(error?.reason == .immutable && error?.isInternal == false)
            #expect(
                error?.description
                    == "spec.clusterIPs[0]: Invalid value: [\"\(text)\"]: may not change once set (it is 10.96.0.10)")
        }
        let headless = try assign(service("prod/db") { $0.clusterIP = "None" })
        let error = refusal(of: service("prod/db") { $0.clusterIP = "10.96.0.12" }, replacing: headless)
        #expect(error?.reason == .immutable)
        let other = refusal(of: service("prod/web") { $0.families = [.ipv6] }, replacing: web)
        #expect(other?.violations.first?.path.description == "spec.clusterIPs[0]")
    }

    @Test("Another spelling of the same IPv6 address is no change, and is kept as typed")
    func spelling() throws {
        let web = try assign(service("prod/web") { $0.clusterIP = "fd00:10:96:0::0:10" })
        #expect(web.clusterIPs == ["fd00:10:96:0::0:10"] && web.families == [.ipv6])
        let plan = try ServiceAddressing.plan(
            for: service("prod/web") { $0.clusterIP = "fd00:10:96::10" }, replacing: web, from: pools,
            using: &generator)
        #expect(plan.changes.isEmpty)
        let error = refusal(of: service("prod/api") { $0.clusterIP = "fd00:10:96::10" })
        #expect(error?.description == "spec.clusterIPs: fd00:10:96::10 is already allocated to prod/web")
    }

    @Test("Becoming ExternalName wipes and frees; coming back brings a new address")
    func externalName() throws {
        let web = try assign(service("prod/web"))
        var outside = web
        outside.kind = .externalName
        outside.externalName = "web.example.org"
        let wiped = try assign(outside, replacing: web)
        #expect(wiped.clusterIP.isEmpty && wiped.clusterIPs.isEmpty && wiped.families.isEmpty)
        #expect(wiped.familyPolicy == nil && pools.addresses.allocations.isEmpty)
        outside.clusterIP = "10.96.0.77"
        outside.clusterIPs = ["10.96.0.77"]
        #expect(refusal(of: outside, replacing: web)?.violations.first?.reason == .forbidden)
        let back = try assign(service("prod/web"), replacing: wiped)
        #expect(back.clusterIPs.count == 1 && pools.addresses.allocations.count == 1)
    }

    @Test("Headless Services take no address")
    func headless() throws {
        let db = try assign(service("prod/db") { $0.clusterIP = "None" })
        #expect(db.clusterIPs == ["None"] && db.families == [.ipv4] && db.familyPolicy == .singleStack)
        #expect(pools.addresses.allocations.isEmpty)
        #expect(
            refusal(
                of: service("prod/x") {
                    $0.clusterIPs = ["None", "None"]; $0.clusterIP = "None"
                }) != nil)
    }

    @Test("An exhausted range is an internal error, as upstream")
    func exhaustion() throws {
        pools = try makePools("10.0.0.0/29")
        for number in 0..<6 { _ = try assign(service("prod/s\(number)")) }
        let error = refusal(of: service("prod/more"))
        #expect(error?.isInternal == true)
        #expect(error?.description == "spec.clusterIPs: no free address in 10.0.0.0/29 (6 used, 0 quarantined)")
    }

    @Test("What others of the batch ask for by name is not given away")
    func wishes() throws {
        pools = try makePools("10.0.0.0/29")
        let wishes = AddressWishes(of: (1...5).map { host in service("prod/s") { $0.clusterIP = "10.0.0.\(host)" } })
        let plan = try pools.assign(service("prod/web"), avoiding: wishes, at: instant(0), using: &generator)
        #expect(plan.service.clusterIP == "10.0.0.6")
        #expect(throws: AddressingError.self) {
            try pools.assign(service("prod/api"), avoiding: wishes, at: instant(0), using: &generator)
        }
    }

    @Test("Texts that are no addresses are refused, whatever they hold")
    func malformed() throws {
        for text in ["10.96.0.010", "::ffff:10.96.0.9", "10.96.0", "none", "10.96.0.300", "\u{0}", ""] {
            let error = refusal(
                of: service("prod/web") {
                    $0.clusterIP = text
                    $0.clusterIPs = [text]
                })
            #expect(error?.isInternal == false, "\(text)")
        }
        #expect(
            refusal(
                of: service("prod/web") {
                    $0.clusterIP = "10.96.0.1"
                    $0.clusterIPs = ["10.96.0.1", "fd00:10:96::1", "10.96.0.2"]
                }) != nil)
    }
}
