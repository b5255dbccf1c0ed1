import AddressAllocator
import Registry
import Testing

struct AddressAuditTests {
    @Test("Every disagreement is found and said in a line")
    func findings() throws {
        let ranges = [try AddressRange(try cidr("10.96.0.0/24"))]
        func holding(_ id: String, _ addresses: String...) -> Service {
            service(id) {
                $0.clusterIP = addresses.first ?? ""
                $0.clusterIPs = addresses
            }
        }
        func row(_ text: String, _ owner: String) throws -> AddressAllocation {
            AddressAllocation(address: try address(text), owner: name(owner))
        }
        let findings = AddressAudit.findings(
            ranges: ranges,
            allocations: [
                try row("10.96.0.10", "prod/web"), try row("10.96.0.11", "prod/a"), try row("10.96.0.12", "prod/gone"),
                try row("10.96.0.14", "prod/x"), try row("10.1.0.1", "prod/old"), try row("10.96.0.16", "prod/fine"),
            ],
            services: [
                holding("prod/web", "10.96.0.10"), holding("prod/a", "10.96.0.11"), holding("prod/b", "10.96.0.11"),
                holding("prod/c", "10.96.0.13"), holding("prod/y", "10.96.0.14"), holding("prod/old", "10.1.0.1"),
                holding("prod/none", "None"), holding("prod/fine", "10.96.0.16"), holding("prod/empty"),
            ])
        #expect(
            findings.map(\.description) == [
                "10.1.0.1 of prod/old is in no configured range",
                "10.96.0.11 is held by prod/a and prod/b",
                "10.96.0.12 is allocated to prod/gone, which does not hold it",
                "10.96.0.13 is held by prod/c but not allocated",
                "10.96.0.14 is allocated to prod/x but held by prod/y",
            ])
    }

    @Test("Node ports are audited alike")
    func nodePorts() {
        func holding(_ id: String, _ numbers: Int...) -> Service {
            service(id) { $0.ports = numbers.map { Service.Port(port: 80, nodePort: $0) } }
        }
        let findings = AddressAudit.findings(
            nodePortRange: 30000...32767,
            allocations: [30000: name("prod/a"), 30001: name("prod/gone"), 20000: name("prod/b")],
            services: [holding("prod/a", 30000, 30000), holding("prod/b", 20000, 30002)])
        #expect(
            findings.map(\.description) == [
                "node port 20000 of prod/b is in no configured range",
                "node port 30001 is allocated to prod/gone, which does not hold it",
                "node port 30002 is held by prod/b but not allocated",
            ])
    }
}
