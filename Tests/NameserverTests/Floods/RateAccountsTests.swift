import Testing

@testable import Nameserver

@Suite struct RateAccountsTests {
    private static let second: Int64 = 1_000_000_000

    /// How many of `count` debits, evenly over a second from `start`, are within the limit.
    private func allowed(
        _ accounts: RateAccounts, _ key: UInt64, _ count: Int, rate: Int64, from start: Int64
    ) -> Int {
        (0..<count).count { number in
            let now = start + Int64(number) * Self.second / Int64(count)
            return accounts.debit(key, interval: Self.second / rate, now: now) == .within
        }
    }

    @Test("A second's worth may be saved up; then as much as the rate says", arguments: [1, 10, 100] as [Int64])
    func rate(_ rate: Int64) {
        let accounts = RateAccounts(capacity: 100, window: 15 * Self.second)
        let first = allowed(accounts, 7, 10_000, rate: rate, from: 0)
        #expect((rate...(2 * rate + 1)).contains(Int64(first)), "\(first)")
        let within = rate - rate / 10
        // The debt of the first second is paid off.
        let later = allowed(accounts, 7, Int(within), rate: rate, from: 60 * Self.second)
        #expect(later == Int(within))
        #expect(allowed(accounts, 8, Int(rate), rate: rate, from: 0) == Int(rate), "another account")
    }

    @Test func aDebtGrowsToTheWindowAndNotBeyond() {
        let accounts = RateAccounts(capacity: 100, window: 5 * Self.second)
        for _ in 0..<1000 { _ = accounts.debit(1, interval: Self.second, now: 0) }
        #expect(accounts.debit(1, interval: Self.second, now: 4 * Self.second) != .within)
        // The window from the last debit on, and the debit itself.
        #expect(accounts.debit(1, interval: Self.second, now: 11 * Self.second) == .within)
    }

    @Test func whatIsTooMuchIsNumbered() {
        let accounts = RateAccounts(capacity: 100, window: 15 * Self.second)
        let verdicts = (0..<5).map { _ in accounts.debit(1, interval: Self.second, now: 0) }
        #expect(verdicts == [.within, .exceeded(1), .exceeded(2), .exceeded(3), .exceeded(4)])
    }

    @Test func moreAccountsThanThereIsRoomForTakeThePlaceOfTheLeastIndebted() {
        let accounts = RateAccounts(capacity: 1, window: 15 * Self.second)
        for _ in 0..<100 { _ = accounts.debit(1, interval: Self.second, now: 0) }
        for key in 2..<10_000 as Range<UInt64> { _ = accounts.debit(key, interval: 1000, now: 0) }
        #expect(accounts.debit(1, interval: Self.second, now: 0) != .within, "its debt is not forgotten")
    }
}
