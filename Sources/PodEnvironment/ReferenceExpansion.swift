/// References to other variables inside a value: `$(NAME)` (Kubernetes core/v1 EnvVar).
package enum ReferenceExpansion {
    /// A value that comes to more than it may: a few references to references double it each time.
    package struct TooLong: Error, Hashable, Sendable {
        /// What it came to when it was given up, in bytes.
        package let bytes: Int
    }

    /// Replaces each `$(NAME)` by what `lookup` knows of it.
    ///
    /// An unknown reference stays as it stands, and so does one that is not closed; `$$` stands for `$`, so
    /// `$$(NAME)` is the text `$(NAME)`. What was put in is not read again.
    ///
    /// - Parameter limit: What the value may come to, in bytes.
    package static func expand(
        _ text: String, limit: Int = EnvironmentSize.stringLimit, lookup: (String) -> String?
    ) throws(TooLong) -> String {
        let dollar = UInt8(ascii: "$")
        guard text.utf8.contains(dollar) else {
            guard text.utf8.count <= limit else { throw TooLong(bytes: text.utf8.count) }
            return text
        }
        var rest = Array(text.utf8)[...]
        var result: [UInt8] = []
        // Where no parenthesis follows, none follows further on.
        var mayBeClosed = true
        while let operatorIndex = rest.firstIndex(of: dollar) {
            result += rest[..<operatorIndex]
            rest = rest[(operatorIndex + 1)...]
            switch rest.first {
            case dollar:
                result.append(dollar)
                rest = rest.dropFirst()
            case UInt8(ascii: "("):
                guard mayBeClosed, let end = rest.firstIndex(of: UInt8(ascii: ")")) else {
                    mayBeClosed = false
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
            guard result.count <= limit else { throw TooLong(bytes: result.count) }
        }
        result += rest
        guard result.count <= limit else { throw TooLong(bytes: result.count) }
        return String(decoding: result, as: UTF8.self)
    }
}
