/// How long to wait before asking again: longer after each failure in a row, with a random part, so that many who lost
/// the same server do not come back to it at once.
///
/// As client-go's reflector: 0.8 s doubled up to 30 s, and up to as much again by chance.
struct Backoff: Hashable, Sendable {
    static let first = 0.8
    static let longest = 30.0

    private(set) var failures = 0

    /// - Parameter random: 0 up to 1.
    mutating func next(random: Double) -> Duration {
        var seconds = Self.first
        for _ in 0..<min(failures, 16) where seconds < Self.longest { seconds *= 2 }
        failures += 1
        return .milliseconds(Int64((min(seconds, Self.longest) * (1 + random) * 1000).rounded()))
    }

    mutating func reset() { failures = 0 }
}
