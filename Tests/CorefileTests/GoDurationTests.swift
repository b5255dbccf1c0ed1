import Testing

@testable import Corefile

@Suite("Lengths of time")
struct GoDurationTests {
    enum Cases {
        static let durations: [(String, Duration?)] = [
            ("0", .zero), ("0s", .zero), ("5s", .seconds(5)), ("+5s", .seconds(5)), ("300ms", .milliseconds(300)),
            ("5001ms", .milliseconds(5001)), ("1m30s", .seconds(90)), ("1.5h", .seconds(5400)),
            (".5s", .milliseconds(500)), ("5.s", .seconds(5)), ("1us", .microseconds(1)), ("1µs", .microseconds(1)),
            ("7ns", .nanoseconds(7)), ("24h", .seconds(86400)), ("", nil), ("5", nil), ("s", nil), ("-5s", nil),
            (".s", nil), ("1.2.3s", nil), ("5 s", nil), ("5d", nil), ("1e3s", nil), ("9999999999h", nil),
            (String(repeating: "9", count: 63) + "h", nil), (String(repeating: "1", count: 100) + "s", nil),
            ("++1s", nil),
        ]
    }

    @Test("Are read as Go's time.ParseDuration reads them", arguments: Cases.durations)
    func durations(_ text: String, _ duration: Duration?) {
        #expect(GoDuration.duration(text) == duration)
    }
}
