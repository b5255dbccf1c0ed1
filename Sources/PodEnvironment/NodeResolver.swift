import Registry

/// The resolver configuration of the node, as the kubelet reads it from the node's resolv.conf.
package struct NodeResolver: Hashable, Sendable {
    /// The largest file that is read, in bytes.
    package static let fileLimit = 10 << 20

    /// As written; a zone index (`fe80::1%eth0`) stays.
    package var nameservers: [String]
    /// Without trailing dots.
    package var searches: [String]
    /// `NAME` or `NAME:VALUE`, each name once.
    package var options: [String]

    package init(nameservers: [String] = [], searches: [String] = [], options: [String] = []) {
        self.nameservers = nameservers
        self.searches = searches
        self.options = options
    }

    /// Reads the lines of a resolv.conf(5).
    ///
    /// `nameserver` lines add up, the last `search` wins, options add up by name. `domain` and unknown lines say
    /// nothing; only `#` begins a comment.
    package init(parsing text: String) throws(PodEnvironmentError) {
        self.init()
        var optionPlaces: [String: Int] = [:]
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let fields = line.split { $0.properties.isWhitespace }.map { String($0) }
            guard let keyword = fields.first, !keyword.utf8.starts(with: "#".utf8) else { continue }
            let values = fields.dropFirst()
            switch keyword {
            case "nameserver":
                guard let address = values.first else {
                    throw .invalidNodeFile(line: index + 1, reason: "'nameserver' without an address")
                }
                nameservers.append(address)
            case "search":
                searches = values.filter { $0 != "." }.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }
            case "options":
                for option in values {
                    let name = ResolverOption(text: option).name
                    if let place = optionPlaces[name] {
                        options[place] = option
                    } else {
                        optionPlaces[name] = options.count
                        options.append(option)
                    }
                }
            default:
                continue
            }
        }
    }
}
