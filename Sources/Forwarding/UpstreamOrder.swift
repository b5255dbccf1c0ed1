import Corefile
import Synchronization

/// In which order a question's upstreams are tried.
final class UpstreamOrder: Sendable {
    private let policy: ForwardSettings.Policy
    /// The questions so far, for `round_robin`.
    private let turn = Atomic<UInt>(0)

    init(_ policy: ForwardSettings.Policy) {
        self.policy = policy
    }

    /// The indices of `count` upstreams in the order they are to be tried.
    func indices(count: Int, _ random: inout some RandomNumberGenerator) -> [Int] {
        guard count > 1 else { return count == 1 ? [0] : [] }
        switch policy {
        case .sequential: return Array(0..<count)
        case .random: return (0..<count).shuffled(using: &random)
        case .roundRobin:
            // As CoreDNS has it: the one whose turn it is, then the others in the order written.
            let first = Int(turn.wrappingAdd(1, ordering: .relaxed).newValue % UInt(count))
            return [first] + (0..<count).filter { $0 != first }
        }
    }
}
