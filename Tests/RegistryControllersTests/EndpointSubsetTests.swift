import Registry
import Testing

@testable import RegistryControllers

@Suite("Canonical subsets")
struct EndpointSubsetTests {
    private static func subset(_ addresses: [String], _ notReady: [String] = [], ports: [Int]) -> EndpointSubset {
        EndpointSubset(
            addresses: addresses.map { SubsetAddress(ip: $0) },
            notReadyAddresses: notReady.map { SubsetAddress(ip: $0) },
            ports: ports.map { SlicePort(name: "p\($0)", transport: "TCP", number: $0) })
    }

    private static func shown(_ subsets: [EndpointSubset]) -> Set<String> {
        Set(
            subsets.map { subset in
                "\(subset.addresses.map(\.ip)) \(subset.notReadyAddresses.map(\.ip)) "
                    + "\(subset.ports.map { $0.number ?? 0 }.sorted())"
            })
    }

    @Test(
        "Ports with the same addresses stand together",
        arguments: [
            ([subset(["1.1.1.1"], ports: [1]), subset(["1.1.1.1"], ports: [2])], [#"["1.1.1.1"] [] [1, 2]"#]),
            ([subset(["2.2.2.2"], ports: [1]), subset(["1.1.1.1"], ports: [1])], [#"["1.1.1.1", "2.2.2.2"] [] [1]"#]),
            (
                [subset(["1.1.1.1", "2.2.2.2"], ports: [1]), subset(["1.1.1.1"], ports: [2])],
                [#"["1.1.1.1", "2.2.2.2"] [] [1]"#, #"["1.1.1.1"] [] [2]"#]
            ),
            // Not ready trumps ready.
            ([subset(["1.1.1.1"], ["1.1.1.1"], ports: [1])], [#"[] ["1.1.1.1"] [1]"#]),
            ([subset([], ["1.1.1.1"], ports: [1]), subset(["1.1.1.1"], ports: [1])], [#"[] ["1.1.1.1"] [1]"#]),
            ([subset(["1.1.1.1"], ports: []), subset(["2.2.2.2"], ports: [])], [#"["1.1.1.1", "2.2.2.2"] [] []"#]),
            ([subset([], ports: [1])], []),
        ])
    func packed(_ subsets: [EndpointSubset], _ expected: [String]) {
        #expect(Self.shown(EndpointSubset.packed(subsets)) == Set(expected))
        #expect(Self.shown(EndpointSubset.packed(subsets.reversed())) == Set(expected))
    }
}
