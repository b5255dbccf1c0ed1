import AddressAllocator
import Registry

/// Virtual IPs taken and given back.
enum AllocatorOperations {
    static func all() throws -> [Operation] {
        guard let cidr = CIDR("10.96.0.0/16") else { throw SetupError("no range") }
        let range = try AddressRange(cidr)
        let owner = NamespacedName(namespace: "shop", name: "web")
        var random = SeededGenerator(seed: 1)
        var allocator = AddressAllocator(ranges: [range])
        // Half of the range is taken.
        for _ in 0..<32_768 { _ = try allocator.allocate(.ipv4, for: owner, using: &random) }
        let box = Box(allocator, random)
        return [
            Operation("allocator: an address taken and freed", count: 10_000) { count in
                for _ in 0..<count { box.takeAndFree(owner) }
            }
        ]
    }

    private final class Box {
        private var allocator: AddressAllocator
        private var random: SeededGenerator

        init(_ allocator: AddressAllocator, _ random: SeededGenerator) {
            (self.allocator, self.random) = (allocator, random)
        }

        func takeAndFree(_ owner: NamespacedName) {
            guard let address = try? allocator.allocate(.ipv4, for: owner, using: &random) else { return }
            allocator.release(address, of: owner, at: Timestamp(milliseconds: 0))
        }
    }
}
