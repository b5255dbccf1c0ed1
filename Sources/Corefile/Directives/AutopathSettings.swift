import DNS

/// `autopath [ZONES…] RESOLV-CONF|@kubernetes`: the search path is walked here instead of by the asker.
package struct AutopathSettings: DirectiveSettings {
    package static let directive = "autopath"

    package enum Source: Hashable, Sendable {
        /// The `search` line of a file in the form of resolv.conf(5).
        case file(String)
        /// The namespace of the pod that asks.
        case kubernetes
    }

    package var zones: [DomainName]
    package var source: Source
    package private(set) var warnings: [CorefileError] = []

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        guard let line = lines.first, let last = line.arguments.last else {
            throw (lines.first?.head ?? block.start).error(
                "needs a search path", wanted: "write @kubernetes or a file as /etc/resolv.conf")
        }
        if let second = lines.dropFirst().first { throw second.error("may stand only once in a server block") }
        try line.expectNoBlock()
        zones = []
        for token in line.arguments.dropLast() { zones += try token.zones() }
        if zones.isEmpty { zones = block.zones }
        if last.text.hasPrefix("@") {
            guard last.text == "@kubernetes" else {
                throw last.error("knows no search paths", wanted: "write @kubernetes")
            }
            source = .kubernetes
            // As in CoreDNS, nothing is walked then.
            if (try? block.settings(KubernetesSettings.self))?.pods != .verified {
                warnings.append(
                    last.error("does nothing without kubernetes and its pods verified in the same server block"))
            }
        } else {
            source = .file(last.text)
        }
    }
}
