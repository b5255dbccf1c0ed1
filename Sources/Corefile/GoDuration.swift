/// Lengths of time as Go's `time.ParseDuration` reads them.
package enum GoDuration {
    /// nil for anything that Go refuses, and for negative or longer ones than about 146 years.
    package static func duration(_ text: String) -> Duration? {
        var rest = Array(text.utf8)[...]
        if rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        if rest.elementsEqual("0".utf8) { return .zero }
        guard !rest.isEmpty, rest.count <= 64 else { return nil }
        var total: Double = 0
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { !(0x30...0x39).contains($0) && $0 != UInt8(ascii: ".") }
            rest = rest.dropFirst(unit.count)
            guard let amount = amount(digits), let nanoseconds = nanoseconds(of: String(decoding: unit, as: UTF8.self))
            else { return nil }
            total += amount * nanoseconds
        }
        guard total <= Double(Int64.max / 2) else { return nil }
        return .nanoseconds(Int64(total.rounded()))
    }

    /// Digits with at most one point; `.5` and `5.` are numbers, `.` is none.
    private static func amount(_ digits: ArraySlice<UInt8>) -> Double? {
        let number = String(decoding: digits, as: UTF8.self)
        guard number.utf8.contains(where: { $0 != UInt8(ascii: ".") }) else { return nil }
        return Double("0" + (number.hasSuffix(".") ? number + "0" : number))
    }

    private static func nanoseconds(of unit: String) -> Double? {
        switch unit {
        case "ns": 1
        case "us", "µs", "μs": 1e3
        case "ms": 1e6
        case "s": 1e9
        case "m": 60e9
        case "h": 3600e9
        default: nil
        }
    }
}
