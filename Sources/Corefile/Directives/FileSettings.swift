import DNS

/// `file`: zones from files.
package struct FileSettings: DirectiveSettings {
    package static let directive = "file"

    /// One line: a file, and the zones that are read from it.
    package struct Source: Hashable, Sendable {
        /// As written: relative to the folder that `root` names.
        package var path: String
        package var zones: [DomainName]
        /// How often the file is looked at; zero for never.
        package var reload: Duration = .seconds(60)
        /// Whether any change of the file counts, not only a new serial of the SOA record.
        package var reloadsOnAnyChange = false
        /// Names that do not exist and are not handed on are denied.
        package var fallThrough = Fallthrough.never
    }

    package var sources: [Source] = []

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        for line in lines {
            guard let file = line.arguments.first else { throw line.error("needs at least 1 argument") }
            var source = Source(
                path: file.text, zones: try line.dropping(arguments: 1).zones(in: block))
            for option in line.options {
                try option.expectNoBlock()
                switch option.name {
                case "reload": source.reload = try option.argument().duration()
                case "reload_by_mtime":
                    try option.expect(0...0)
                    source.reloadsOnAnyChange = true
                case "fallthrough": source.fallThrough = try Fallthrough(option)
                // Targets outside of the zone are always looked up; CoreDNS too takes the word and does nothing.
                case "upstream": break
                case "no_reload": throw option.error("is gone since CoreDNS 1.5", wanted: "write reload 0")
                case "transfer":
                    throw option.error("is no option of file", wanted: "write transfer as a directive of its own")
                default:
                    throw option.unknown(in: Self.directive, known: ["reload", "reload_by_mtime", "fallthrough"])
                }
            }
            sources.append(source)
        }
    }
}
