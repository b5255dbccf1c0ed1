import DNS

/// `template`: answers written by the operator, parts of the question put in.
package struct TemplateSettings: DirectiveSettings {
    package static let directive = "template"

    package struct Template: Hashable, Sendable {
        /// 255 for any.
        package var recordClass: RecordClass
        /// `ANY` for all.
        package var type: RecordType
        package var zones: [DomainName]
        /// The first that matches the name counts; none for all names.
        package var patterns: [RegularExpression] = []
        package var answers: [GoTemplate] = []
        package var additionals: [GoTemplate] = []
        package var authorities: [GoTemplate] = []
        package var code = ResponseCode.noError
        package var extendedError: ExtendedErrorText?
        /// Names in the zones that no pattern matches and that are not handed on are answered by SERVFAIL.
        package var fallThrough = Fallthrough.never
    }

    /// `ederror CODE [TEXT]` (RFC 8914).
    package struct ExtendedErrorText: Hashable, Sendable {
        package var code: UInt16
        package var text: String
    }

    package var templates: [Template] = []

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        for line in lines { templates.append(try Self.template(line, in: block)) }
    }

    private static func template(_ line: CorefileLine, in block: ServerBlock) throws(CorefileError) -> Template {
        let words = Array(line.arguments)
        guard words.count >= 2 else { throw line.error("needs a class and a type", wanted: "write template IN A") }
        guard let recordClass = Mnemonic.recordClass(words[0].text) else { throw words[0].error("is no class") }
        guard let type = Mnemonic.type(words[1].text) else { throw words[1].error("is no record type") }
        var template = Template(
            recordClass: recordClass, type: type, zones: try line.dropping(arguments: 2).zones(in: block))
        var places: [(Token, GoTemplate)] = []
        for option in line.options {
            try option.expectNoBlock()
            switch option.name {
            case "match":
                guard !option.arguments.isEmpty else { throw option.error("needs at least 1 argument") }
                for word in option.arguments { template.patterns.append(try word.regularExpression()) }
            case "answer", "additional", "authority":
                let parts = try templates(option)
                places += parts
                switch option.name {
                case "answer": template.answers += parts.map(\.1)
                case "additional": template.additionals += parts.map(\.1)
                default: template.authorities += parts.map(\.1)
                }
            case "rcode":
                let word = try option.argument()
                guard let code = Mnemonic.responseCode(word.text) else {
                    throw word.error("is no response code", wanted: "write one as NXDOMAIN")
                }
                template.code = code
            case "ederror":
                try option.expect(1...2)
                let code = try (option.arguments.first ?? option.head).integer(in: 0...65535)
                template.extendedError = ExtendedErrorText(
                    code: UInt16(code), text: option.arguments.dropFirst().first?.text ?? "")
            case "fallthrough": template.fallThrough = try Fallthrough(option)
            // Targets of aliases are always looked up; CoreDNS too takes the word and does nothing.
            case "upstream": break
            default:
                throw option.unknown(
                    in: directive,
                    known: ["match", "answer", "additional", "authority", "rcode", "ederror", "fallthrough"])
            }
        }
        for (place, part) in places { try check(part, at: place, patterns: template.patterns) }
        return template
    }

    private static func templates(_ option: CorefileLine) throws(CorefileError) -> [(Token, GoTemplate)] {
        guard !option.arguments.isEmpty else { throw option.error("needs at least 1 argument") }
        var all: [(Token, GoTemplate)] = []
        for word in option.arguments {
            do throws(GoTemplateError) {
                all.append((word, try GoTemplate(word.text)))
            } catch {
                throw word.error("is no template: it \(error)")
            }
        }
        return all
    }

    /// The values there are for templates.
    package static let fields: Set<[String]> = [
        ["Zone"], ["Name"], ["Class"], ["Type"], ["Match"], ["Group"], ["Remote"], ["Question", "Name"],
        ["Question", "Qtype"], ["Question", "Qclass"], ["Message", "Id"],
    ]

    /// Refuses what could not have a value.
    private static func check(
        _ template: GoTemplate, at place: Token, patterns: [RegularExpression]
    ) throws(CorefileError) {
        for field in template.fields.sorted(by: { $0.joined() < $1.joined() }) where !fields.contains(field) {
            let text = "." + field.joined(separator: ".")
            guard field.first == "Group", field.count == 2, let group = field.last else {
                throw place.error(
                    "reads \(text), which is not supported",
                    wanted: "use .Zone, .Name, .Class, .Type, .Match, .Group, .Remote or .Meta")
            }
            let isThere = patterns.contains { pattern in
                pattern.groupNames.contains(group) || Int(group).map { (0...pattern.groupCount).contains($0) } ?? false
            }
            guard isThere || (patterns.isEmpty && group == "0") else {
                throw place.error("reads \(text), but no pattern has a group of that name")
            }
        }
        let groupCount = patterns.map(\.groupCount).max() ?? 0
        for index in template.indices(into: ["Match"]) where !(0...groupCount).contains(index) {
            throw place.error("reads number \(index) of .Match, but no pattern has that many groups")
        }
    }
}
