/// References to other variables inside a value: `$(NAME)` (Kubernetes core/v1 EnvVar).
package enum ReferenceExpansion {
    /// Replaces each `$(NAME)` by what `lookup` knows of it.
    ///
    /// An unknown reference stays as it stands, and so does one that is not closed; `$$` stands for `$`, so
    /// `$$(NAME)` is the text `$(NAME)`. What was put in is not read again.
    package static func expand(_ text: String, lookup: (String) -> String?) -> String {
        let dollar = UInt8(ascii: "$")
        guard text.utf8.contains(dollar) else { return text }
        var rest = Array(text.utf8)[...]
        var result: [UInt8] = []
        while let operatorIndex = rest.firstIndex(of: dollar) {
            result += rest[..<operatorIndex]
            rest = rest[(operatorIndex + 1)...]
            switch rest.first {
            case dollar:
                result.append(dollar)
                rest = rest.dropFirst()
            case UInt8(ascii: "("):
                guard let end = rest.firstIndex(of: UInt8(ascii: ")")) else {
                    result += [dollar, UInt8(ascii: "(")]
                    rest = rest.dropFirst()
                    continue
                }
                let name = String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self)
                result += (lookup(name) ?? "$(\(name))").utf8
                rest = rest[(end + 1)...]
            default:
                result.append(dollar)
            }
        }
        return String(decoding: result + rest, as: UTF8.self)
    }
}
