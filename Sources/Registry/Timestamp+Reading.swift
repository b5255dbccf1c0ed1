extension Timestamp {
    /// Reads an instant as RFC 3339 writes it, to the millisecond: `2026-07-01T12:00:00Z`,
    /// `2026-07-01T14:00:00.123456+02:00`.
    ///
    /// nil for anything else, for days and times that do not exist, and for texts of more than 64 bytes. A leap second
    /// is the first of the next minute.
    package init?(rfc3339 text: String) {
        guard text.utf8.count <= 64 else { return nil }
        var rest = Array(text.utf8)[...]

        func take(_ allowed: Unicode.Scalar...) -> Bool {
            guard let byte = rest.first, allowed.contains(Unicode.Scalar(byte)) else { return false }
            rest.removeFirst()
            return true
        }
        func digit() -> Int64? {
            guard let byte = rest.first, (0x30...0x39).contains(byte) else { return nil }
            rest.removeFirst()
            return Int64(byte - 0x30)
        }
        func number(digits: Int, in range: ClosedRange<Int64>) -> Int64? {
            var number: Int64 = 0
            for _ in 0..<digits {
                guard let digit = digit() else { return nil }
                number = number * 10 + digit
            }
            return range.contains(number) ? number : nil
        }

        guard let year = number(digits: 4, in: 0...9999), take("-"),
            let month = number(digits: 2, in: 1...12), take("-"),
            let day = number(digits: 2, in: 1...Self.days(inMonth: month, year: year)), take("T", "t"),
            let hour = number(digits: 2, in: 0...23), take(":"),
            let minute = number(digits: 2, in: 0...59), take(":"),
            let second = number(digits: 2, in: 0...60)
        else { return nil }

        var fraction: Int64 = 0
        if take(".") {
            guard let tenths = digit() else { return nil }
            fraction = tenths * 100
            var weight: Int64 = 10
            while let digit = digit() {
                fraction += digit * weight
                weight /= 10
            }
        }

        var offset: Int64 = 0
        if !take("Z", "z") {
            let isEast = take("+")
            guard isEast || take("-"), let hours = number(digits: 2, in: 0...23), take(":"),
                let minutes = number(digits: 2, in: 0...59)
            else { return nil }
            offset = (hours * 60 + minutes) * (isEast ? 60 : -60)
        }
        guard rest.isEmpty else { return nil }

        let seconds = Self.daysSinceEpoch(year: year, month: month, day: day) * 86_400
        self.init(milliseconds: (seconds + hour * 3600 + minute * 60 + second - offset) * 1000 + fraction)
    }

    private static func days(inMonth month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days between 1970-01-01 and a day of the Gregorian calendar; a year counts from March, so that the leap day is
    /// its last.
    private static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
        // One cycle of 400 years is added and taken off again: January of the year 0 belongs to the one before.
        let year = (month <= 2 ? year - 1 : year) + 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468 - 146_097
    }
}
