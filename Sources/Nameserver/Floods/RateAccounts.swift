import Synchronization

/// Who has been sent how much of what of late: accounts by key, bounded in number.
///
/// An account has a time from which on it may be debited; a debit moves that time on by the interval of its kind. One
/// second can be saved up, and a debt grows to `window` at most. Where a bucket of accounts is full the one with the
/// least debt makes room.
final class RateAccounts: Sendable {
    /// What a debit leads to.
    enum Verdict: Equatable, Sendable {
        case within
        /// Too much; the number counts since the account was within its limits.
        case exceeded(UInt32)
    }

    private struct Account {
        /// 0 for none.
        var key: UInt64 = 0
        /// Nanoseconds, of any clock that only moves on.
        var allowedFrom: Int64 = .min
        var exceeded: UInt32 = 0
    }

    private final class Shard: Sendable {
        let accounts: Mutex<[Account]>

        init(count: Int) {
            accounts = Mutex([Account](repeating: Account(), count: count))
        }
    }

    /// Accounts that a key may have the place of.
    private static let ways = 8
    private static let second: Int64 = 1_000_000_000
    private let shards: [Shard]
    private let bucketsPerShard: Int
    private let window: Int64

    /// - Parameters:
    ///   - capacity: accounts, rounded up to a multiple of 128.
    ///   - window: nanoseconds.
    init(capacity: Int, window: Int64) {
        let shardCount = 16
        bucketsPerShard = max(1, (capacity + shardCount * Self.ways - 1) / (shardCount * Self.ways))
        let count = bucketsPerShard * Self.ways
        shards = (0..<shardCount).map { _ in Shard(count: count) }
        self.window = window
    }

    /// Takes one from an account.
    ///
    /// - Parameters:
    ///   - key: a keyed hash of what is counted, so that nobody can aim at the account of another one.
    ///   - interval: nanoseconds for which one is enough.
    ///   - now: nanoseconds.
    func debit(_ key: UInt64, interval: Int64, now: Int64) -> Verdict {
        let key = key == 0 ? 1 : key
        let shard = shards[Int(truncatingIfNeeded: key & 15)]
        let first = Int(truncatingIfNeeded: (key >> 4) % UInt64(bucketsPerShard)) * Self.ways
        return shard.accounts.withLock { accounts in
            var place = first
            for index in first..<(first + Self.ways) {
                if accounts[index].key == key {
                    place = index
                    break
                }
                if accounts[index].allowedFrom < accounts[place].allowedFrom { place = index }
            }
            if accounts[place].key != key { accounts[place] = Account(key: key) }
            // At most a second ahead, also for an account that is new.
            let earliest = now - Self.second
            let latest = now + window
            let allowedFrom = min(max(accounts[place].allowedFrom, earliest) + interval, latest)
            accounts[place].allowedFrom = allowedFrom
            guard allowedFrom > now else {
                accounts[place].exceeded = 0
                return .within
            }
            accounts[place].exceeded &+= 1
            return .exceeded(accounts[place].exceeded)
        }
    }
}
