import DNS

/// `log`: a line for each query, by zone and class of answer.
package struct LogSettings: DirectiveSettings {
    package static let directive = "log"

    /// Kinds of answers.
    package enum Class: String, Hashable, Sendable, CaseIterable {
        case success
        /// NXDOMAIN and NODATA.
        case denial
        /// SERVFAIL, REFUSED and the like.
        case error
        case all
    }

    /// For the names of one zone: the first rule that fits logs.
    package struct Rule: Hashable, Sendable {
        package var zone: DomainName
        package var format: LogFormat
        /// Never empty.
        package var classes: Set<Class>
    }

    package var rules: [Rule] = []

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        for line in lines {
            var words = Array(line.arguments)
            var format = LogFormat(LogFormat.common)
            if let last = words.last, last.text.contains("{") {
                words.removeLast()
                format = LogFormat(last.text)
            }
            var classes: Set<Class> = []
            for option in line.options {
                guard option.name == "class" else { throw option.unknown(in: Self.directive, known: ["class"]) }
                try option.expectNoBlock()
                guard !option.arguments.isEmpty else { throw option.error("needs at least 1 argument") }
                for word in option.arguments {
                    guard let kind = Class(rawValue: word.text) else {
                        throw word.error(
                            "is no class of answers",
                            wanted: "write one of \(Class.allCases.map(\.rawValue).joined(separator: ", "))")
                    }
                    classes.insert(kind)
                }
            }
            if classes.isEmpty { classes = [.all] }
            var zones: [DomainName] = words.isEmpty ? [.root] : []
            for word in words { zones += try word.zones() }
            rules += zones.map { Rule(zone: $0, format: format, classes: classes) }
        }
    }
}

/// What a line of the query log says.
package struct LogFormat: Hashable, Sendable {
    /// CoreDNS's usual line.
    package static let common =
        "{remote}:{port} - {>id} \"{type} {class} {name} {proto} {size} {>do} {>bufsize}\" "
        + "{rcode} {>rflags} {rsize} {duration}"
    package static let combined = common + " \"{>opcode}\""

    /// What may stand in braces.
    package enum Field: String, Hashable, Sendable, CaseIterable {
        case type = "type"
        case name = "name"
        case recordClass = "class"
        case transport = "proto"
        /// The query's length in bytes.
        case size = "size"
        case client = "remote"
        case clientPort = "port"
        case server = "local"
        case code = "rcode"
        /// The answer's length in bytes.
        case answerSize = "rsize"
        /// In seconds.
        case duration = "duration"
        case id = ">id"
        case opcode = ">opcode"
        case isDNSSECOK = ">do"
        case udpPayload = ">bufsize"
        case answerFlags = ">rflags"
    }

    package enum Piece: Hashable, Sendable {
        case text(String)
        case field(Field)
        /// `{/key}`.
        case metadata(String)
    }

    package let pieces: [Piece]

    /// Reads a format; what stands in braces and is not known stays as it is, as with CoreDNS.
    package init(_ text: String) {
        var rest = text.replacing("{common}", with: Self.common).replacing("{combined}", with: Self.combined)[...]
        var pieces: [Piece] = []
        var literal = ""
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let key = rest[rest.index(after: open)..<close]
            let piece: Piece?
            if key.hasPrefix("/"), key.count > 1 {
                piece = .metadata(String(key.dropFirst()))
            } else {
                piece = Field(rawValue: key.hasPrefix(">") ? key.lowercased() : String(key)).map(Piece.field)
            }
            literal += rest[..<open]
            guard let piece else {
                literal += "{"
                rest = rest[rest.index(after: open)...]
                continue
            }
            if !literal.isEmpty { pieces.append(.text(literal)) }
            literal = ""
            pieces.append(piece)
            rest = rest[rest.index(after: close)...]
        }
        literal += rest
        if !literal.isEmpty { pieces.append(.text(literal)) }
        self.pieces = pieces
    }
}
