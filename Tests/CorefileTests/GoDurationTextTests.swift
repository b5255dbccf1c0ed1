import Corefile
import Testing

@Suite("Lengths of time as Go writes them")
struct GoDurationTextTests {
    @Test(
        "Each is written as by Go",
        arguments: [
            "0s", "1ns", "1.5µs", "300ms", "1.5s", "30s", "1m0s", "5m0s", "1m30s", "1h0m0s", "2h45m0.5s",
            "1.000000001s",
        ])
    func text(_ text: String) throws {
        let duration = try #require(GoDuration.duration(text))
        #expect(GoDuration.text(of: duration) == text)
    }
}
