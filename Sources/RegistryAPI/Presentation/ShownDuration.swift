import Registry

/// Spans of time as tables show them: two or three significant figures in at most two units, as `kubectl` has them
/// (`duration.HumanDuration` of Kubernetes).
enum ShownDuration {
    /// The text of a span in milliseconds: `8m31s`, `5d`, `2y103d`.
    ///
    /// Up to two seconds below zero are shown as none, for clocks that differ; more is `<invalid>`.
    static func text(milliseconds: Int64) -> String {
        let seconds = milliseconds / 1000
        let minutes = seconds / 60
        let hours = minutes / 60
        let days = hours / 24
        return switch seconds {
        case ..<(-1): "<invalid>"
        case ..<0: "0s"
        case ..<120: "\(seconds)s"
        case ..<(10 * minute): "\(minutes)m" + smaller(seconds % 60, "s")
        case ..<(3 * hour): "\(minutes)m"
        case ..<(8 * hour): "\(hours)h" + smaller(minutes % 60, "m")
        case ..<(2 * day): "\(hours)h"
        case ..<(8 * day): "\(days)d" + smaller(hours % 24, "h")
        case ..<(2 * year): "\(days)d"
        case ..<(8 * year): "\(days / 365)y" + smaller(days % 365, "d")
        default: "\(days / 365)y"
        }
    }

    /// The time since an instant in RFC 3339; `<unknown>` where none is given.
    static func text(since time: String, now: Timestamp) -> String {
        guard let time = Timestamp(rfc3339: time) else { return "<unknown>" }
        return text(since: time, now: now)
    }

    static func text(since time: Timestamp, now: Timestamp) -> String {
        let (span, overflow) = now.milliseconds.subtractingReportingOverflow(time.milliseconds)
        return text(milliseconds: overflow ? (time < now ? .max : .min) : span)
    }

    private static let minute: Int64 = 60
    private static let hour: Int64 = 60 * minute
    private static let day: Int64 = 24 * hour
    private static let year: Int64 = 365 * day

    private static func smaller(_ count: Int64, _ unit: String) -> String { count == 0 ? "" : "\(count)\(unit)" }
}
