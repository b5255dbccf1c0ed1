extension GoDuration {
    /// A length of time as Go writes it: `5m0s`, `1.5s`, `300ms`; for lines that read as CoreDNS's.
    package static func text(of duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return "0s" }
        let nanoseconds = attoseconds / 1_000_000_000
        guard seconds > 0 else {
            switch nanoseconds {
            case 0: return "0s"
            case 1..<1_000: return "\(nanoseconds)ns"
            case 1_000..<1_000_000: return decimal(nanoseconds, digits: 3) + "µs"
            default: return decimal(nanoseconds, digits: 6) + "ms"
            }
        }
        var text = ""
        if seconds >= 3600 { text += "\(seconds / 3600)h" }
        if seconds >= 60 { text += "\(seconds / 60 % 60)m" }
        return text + "\(seconds % 60)" + fraction(nanoseconds, digits: 9) + "s"
    }

    private static func decimal(_ number: Int64, digits: Int) -> String {
        var unit: Int64 = 1
        for _ in 0..<digits { unit *= 10 }
        return "\(number / unit)" + fraction(number % unit, digits: digits)
    }

    /// `.5` for 500 of three digits; empty for 0.
    private static func fraction(_ number: Int64, digits: Int) -> String {
        guard number > 0 else { return "" }
        var text = "\(number)"
        text = String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
        while text.hasSuffix("0") { text.removeLast() }
        return "." + text
    }
}
