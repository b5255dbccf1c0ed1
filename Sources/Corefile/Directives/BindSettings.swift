import Registry

/// `bind ADDRESS|INTERFACE… { except ADDRESS|INTERFACE… }`: where a server block listens; everywhere without it.
package struct BindSettings: DirectiveSettings {
    package static let directive = "bind"

    /// One line: addresses and names of interfaces, and those left out of them.
    package struct Choice: Hashable, Sendable {
        package let places: [Token]
        package let exceptions: [Token]
    }

    package let choices: [Choice]

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        var choices: [Choice] = []
        for line in lines {
            guard !line.arguments.isEmpty else { throw line.error("needs an address or the name of an interface") }
            var exceptions: [Token] = []
            for option in line.options {
                guard option.name == "except" else { throw option.unknown(in: "bind", known: ["except"]) }
                guard !option.arguments.isEmpty else {
                    throw option.error("needs an address or the name of an interface")
                }
                try option.expectNoBlock()
                exceptions += option.arguments
            }
            for place in line.arguments + exceptions { try Self.check(place) }
            choices.append(Choice(places: Array(line.arguments), exceptions: exceptions))
        }
        self.choices = choices
    }

    /// An interface's name has 1 to 15 bytes, neither a slash nor blanks (Linux `dev_valid_name`).
    private static func check(_ place: Token) throws(CorefileError) {
        if IPAddress(place.text) != nil { return }
        guard (1...15).contains(place.text.utf8.count), !place.text.contains("/"), !place.text.contains(":"),
            !place.text.contains(where: \.isWhitespace), ![".", ".."].contains(place.text)
        else { throw place.error("is neither an address nor the name of an interface") }
    }

    /// The addresses to listen at, each once.
    ///
    /// - Parameter interfaces: the addresses of an interface; nil where there is none of that name.
    package func addresses(
        interfaces: (String) -> [IPAddress]? = HostInterfaces.addresses
    ) throws(CorefileError) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for choice in choices {
            var left: Set<IPAddress> = []
            for exception in choice.exceptions { left.formUnion(try Self.addresses(exception, interfaces)) }
            for place in choice.places {
                addresses += try Self.addresses(place, interfaces).filter { !left.contains($0) }
            }
        }
        if addresses.isEmpty, let place = choices.first?.places.first {
            throw place.error("leaves no address to listen at")
        }
        return addresses.unrepeated
    }

    private static func addresses(
        _ place: Token, _ interfaces: (String) -> [IPAddress]?
    ) throws(CorefileError) -> [IPAddress] {
        if let found = interfaces(place.text) { return found }
        guard let address = IPAddress(place.text) else {
            throw place.error("is neither an address nor an interface of this machine")
        }
        return [address]
    }
}
