import DNS
import Registry

/// One word of a Corefile, and where it stands.
package struct Token: Hashable, Sendable {
    /// Without quotes, environment variables put in.
    package var text: String
    package var file: String
    /// From 1; where the word begins.
    package var line: Int
    /// Whether it stood in quotes: `"{"` opens no block.
    package var isQuoted: Bool
    /// Whether no other word stands before it on its line.
    package var beginsLine: Bool
    /// The word as it stands in the file, where environment variables made another one of it.
    package var spelling: String?

    package init(_ text: String, file: String, line: Int, isQuoted: Bool = false, beginsLine: Bool = false) {
        self.text = text
        self.file = file
        self.line = line
        self.isQuoted = isQuoted
        self.beginsLine = beginsLine
    }

    /// An error at this word.
    ///
    /// - Parameters:
    ///   - reason: what is wrong, as in "is no number".
    ///   - wanted: what would be right, as in "write 1 to 3600".
    package func error(_ reason: String, wanted: String = "") -> CorefileError {
        let isUnset = text.isEmpty && spelling != nil
        return CorefileError(
            file: file, line: line, token: shown,
            reason: isUnset ? "\(reason) (the environment variable is not set)" : reason, wanted: wanted)
    }

    /// The word as messages show it.
    package var shown: String { spelling ?? (text.isEmpty ? "\"\"" : text) }

    /// The word as a whole number within bounds.
    package func integer(in range: ClosedRange<Int>) throws(CorefileError) -> Int {
        guard let number = Int(text) else { throw error("is no whole number") }
        guard range.contains(number) else {
            throw error("is out of range", wanted: "write \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// The word as a length of time in the form of Go's `time.ParseDuration`: `300ms`, `1m30s`, `1.5h`, `0`.
    package func duration() throws(CorefileError) -> Duration {
        guard let duration = GoDuration.duration(text) else {
            throw error("is no length of time", wanted: "write one as 500ms, 5s or 1m30s")
        }
        return duration
    }

    /// As `duration()`; a number without a unit is seconds.
    package func durationOrSeconds() throws(CorefileError) -> Duration {
        if let seconds = Int32(text), seconds >= 0 { return .seconds(Int(seconds)) }
        return try duration()
    }

    /// The word as a domain name, taken as absolute.
    package func name() throws(CorefileError) -> DomainName {
        guard let name = DomainName(text) else { throw error("is no domain name") }
        return name
    }

    /// The word as an address.
    package func address() throws(CorefileError) -> IPAddress {
        guard let address = IPAddress(text) else { throw error("is no IP address") }
        return address
    }

    /// The zones a word stands for: a name, or a network in CIDR form for the reverse zones that cover it.
    package func zones() throws(CorefileError) -> [DomainName] {
        if let zones = ReverseZone.zones(of: text) { return zones }
        if let slash = text.firstIndex(of: "/"), IPAddress(String(text[..<slash])) != nil {
            throw error("is no network", wanted: "write one as 10.0.0.0/8 or fd00::/8")
        }
        return [try name().lowercased]
    }
}

/// What is wrong with a Corefile: where, the word, why, and what would be right.
package struct CorefileError: Error, Hashable, Sendable, CustomStringConvertible {
    package let file: String
    /// From 1; 0 where the file as a whole is meant.
    package let line: Int
    /// Empty where no single word is meant.
    package let token: String
    package let reason: String
    package let wanted: String

    package init(file: String, line: Int, token: String = "", reason: String, wanted: String = "") {
        self.file = file
        self.line = line
        // A stranger's file: its words must neither flood a log nor write lines of their own into it.
        self.token = LogText.line(String(token.unicodeScalars.prefix(128)))
        self.reason = LogText.line(reason)
        self.wanted = LogText.line(wanted)
    }

    /// One line: `Corefile:7: 'max_fail' is unknown in forward; write one of …`.
    package var description: String {
        let place = line > 0 ? "\(file):\(line)" : file
        let word = token.isEmpty ? "" : "'\(token)' "
        return "\(place): \(word)\(reason)" + (wanted.isEmpty ? "" : "; \(wanted)")
    }
}
