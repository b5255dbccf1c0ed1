import Registry

/// An instant in the notation of RFC 3339, read as Go's library reads it and shown in UTC.
struct TimeText {
    /// Why a text is no time, in the words of Go's `time.Parse`.
    struct Malformed: Error, CustomStringConvertible {
        enum Problem {
            /// What stands in the text where an element of the layout should.
            case mismatch(rest: String, element: String)
            /// A number that no clock or calendar shows.
            case outOfRange(String)
            case extraText(String)
        }

        let text: String
        let layout: String
        let problem: Problem

        var description: String {
            switch problem {
            case .mismatch(let rest, let element):
                "parsing time \"\(text)\" as \"\(layout)\": cannot parse \"\(rest)\" as \"\(element)\""
            case .outOfRange(let part): "parsing time \"\(text)\": \(part) out of range"
            case .extraText(let rest): "parsing time \"\(text)\": extra text: \"\(rest)\""
            }
        }
    }

    /// Since 1970-01-01T00:00:00Z.
    let seconds: Int64
    let microseconds: Int64
    let isMicro: Bool

    /// An instant that has a notation: years 1 to 9999.
    init?(seconds: Int64, microseconds: Int64 = 0, isMicro: Bool) {
        guard (-62_135_596_800..<253_402_300_800).contains(seconds), (0..<1_000_000).contains(microseconds) else {
            return nil
        }
        self.seconds = seconds
        self.microseconds = microseconds
        self.isMicro = isMicro
    }

    /// The instant in UTC: to the second, or with six digits behind it.
    var canonical: String {
        let text = Timestamp(milliseconds: seconds * 1000).text
        guard isMicro else { return text }
        let digits = "\(microseconds)"
        return "\(text.dropLast()).\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits)Z"
    }

    init(_ text: String, isMicro: Bool) throws(Malformed) {
        var scanner = TimeScanner(text: text, isMicro: isMicro)
        let year = try scanner.digits(4, "2006")
        try scanner.mark("-")
        let month = try scanner.digits(2, "01", in: 1...12, "month")
        try scanner.mark("-")
        let day = try scanner.digits(2, "02")
        try scanner.mark("T")
        let hour = try scanner.digits(2, "15", in: 0...23, "hour")
        try scanner.mark(":")
        let minute = try scanner.digits(2, "04", in: 0...59, "minute")
        try scanner.mark(":")
        let second = try scanner.digits(2, "05", in: 0...59, "second")
        let fraction = try scanner.fraction()
        let zone = try scanner.zone()
        guard (1...Calendar.days(inMonth: month, year: year)).contains(day) else { throw scanner.outOfRange("day") }
        let days = Calendar.daysSinceEpoch(year: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - zone
        // Years 0 and below have no notation; the offset may lead there.
        guard let time = TimeText(seconds: seconds, microseconds: fraction, isMicro: isMicro) else {
            throw scanner.outOfRange("year")
        }
        self = time
    }
}

/// Takes a text apart by Go's layout for RFC 3339.
private struct TimeScanner {
    private let text: String
    private let isMicro: Bool
    private var rest: Substring

    init(text: String, isMicro: Bool) {
        self.text = text
        self.isMicro = isMicro
        rest = text[...]
    }

    private func malformed(_ problem: TimeText.Malformed.Problem) -> TimeText.Malformed {
        TimeText.Malformed(
            text: text, layout: isMicro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00",
            problem: problem)
    }

    private func malformed(_ element: String) -> TimeText.Malformed {
        malformed(.mismatch(rest: String(rest), element: element))
    }

    func outOfRange(_ part: String) -> TimeText.Malformed { malformed(.outOfRange(part)) }

    mutating func mark(_ mark: Character) throws(TimeText.Malformed) {
        guard rest.first == mark else { throw malformed(String(mark)) }
        rest.removeFirst()
    }

    mutating func digits(
        _ count: Int, _ element: String, in range: ClosedRange<Int64>? = nil, _ part: String = ""
    ) throws(TimeText.Malformed) -> Int64 {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy(\.isDecimalDigit), let number = Int64(digits) else {
            throw malformed(element)
        }
        rest = rest.dropFirst(count)
        if let range, !range.contains(number) { throw outOfRange(part) }
        return number
    }

    /// Microseconds; further digits are dropped. Six digits must be there for `MicroTime`, any number of them for `Time`.
    mutating func fraction() throws(TimeText.Malformed) -> Int64 {
        guard isMicro else {
            guard rest.first == "." || rest.first == ",", let next = rest.dropFirst().first, next.isDecimalDigit
            else { return 0 }
            rest = rest.dropFirst().drop(while: \.isDecimalDigit)
            return 0
        }
        guard rest.first == "." else { throw malformed(".000000") }
        let behind = rest.dropFirst().prefix(while: \.isDecimalDigit)
        guard behind.count == 6, let number = Int64(behind) else { throw malformed(".000000") }
        rest = rest.dropFirst(7)
        return number
    }

    /// Seconds east of UTC.
    mutating func zone() throws(TimeText.Malformed) -> Int64 {
        let start = rest
        guard let sign = rest.first, "Z+-".contains(sign) else { throw malformed("Z07:00") }
        rest.removeFirst()
        guard sign != "Z" else {
            try end()
            return 0
        }
        let parts = rest.prefix(5).split(separator: ":", omittingEmptySubsequences: false)
        guard rest.count >= 5, parts.count == 2, let hours = Self.pair(parts[0]), let minutes = Self.pair(parts[1])
        else {
            rest = start
            throw malformed("Z07:00")
        }
        rest = rest.dropFirst(5)
        try end()
        guard hours <= 24 else { throw outOfRange("time zone offset hour") }
        guard minutes < 60 else { throw outOfRange("time zone offset minute") }
        return (hours * 3600 + minutes * 60) * (sign == "+" ? 1 : -1)
    }

    private static func pair(_ digits: Substring) -> Int64? {
        guard digits.count == 2, digits.allSatisfy(\.isDecimalDigit) else { return nil }
        return Int64(digits)
    }

    private func end() throws(TimeText.Malformed) {
        guard rest.isEmpty else { throw malformed(.extraText(String(rest))) }
    }
}

/// The Gregorian calendar, before its introduction too (RFC 3339 §1).
private enum Calendar {
    static func days(inMonth month: Int64, year: Int64) -> Int64 {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    /// Days since 1970-01-01; years begin in March here, so that the leap day is the last of a year.
    static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
