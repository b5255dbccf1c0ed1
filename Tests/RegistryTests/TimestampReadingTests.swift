import Registry
import Testing

struct TimestampReadingTests {
    @Test(
        "Instants are read from RFC 3339",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.001Z", 1), ("1969-12-31T23:59:59.5Z", -500),
            ("2026-07-01T12:00:00Z", 1_782_907_200_000), ("2026-07-01t12:00:00z", 1_782_907_200_000),
            ("2026-07-01T14:30:00+02:30", 1_782_907_200_000), ("2026-07-01T04:00:00-08:00", 1_782_907_200_000),
            ("2026-07-01T12:00:00.123456Z", 1_782_907_200_123), ("2026-07-01T12:00:00.9Z", 1_782_907_200_900),
            ("2000-02-29T00:00:00Z", 951_782_400_000), ("2024-02-29T23:59:60Z", 1_709_251_200_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000), ("0001-01-01T00:00:00Z", -62_135_596_800_000),
            ("9999-12-31T23:59:59.999-23:59", 253_402_387_139_999),
        ] as [(String, Int64)])
    func instants(_ text: String, _ milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", "2026", "2026-07-01", "2026-07-01T12:00:00", "2026-07-01 12:00:00Z", "2026-7-1T12:00:00Z",
            "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z", "2026-07-00T00:00:00Z", "2026-07-01T24:00:00Z", "2026-07-01T12:60:00Z",
            "2026-07-01T12:00:61Z", "2026-07-01T12:00:00.Z", "2026-07-01T12:00:00,5Z", "2026-07-01T12:00:00+0200",
            "2026-07-01T12:00:00+24:00", "2026-07-01T12:00:00ZZ", "-026-07-01T12:00:00Z", "２026-07-01T12:00:00Z",
            "2026-07-01T12:00:00.\(String(repeating: "1", count: 60))Z",
        ])
    func refused(_ text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test("What is written is read again, over eight centuries")
    func roundTrip() {
        for day in stride(from: Int64(-146_097), to: 146_097, by: 11) {
            let time = Timestamp(milliseconds: day * 86_400_000 + (day & 0xffff) * 1000)
            guard Timestamp(rfc3339: time.text) != time else { continue }
            Issue.record("\(time.text) was not read again")
            return
        }
    }
}
