import DNS
import Registry

/// `hosts`: addresses from a file in the form of `/etc/hosts`, and from lines in the Corefile.
package struct HostsSettings: DirectiveSettings {
    package static let directive = "hosts"

    /// An address and its names, in a line of the Corefile.
    package struct Entry: Hashable, Sendable {
        package var address: IPAddress
        package var names: [String]
    }

    /// As written: relative to the folder that `root` names.
    package var path = "/etc/hosts"
    package var zones: [DomainName]
    package var entries: [Entry] = []
    /// Seconds.
    package var ttl: UInt32 = 3600
    /// Whether PTR records are made of the addresses.
    package var hasReverse = true
    /// How often the file is looked at; zero for never.
    package var reload: Duration = .seconds(5)
    /// Names that are not known and not handed on are answered by SERVFAIL.
    package var fallThrough = Fallthrough.never
    /// Whether types beside A, AAAA and PTR are handed on as well, for names that exist.
    package var handsOnOtherTypes = false

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        zones = block.zones
        if let second = lines.dropFirst().first { throw second.error("may stand once in a server block") }
        guard let line = lines.first else { return }
        if let file = line.arguments.first { path = file.text }
        zones = try line.dropping(arguments: 1).zones(in: block)
        var otherTypes: CorefileLine?
        for option in line.options {
            try option.expectNoBlock()
            switch option.name {
            case "ttl": ttl = UInt32(try option.argument().integer(in: 1...65535))
            case "no_reverse":
                try option.expect(0...0)
                hasReverse = false
            case "reload": reload = try option.argument().duration()
            case "fallthrough": fallThrough = try Fallthrough(option)
            case "fallthrough_unsupported":
                try option.expect(0...0)
                handsOnOtherTypes = true
                otherTypes = option
            default: entries.append(try Self.entry(option))
            }
        }
        if let otherTypes, fallThrough == .never { throw otherTypes.error("needs fallthrough beside it") }
    }

    private static func entry(_ option: CorefileLine) throws(CorefileError) -> Entry {
        guard let address = IPAddress(String(option.name.prefix { $0 != "%" })) else {
            throw option.error(
                "is unknown in \(directive)",
                wanted: "write an address with names, or one of ttl, no_reverse, reload, fallthrough")
        }
        guard !option.arguments.isEmpty else { throw option.error("is an address without names") }
        for name in option.arguments where DomainName(name.text) == nil {
            throw name.error("is no domain name")
        }
        return Entry(address: address, names: option.arguments.map(\.text))
    }
}
