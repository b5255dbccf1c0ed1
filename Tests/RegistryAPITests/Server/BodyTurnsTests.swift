import Synchronization
import TestSupport
import Testing

@testable import RegistryAPI

@Suite("Turns of bodies", .timeLimit(.minutes(1)))
struct BodyTurnsTests {
    private static let long = Duration.seconds(600)

    private final class Order: Sendable {
        private let entries = Mutex<[String]>([])

        var all: [String] { entries.withLock(\.self) }

        func add(_ entry: String) { entries.withLock { $0.append(entry) } }
    }

    @Test("Those of many values wait for each other, users in turn; those of few go beside them")
    func turns() async throws {
        let turns = BodyTurns(maximum: 6400, patience: Self.long)
        let first = try #require(await turns.take(6000, user: "greedy"))
        let order = Order()
        var tasks: [Task<Void, Never>] = []
        for (number, user) in ["greedy", "greedy", "greedy", "other"].enumerated() {
            tasks.append(
                Task {
                    // Whatever is said, it fits by itself.
                    guard let turn = await turns.take(number == 1 ? .max : 6000, user: user) else { return }
                    order.add("\(user) \(number)")
                    turn.end()
                    turn.end()
                })
            await until { turns.waitingCount == number + 1 }
        }
        // One that fits beside the first has to wait all the same: it would pass by those before it.
        let beside = Task { await turns.take(300, user: "third") != nil }
        await until { turns.waitingCount == 5 }
        let small = await turns.take(100, user: "third")
        #expect(small != nil && order.all.isEmpty)
        first.end()
        for task in tasks { await task.value }
        #expect(await beside.value)
        #expect(order.all == ["greedy 0", "other 3", "greedy 1", "greedy 2"])
        #expect(turns.waitingCount == 0)
    }

    @Test("Who has waited long enough, or has gone, waits no more, and those behind go on")
    func impatience() async throws {
        let turns = BodyTurns(maximum: 640, patience: .zero)
        let first = try #require(await turns.take(640, user: nil))
        #expect(await turns.take(640, user: nil) == nil)
        let patient = BodyTurns(maximum: 640, patience: Self.long)
        let held = try #require(await patient.take(400, user: nil))
        let gone = Task { await patient.take(640, user: "a") == nil }
        await until { patient.waitingCount == 1 }
        let behind = Task { await patient.take(200, user: "b") != nil }
        await until { patient.waitingCount == 2 }
        gone.cancel()
        #expect(await gone.value)
        #expect(await behind.value)
        first.end()
        held.end()
        #expect(await turns.take(640, user: nil) != nil)
    }

    @Test("A turn that is forgotten is over")
    func forgotten() async throws {
        let turns = BodyTurns(maximum: 640, patience: .zero)
        _ = await turns.take(640, user: nil)
        #expect(await turns.take(640, user: nil) != nil)
    }
}
