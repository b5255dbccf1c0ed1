import AddressAllocator
import Registry
import TestSupport
import Testing

/// What Kubernetes' API server says of a Service that cannot have what it asks for (1.36); ours for people say more.
struct KubernetesWordingTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let wanted: Service
        var stored: Service?
        let message: String
    }

    /// Of a range of six addresses `prod/web` has one, and one of four node ports.
    private static func refusal(of refusal: Refusal) throws -> AddressingError? {
        var generator = SeededGenerator.announced()
        var pools = try makePools("10.0.0.0/29", nodePorts: 30000...30003)
        pools.addresses.take(try address("10.0.0.3"), for: name("prod/web"))
        pools.nodePorts.take(30001, for: name("prod/web"))
        return #expect(throws: AddressingError.self) {
            try ServiceAddressing.plan(
                for: refusal.wanted, replacing: refusal.stored, from: pools, using: &generator)
        }
    }

    enum Tables {
        static func ofAddress(_ text: String) -> Service { service("prod/b") { $0.clusterIP = text } }

        /// As it is stored.
        static func held(_ text: String) -> Service {
            service("prod/b") {
                $0.clusterIP = text
                $0.clusterIPs = [text]
                $0.families = [.ipv4]
                $0.familyPolicy = .singleStack
            }
        }

        static func ofPort(_ number: Int) -> Service {
            service("prod/b") {
                $0.kind = .nodePort
                $0.ports[0].nodePort = number
            }
        }

        static func balanced(_ number: Int) -> Service {
            service("prod/b") {
                $0.kind = .loadBalancer
                $0.externalTrafficPolicy = .local
                $0.allocatesLoadBalancerNodePorts = false
                $0.healthCheckNodePort = number
            }
        }

        static func external(_ edit: (inout Service) -> Void) -> Service {
            service("prod/b") {
                $0.kind = .externalName
                $0.externalName = "b.example.org"
                edit(&$0)
            }
        }

        static let unmatched = "the provided network does not match the current range"
        static let refused =
            ["10.0.1.1", "10.0.0.0", "10.0.0.7"].map { text in
                Refusal(
                    testDescription: text, wanted: ofAddress(text),
                    message:
                        "spec.clusterIPs: Invalid value: [\"\(text)\"]: failed to allocate IP \(text): \(unmatched)")
            } + [
                Refusal(
                    testDescription: "another family", wanted: ofAddress("fd00::1"),
                    message: "spec.clusterIPs[0]: Invalid value: [\"fd00::1\"]: "
                        + "may not use IPv6 on a cluster which is not configured for it"),
                Refusal(
                    testDescription: "a second address of another family",
                    wanted: service("prod/b") {
                        $0.clusterIP = "10.0.0.4"
                        $0.clusterIPs = ["10.0.0.4", "fd00::1"]
                        $0.familyPolicy = .preferDualStack
                    },
                    message: "spec.clusterIPs[1]: Invalid value: [\"10.0.0.4\",\"fd00::1\"]: "
                        + "may not use IPv6 on a cluster which is not configured for it"),
                Refusal(
                    testDescription: "an ExternalName Service is given one address",
                    wanted: external { $0.clusterIP = "10.0.0.4" }, stored: external { _ in },
                    message: "spec.clusterIPs: Forbidden: may not be set for ExternalName services"),
                Refusal(
                    testDescription: "an ExternalName Service is given none",
                    wanted: external {
                        $0.clusterIP = "None"
                        $0.clusterIPs = ["None"]
                    },
                    message: "spec.clusterIPs: Forbidden: may not be set for ExternalName services"),
                Refusal(
                    testDescription: "a taken address", wanted: ofAddress("10.0.0.3"),
                    message: "spec.clusterIPs: Invalid value: [\"10.0.0.3\"]: failed to allocate IP 10.0.0.3: "
                        + "provided IP is already allocated"),
                Refusal(
                    testDescription: "another address", wanted: ofAddress("10.0.0.4"), stored: held("10.0.0.5"),
                    message: "spec.clusterIPs[0]: Invalid value: [\"10.0.0.4\"]: may not change once set"),
                Refusal(
                    testDescription: "a taken port", wanted: ofPort(30001),
                    message: "spec.ports[0].nodePort: Invalid value: 30001: provided port is already allocated"),
                Refusal(
                    testDescription: "a port out of range", wanted: ofPort(30080),
                    message: "spec.ports[0].nodePort: Invalid value: 30080: provided port is not in the valid range. "
                        + "The range of valid ports is 30000-30003"),
            ]
        static let health = [
            Refusal(
                testDescription: "a taken health check port", wanted: balanced(30001),
                message: "failed to allocate requested HealthCheck NodePort 30001: provided port is already allocated")
        ]
    }

    @Test("A refusal names the field and the fault in upstream's words", arguments: Tables.refused)
    func refused(_ row: Refusal) throws {
        let error = try Self.refusal(of: row)
        #expect(error?.violations.map(\.description) == [row.message])
        #expect(error?.isInternal == false && error?.service == name("prod/b"))
    }

    @Test("A health check port that is taken is an internal error", arguments: Tables.health)
    func health(_ row: Refusal) throws {
        let error = try Self.refusal(of: row)
        #expect(error?.violations.map(\.detail) == [row.message])
        #expect(error?.isInternal == true)
    }

    @Test("No address left is an internal error that says so")
    func full() throws {
        var generator = SeededGenerator.announced()
        var pools = try makePools("10.0.0.0/29")
        for number in 1...6 { pools.addresses.take(try address("10.0.0.\(number)"), for: name("prod/web")) }
        let error = #expect(throws: AddressingError.self) {
            try ServiceAddressing.plan(for: service("prod/b"), from: pools, using: &generator)
        }
        #expect(error?.violations.map(\.detail) == ["failed to allocate a serviceIP: range is full"])
        #expect(error?.isInternal == true)
    }

    @Test("Addresses that rest are told where none is left: Kubernetes knows of none")
    func fullOfResting() throws {
        var generator = SeededGenerator.announced()
        var pools = try makePools("10.0.0.0/29")
        for number in 1...4 { pools.addresses.take(try address("10.0.0.\(number)"), for: name("prod/web")) }
        for number in 5...6 { pools.addresses.setQuarantine(of: try address("10.0.0.\(number)"), until: instant(1)) }
        let error = #expect(throws: AddressingError.self) {
            try ServiceAddressing.plan(for: service("prod/b"), from: pools, using: &generator)
        }
        #expect(
            error?.violations.map(\.detail) == [
                "failed to allocate a serviceIP: range is full; of deleted Services 2 addresses are not given out again yet"
            ])
    }

    static let wishesOfNone: [(String, @Sendable (inout Service) -> Void, String)] = [
        ("any", { _ in }, "failed to allocate a serviceIP: range is full"),
        ("a family", { $0.families = [.ipv6] }, "failed to allocate a serviceIP: range is full"),
        ("both", { $0.familyPolicy = .requireDualStack }, "failed to allocate a serviceIP: range is full"),
        ("one by name", { $0.clusterIP = "10.0.0.4" }, "failed to allocate IP 10.0.0.4: \(Tables.unmatched)"),
    ]

    @Test("While no range is ready none has room, and none holds an address", arguments: wishesOfNone)
    func noRange(_ wish: String, _ edit: @Sendable (inout Service) -> Void, _ detail: String) throws {
        var generator = SeededGenerator.announced()
        var pools = try makePools("10.0.0.0/29")
        pools.addresses.setRanges([])
        let error = #expect(throws: AddressingError.self) {
            try ServiceAddressing.plan(for: service("prod/b", edit), from: pools, using: &generator)
        }
        #expect(error?.violations.map(\.detail) == [detail])
        #expect(error?.violations.map(\.path.description) == ["spec.clusterIPs"])
        #expect(error?.isInternal == detail.hasSuffix("full"))
    }

    @Test("No node port left is an internal error that says so")
    func fullPorts() throws {
        var generator = SeededGenerator.announced()
        var pools = try makePools("10.0.0.0/24", nodePorts: 30000...30000)
        pools.nodePorts.take(30000, for: name("prod/web"))
        let error = #expect(throws: AddressingError.self) {
            try ServiceAddressing.plan(
                for: service("prod/b") { $0.kind = .nodePort }, from: pools, using: &generator)
        }
        #expect(error?.violations.map(\.detail) == ["failed to allocate a nodePort: range is full"])
        #expect(error?.isInternal == true)
    }
}
