import Registry
import Testing

@testable import RegistryAPI

@Suite("Spans of time in tables")
struct ShownDurationTests {
    enum Spans {
        static let minute: Int64 = 60
        static let hour = 60 * minute
        static let day = 24 * hour
        static let year = 365 * day
        /// In seconds.
        static let all: [(Int64, String)] = [
            (-2, "<invalid>"), (-1, "0s"), (0, "0s"), (1, "1s"), (119, "119s"), (120, "2m"), (121, "2m1s"),
            (8 * minute + 31, "8m31s"), (10 * minute - 1, "9m59s"), (10 * minute, "10m"), (10 * minute + 59, "10m"),
            (3 * hour - 1, "179m"), (3 * hour, "3h"), (3 * hour + minute, "3h1m"), (8 * hour - 1, "7h59m"),
            (8 * hour, "8h"), (2 * day - 1, "47h"), (2 * day, "2d"), (2 * day + hour, "2d1h"), (5 * day, "5d"),
            (8 * day - 1, "7d23h"), (8 * day, "8d"), (2 * year - 1, "729d"), (2 * year, "2y"),
            (2 * year + 103 * day, "2y103d"), (8 * year - 1, "7y364d"), (8 * year, "8y"), (100 * year, "100y"),
            (Int64.max / 1000, "292471208y"), (Int64.min / 1000, "<invalid>"),
        ]
    }

    @Test("Spans are shown in two or three figures", arguments: Spans.all)
    func spans(_ seconds: Int64, _ expected: String) {
        #expect(ShownDuration.text(milliseconds: seconds * 1000) == expected)
    }

    @Test("Parts of seconds do not count", arguments: [(-1999, "0s"), (-2000, "<invalid>"), (999, "0s"), (1999, "1s")])
    func fractions(_ milliseconds: Int64, _ expected: String) {
        #expect(ShownDuration.text(milliseconds: milliseconds) == expected)
    }

    @Test(
        "Ages are counted from a time in RFC 3339",
        arguments: [
            ("2026-07-01T12:00:00Z", "0s"), ("2026-07-01T11:51:29Z", "8m31s"), ("2026-07-01T13:51:29+02:00", "8m31s"),
            ("2026-07-01T12:00:05Z", "<invalid>"), ("", "<unknown>"), ("yesterday", "<unknown>"),
            ("0001-01-01T00:00:00Z", "2026y"),
        ])
    func ages(_ time: String, _ expected: String) {
        #expect(ShownDuration.text(since: time, now: testTime) == expected)
    }

    @Test("The ends of time do not trap")
    func extremes() {
        let (first, last) = (Timestamp(milliseconds: .min), Timestamp(milliseconds: .max))
        #expect(ShownDuration.text(since: first, now: last) == "292471208y")
        #expect(ShownDuration.text(since: last, now: first) == "<invalid>")
    }
}
