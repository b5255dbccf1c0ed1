extension DomainName {
    /// Reads the presentation form (RFC 1035 §5.1) with its escapes `\.` and `\DDD`; nil where it is no legal name.
    ///
    /// The text is taken as absolute, with a trailing dot or without.
    package init?(_ text: some StringProtocol) {
        var input = Array(text.utf8)[...]
        if input.elementsEqual([UInt8(ascii: ".")]) {
            self = .root
            return
        }
        var bytes: [UInt8] = []
        var label: [UInt8] = []
        func close() -> Bool {
            guard (1...63).contains(label.count) else { return false }
            bytes.append(UInt8(label.count))
            bytes += label
            label.removeAll(keepingCapacity: true)
            return true
        }
        while let byte = input.popFirst() {
            switch byte {
            case UInt8(ascii: "."):
                guard close() else { return nil }
            case UInt8(ascii: "\\"):
                guard let escaped = Self.popEscaped(from: &input) else { return nil }
                label.append(escaped)
            default:
                label.append(byte)
            }
        }
        guard label.isEmpty || close(), !bytes.isEmpty, bytes.count < 255 else { return nil }
        self.init(uncheckedWire: bytes + [0])
    }

    /// Takes what follows a backslash off the front: the byte that it stands for; nil where that is none.
    package static func popEscaped(from input: inout ArraySlice<UInt8>) -> UInt8? {
        guard let first = input.popFirst() else { return nil }
        guard (0x30...0x39).contains(first) else { return first }
        guard input.count >= 2, let second = input.popFirst(), let third = input.popFirst(),
            (0x30...0x39).contains(second), (0x30...0x39).contains(third)
        else { return nil }
        return UInt8(exactly: Int(first - 0x30) * 100 + Int(second - 0x30) * 10 + Int(third - 0x30))
    }
}

extension DomainName: CustomStringConvertible {
    /// The presentation form with its trailing dot.
    package var description: String {
        guard !isRoot else { return "." }
        var text = ""
        for label in labels {
            for byte in label {
                switch byte {
                case UInt8(ascii: "."), UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: ";"), UInt8(ascii: "("),
                    UInt8(ascii: ")"), UInt8(ascii: "@"), UInt8(ascii: "$"):
                    text += "\\" + String(UnicodeScalar(byte))
                case 0x21...0x7e:
                    text.unicodeScalars.append(UnicodeScalar(byte))
                default:
                    let digits = String(byte)
                    text += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
                }
            }
            text += "."
        }
        return text
    }
}
