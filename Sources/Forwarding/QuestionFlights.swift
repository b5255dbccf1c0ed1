import Synchronization

/// Equal questions under way at the same time share one exchange: one answer for all, and no more chances for a forger
/// than one question gives (RFC 5452 §5).
final class QuestionFlights<Key: Hashable & Sendable, Answer: Sendable>: Sendable {
    /// The most askers that wait for one answer.
    private let waiterLimit: Int
    private let flights = Mutex<[Key: [CheckedContinuation<Answer?, Never>]]>([:])

    init(waiterLimit: Int) {
        self.waiterLimit = waiterLimit
    }

    /// An answer, and whether it was another asker's.
    struct Landing: Sendable {
        var answer: Answer
        var isShared: Bool
    }

    /// Where an asker stands who is not the first.
    private enum Place {
        case waiting, full, landed
    }

    /// Waits for the answer of the same question under way, or gets it by `fetch`.
    ///
    /// - Returns: nil where too many wait already.
    nonisolated(nonsending) func land(
        _ key: Key, _ fetch: nonisolated(nonsending) () async -> Answer
    ) async -> Landing? {
        let isFirst = flights.withLock { flights in
            guard flights[key] == nil else { return false }
            flights[key] = []
            return true
        }
        if isFirst {
            let answer = await fetch()
            for waiter in flights.withLock({ $0.removeValue(forKey: key) }) ?? [] { waiter.resume(returning: answer) }
            return Landing(answer: answer, isShared: false)
        }
        var place = Place.waiting
        let answer: Answer? = await withCheckedContinuation { continuation in
            place = flights.withLock { flights in
                guard let waiters = flights[key]?.count else { return .landed }
                guard waiters < waiterLimit else { return .full }
                flights[key]?.append(continuation)
                return .waiting
            }
            if place != .waiting { continuation.resume(returning: nil) }
        }
        if let answer { return Landing(answer: answer, isShared: true) }
        // The flight came in between the two looks: its answer is gone, so this one asks for itself.
        return place == .full ? nil : Landing(answer: await fetch(), isShared: false)
    }
}
