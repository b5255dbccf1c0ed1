/// Who has the places of a server that has only so many: no host more than its share, and none for good where others
/// come.
struct ConnectionPlaces<Connection: Hashable> {
    enum Verdict: Equatable {
        /// No place, though others may have some.
        case refused
        case taken
        /// The place of a connection that is to be closed for it, and is not known here any more.
        case takenOver(from: Connection)
    }

    private struct Place {
        let host: String
        /// Grows from one connection to the next.
        let number: UInt64
    }

    private let maximum: Int
    private let share: Int
    private var places: [Connection: Place] = [:]
    private var counts: [String: Int] = [:]
    private var next: UInt64 = 0

    /// - Parameters:
    ///   - maximum: how many places there are.
    ///   - share: how many of them one host may have.
    init(_ maximum: Int, share: Int) {
        self.maximum = maximum
        self.share = share
    }

    /// Takes a place for a connection.
    ///
    /// Where there is none, the newcomer gets that of the oldest connection of the host that has most, if that is more
    /// than the newcomer's host has: a probe gets in however many hosts have filled the server.
    ///
    /// - Parameter isShort: whether there is no further place for other reasons.
    mutating func enter(_ connection: Connection, of host: String, isShort: Bool = false) -> Verdict {
        let own = counts[host, default: 0]
        guard own < share else { return .refused }
        var former: Connection?
        if isShort || places.count >= maximum {
            guard let most = counts.values.max(), most > own,
                let oldest = places.filter({ counts[$0.value.host] == most }).min(by: {
                    $0.value.number < $1.value.number
                })
            else { return .refused }
            former = oldest.key
            leave(oldest.key)
        }
        places[connection] = Place(host: host, number: next)
        next &+= 1
        counts[host, default: 0] += 1
        return former.map { .takenOver(from: $0) } ?? .taken
    }

    /// Gives the place of a connection back, if it has one.
    mutating func leave(_ connection: Connection) {
        guard let place = places.removeValue(forKey: connection) else { return }
        let rest = (counts[place.host] ?? 0) - 1
        counts[place.host] = rest > 0 ? rest : nil
    }
}
