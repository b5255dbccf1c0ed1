/// A time as zone files write it: seconds, or numbers with the units w, d, h, m and s, as in `1h30m`.
struct Period {
    let seconds: UInt32

    /// Reads the whole text; nil for other text and for more seconds than 32 bits hold.
    init?(_ text: ArraySlice<UInt8>) {
        var total: UInt64 = 0
        var number: UInt64?
        for byte in text {
            if (0x30...0x39).contains(byte) {
                number = (number ?? 0) * 10 + UInt64(byte - 0x30)
            } else {
                guard let count = number, let unit = Self.unit(byte) else { return nil }
                total += count * unit
                number = nil
            }
            // Both stay small enough for the next step not to overflow.
            guard total <= UInt32.max, number ?? 0 <= UInt32.max else { return nil }
        }
        guard !text.isEmpty, let seconds = UInt32(exactly: total + (number ?? 0)) else { return nil }
        self.seconds = seconds
    }

    private static func unit(_ byte: UInt8) -> UInt64? {
        switch byte | 0x20 {
        case UInt8(ascii: "s"): 1
        case UInt8(ascii: "m"): 60
        case UInt8(ascii: "h"): 3600
        case UInt8(ascii: "d"): 86400
        case UInt8(ascii: "w"): 604_800
        default: nil
        }
    }
}
