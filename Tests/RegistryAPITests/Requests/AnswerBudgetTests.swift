import Synchronization
import TestSupport
import Testing

@testable import RegistryAPI

@Suite("Room for answers")
struct AnswerBudgetTests {
    private static let cost = AnswerBudget.requestCost
    /// Far longer than any test.
    private static let long = Duration.seconds(600)

    /// What has happened, in its order.
    private final class Notes: Sendable {
        private let notes = Mutex<[String]>([])

        var all: [String] { notes.withLock(\.self) }

        func add(_ note: String) { notes.withLock { $0.append(note) } }
    }

    /// A budget of so many requests.
    private static func budget(
        _ requests: Int, patience: Duration = .zero
    ) -> AnswerBudget {
        AnswerBudget(maximum: requests * cost, patience: patience)
    }

    @Test("Requests come in up to half of the budget, and again when one has gone")
    func requests() async throws {
        let budget = Self.budget(4)
        let first = try #require(await budget.enter(user: nil))
        var second = await budget.enter(user: nil)
        #expect(second != nil)
        #expect(await budget.enter(user: nil) == nil)
        #expect(budget.held == 2 * Self.cost)
        // Those that are in have room.
        #expect(await first.take(2 * Self.cost))
        #expect(await !first.take(1))
        first.give(2 * Self.cost)
        second = nil
        #expect(await budget.enter(user: nil) != nil)
    }

    @Test("Who writes finds room beside answers that nobody reads, an eighth more of it")
    func writes() async throws {
        let budget = Self.budget(16)
        let unread = try #require(await budget.enter(user: nil))
        #expect(unread.takeAtOnce(16 * Self.cost))
        #expect(await budget.enter(user: nil) == nil)
        var writes: [AnswerBudget.Hold] = []
        for _ in 0..<2 { writes.append(try #require(await budget.enter(user: nil, isWrite: true))) }
        #expect(await budget.enter(user: nil, isWrite: true) == nil)
        writes.removeLast()
        #expect(await budget.enter(user: nil, isWrite: true) != nil)
    }

    @Test("A user who is known has three eighths of it: others come in beside, and the user may still write")
    func shares() async throws {
        let budget = Self.budget(16)
        let greedy = try #require(await budget.enter(user: "greedy"))
        let second = try #require(await budget.enter(user: "greedy"))
        #expect(greedy.takeAtOnce(5 * Self.cost))
        // Six of sixteen: more would be made by itself where it is one answer, and is refused where it is several.
        #expect(!second.takeAtOnce(2 * Self.cost))
        #expect(await budget.enter(user: "greedy") == nil)
        let write = await budget.enter(user: "greedy", isWrite: true)
        #expect(write != nil)
        #expect(await budget.enter(user: "greedy", isWrite: true) == nil)
        let other = await budget.enter(user: "other")
        #expect(other != nil)
        #expect(await budget.enter(user: "third") == nil, "half of all is taken")
        greedy.give(4 * Self.cost)
        #expect(await budget.enter(user: "third") != nil)
        #expect(await budget.enter(user: "greedy") != nil)
    }

    @Test("However many of one user wait, others come in at once, and not all places to wait are one user's")
    func manyOfOneUser() async throws {
        let budget = Self.budget(16, patience: Self.long)
        var greedy: [AnswerBudget.Hold] = []
        for _ in 0..<4 { greedy.append(try #require(await budget.enter(user: "greedy"))) }
        let waiting = (0..<300).map { _ in Task { await budget.enter(user: "greedy") } }
        await until { budget.waitingCount == 128 }
        let other = await budget.enter(user: "other")
        #expect(other != nil)
        // Those beyond are turned away at once; those who wait have their turn.
        let unknown = await budget.enter(user: nil)
        #expect(unknown != nil)
        for task in waiting { task.cancel() }
        for task in waiting { _ = await task.value }
        #expect(budget.waitingCount == 0)
    }

    @Test("An answer that is too long for the budget is made by itself, and leaves the budget to others")
    func alone() async throws {
        let budget = Self.budget(4)
        let long = try #require(await budget.enter(user: nil))
        for _ in 0..<9 { #expect(await long.take(Self.cost)) }
        #expect(budget.held == 10 * Self.cost)
        let other = try #require(await budget.enter(user: nil))
        #expect(await other.take(3 * Self.cost))
        #expect(await !other.take(Self.cost), "one at a time")
        long.giveAll()
        #expect(await other.take(Self.cost))
        other.giveAll()
        #expect(budget.held == 0)
    }

    @Test("Who waits is served in the order of coming, those who are in before those who come")
    func order() async throws {
        let budget = Self.budget(8, patience: Self.long)
        let holder = try #require(await budget.enter(user: nil))
        let writer = try #require(await budget.enter(user: nil))
        #expect(holder.takeAtOnce(7 * Self.cost))
        let served = Notes()
        async let request: Void = {
            let hold = await budget.enter(user: nil)
            served.add(hold == nil ? "none" : "request")
        }()
        await until { budget.waitingCount == 1 }
        async let answer: Void = {
            let isTaken = await writer.take(4 * Self.cost)
            served.add(isTaken ? "answer" : "none")
        }()
        await until { budget.waitingCount == 2 }
        // Room for the answer, and not for the request as well.
        holder.give(4 * Self.cost)
        await until { served.all.count == 1 }
        #expect(budget.waitingCount == 1)
        holder.giveAll()
        writer.giveAll()
        _ = await (request, answer)
        #expect(served.all == ["answer", "request"])
        #expect(budget.held == 0)
    }

    @Test("One who waits and is cancelled takes nothing")
    func cancelled() async throws {
        let budget = Self.budget(4, patience: Self.long)
        let holder = try #require(await budget.enter(user: nil))
        #expect(holder.takeAtOnce(2 * Self.cost))
        let waiting = Task { await budget.enter(user: nil) == nil }
        await until { budget.waitingCount == 1 }
        waiting.cancel()
        #expect(await waiting.value)
        #expect(budget.waitingCount == 0 && budget.held == 2 * Self.cost)
    }

    @Test("What was taken beforehand is exchanged for what is needed, what is owed is held whatever there is")
    func exchange() async throws {
        let budget = Self.budget(8)
        let hold = try #require(await budget.enter(user: nil))
        #expect(await hold.take(4 * Self.cost))
        #expect(hold.exchange(4 * Self.cost, for: 10))
        #expect(budget.held == Self.cost + 10)
        #expect(hold.exchange(10, for: 20))
        #expect(budget.held == Self.cost + 20)
        let other = try #require(await budget.enter(user: nil))
        #expect(!other.takeAtOnce(8 * Self.cost))
        other.owe(8 * Self.cost)
        #expect(budget.held == 9 * Self.cost + 20)
    }
}
