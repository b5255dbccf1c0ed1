/// Whether what is known of a kind agrees with what the API says it has: a gap in a watch must not go unnoticed for ever.
///
/// The API counts its objects at a version. As both sides move, a difference counts only when it is seen twice, the
/// second time after the watch has come past the version of the first. An API whose newest version is older than what
/// was known before it was asked has gone back, as one restored from a backup does. A value without I/O or clock.
struct ConsistencyCheck: Hashable, Sendable {
    /// How often to ask, before the random part.
    static let interval = Duration.seconds(300)
    /// How soon to ask again after a difference.
    static let confirmation = Duration.seconds(20)
    /// How long to leave the API alone after a comparison.
    static let rest = Duration.seconds(10)
    /// How often a watch may be found behind before it is doubted.
    static let patience = 6

    struct Count: Hashable, Sendable {
        /// nil where it is not known: an API does not count where it selects.
        var objects: Int?
        var version: ObjectVersion
    }

    enum Verdict: Hashable, Sendable {
        case agrees
        /// They differ, which may be for a moment only: ask again soon.
        case differs
        /// They differ for good.
        case disagrees
    }

    private var suspicion: ObjectVersion?
    private var late = 0

    /// - Parameters:
    ///   - known: what is known here, and up to which version.
    ///   - before: up to which version all was known when the API was asked.
    mutating func judge(api: Count, known: Count, before: ObjectVersion) -> Verdict {
        if api.version.isBefore(before) {
            reset()
            return .disagrees
        }
        guard let told = api.objects, let held = known.objects, told != held else {
            suspicion = nil
            late = 0
            return .agrees
        }
        guard let first = suspicion else {
            suspicion = api.version
            late = 0
            return .differs
        }
        if known.version.isBefore(first) {
            late += 1
            guard late >= Self.patience else { return .differs }
        }
        suspicion = nil
        late = 0
        return .disagrees
    }

    mutating func reset() {
        suspicion = nil
        late = 0
    }
}
