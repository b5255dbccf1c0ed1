import NIOCore

/// Which connection takes the next question for an upstream.
///
/// The one with the fewest questions among those where none is held up, while these are few; then another one, where
/// there may be more; then whichever has the fewest. So a question that takes the upstream long holds up others for as
/// long as `StreamPace.patience` only, also where the upstream answers one after the other.
enum StreamChoice: Equatable {
    /// The connection at this index.
    case use(Int)
    case open
    /// All have as many as they may.
    case refuse

    /// A connection that may be used.
    struct Candidate {
        /// Questions under way.
        var load: Int
        /// See `StreamProgress.owedSince`.
        var owedSince: NIODeadline?
        var isConnecting = false
    }

    /// The most questions under way on a connection.
    static let loadLimit = 512

    /// - Parameter mayOpen: asked only where another connection would be of use.
    static func make(
        _ candidates: [Candidate], _ pace: inout StreamPace, at now: NIODeadline, mayOpen: () -> Bool
    ) -> Self {
        var free: (index: Int, load: Int)?
        var any: (index: Int, load: Int)?
        for (index, candidate) in candidates.enumerated() {
            if candidate.load < any?.load ?? loadLimit { any = (index, candidate.load) }
            let patience = candidate.isConnecting ? max(pace.patience, StreamPace.dialPatience) : pace.patience
            if let since = candidate.owedSince, now - since > patience {
                if !candidate.isConnecting { pace.noteHoldUp(at: now) }
            } else if candidate.load < free?.load ?? loadLimit {
                free = (index, candidate.load)
            }
        }
        if let free, free.load < pace.comfortableLoad(at: now) { return .use(free.index) }
        if mayOpen() { return .open }
        return (free ?? any).map { .use($0.index) } ?? .refuse
    }
}
