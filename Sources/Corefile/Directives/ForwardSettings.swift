import DNS
import Registry

/// `forward`: questions below a name are answered by asking other servers. Several lines in a block are asked in the
/// order written, the first whose name and exceptions match.
///
/// DNS over HTTPS towards upstreams (`https://`, `doh_method`) and upstreams given by name (`resolver`) are refused.
package struct ForwardSettings: DirectiveSettings {
    package static let directive = "forward"
    /// The most upstreams of one line, those read from files included.
    package static let upstreamLimit = 15

    /// At least one.
    package var lines: [Line]

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        self.lines = []
        for line in lines { self.lines.append(try Line(line, in: block)) }
    }

    /// In which order upstreams are asked.
    package enum Policy: String, Hashable, Sendable, CaseIterable {
        case random
        case roundRobin = "round_robin"
        case sequential
    }

    /// Whom to ask.
    package enum Target: Hashable, Sendable {
        case upstream(UpstreamPlace)
        /// The `nameserver` lines of a file like /etc/resolv.conf; the word, for messages about it.
        case file(Token)
    }

    /// How an upstream is known to be well again after failures.
    package struct HealthCheck: Hashable, Sendable {
        /// Between two checks.
        package var interval: Duration = .milliseconds(500)
        /// RD in the question of the check.
        package var isRecursionDesired = true
        /// The name whose NS records are asked for.
        package var name: DomainName = .root
    }

    /// The files of `tls`, in PEM; nil for what is not given.
    package struct TLSFiles: Hashable, Sendable {
        package var certificate: Token?
        package var key: Token?
        /// nil for the authorities that the system trusts.
        package var authority: Token?
        /// The folder of relative paths: that of `root`.
        package var folder: String?

        package init() {}

        /// The path of one of the files, as it is to be opened.
        package func path(_ file: Token) -> String {
            guard let folder, !file.text.hasPrefix("/") else { return file.text }
            return folder.hasSuffix("/") ? folder + file.text : "\(folder)/\(file.text)"
        }
    }

    /// One `forward` of a block.
    package struct Line: Hashable, Sendable {
        /// The word `forward`, for messages.
        package var place: Token
        /// The names below which questions are forwarded; several where FROM is a network that covers several zones.
        package var from: [DomainName]
        /// In the order written; at least one.
        package var targets: [Target]
        package var exceptions: [DomainName] = []
        package var forcesTCP = false
        package var prefersUDP = false
        /// How long an unused connection is kept.
        package var expiry: Duration = .seconds(10)
        /// How long a connection is used at most; zero for no such limit.
        package var connectionAge: Duration = .zero
        /// The most unused connections kept for each upstream; 0 for no such limit.
        package var idleConnectionLimit = 0
        /// How many failed checks an upstream may have until it is down; 0: it never is, and never checked.
        package var failureLimit = 2
        /// How many failed attempts one question may cost; 0 for no such limit.
        package var attemptLimit = 0
        package var tls = TLSFiles()
        /// The name in the certificates of all upstreams.
        package var tlsServerName: String?
        package var policy = Policy.random
        package var healthCheck = HealthCheck()
        /// The most questions under way; 0 for no such limit.
        package var concurrencyLimit = 0
        /// Outcomes for which the next `forward` is asked.
        package var nextCodes: Set<ResponseCode> = []
        /// Whether the next `forward` is asked for answers without records as well.
        package var passesOnNoData = false
        package var failsFast = false
        /// Outcomes for which the next upstream is asked.
        package var failoverCodes: Set<ResponseCode> = []
    }
}

extension ForwardSettings.Line {
    private static let options = [
        "except", "force_tcp", "prefer_udp", "expire", "max_age", "max_idle_conns", "max_fails",
        "max_connect_attempts", "tls", "tls_servername", "policy", "health_check", "max_concurrent", "next",
        "next_on_nodata", "failfast_all_unhealthy_upstreams", "failover",
    ]

    init(_ line: CorefileLine, in block: ServerBlock) throws(CorefileError) {
        place = line.head
        guard let from = line.arguments.first else {
            throw line.error("needs a name and upstreams", wanted: "write it as in forward . 192.0.2.53")
        }
        self.from = try from.zones()
        targets = []
        for word in line.arguments.dropFirst() { targets.append(try ForwardSettings.Target(word)) }
        guard !targets.isEmpty else {
            throw line.error(
                "has no upstream", wanted: "write one as in forward \(from.text) 192.0.2.53, or /etc/resolv.conf")
        }
        if targets.count > ForwardSettings.upstreamLimit, let last = line.tokens.last {
            throw last.error(
                "is one of \(targets.count) upstreams", wanted: "write at most \(ForwardSettings.upstreamLimit)")
        }
        for option in line.options { try read(option, in: block) }
        try checkServerNames()
    }

    private mutating func read(_ option: CorefileLine, in block: ServerBlock) throws(CorefileError) {
        try option.expectNoBlock()
        switch option.name {
        case "except":
            try option.expect(1...Int.max)
            for word in option.arguments { exceptions += try word.zones() }
        case "force_tcp": forcesTCP = try option.flag()
        case "prefer_udp": prefersUDP = try option.flag()
        case "next_on_nodata": passesOnNoData = try option.flag()
        case "failfast_all_unhealthy_upstreams": failsFast = try option.flag()
        case "expire": expiry = try option.argument().duration()
        case "max_age": connectionAge = try option.argument().duration()
        case "max_idle_conns": idleConnectionLimit = try option.count()
        case "max_fails": failureLimit = try option.count()
        case "max_connect_attempts": attemptLimit = try option.count()
        case "max_concurrent": concurrencyLimit = try option.count()
        case "tls": try readTLS(option, in: block)
        case "tls_servername": tlsServerName = try option.argument().serverName()
        case "policy":
            let word = try option.argument()
            guard let policy = ForwardSettings.Policy(rawValue: word.text) else {
                throw word.error("is no policy", wanted: "write random, round_robin or sequential")
            }
            self.policy = policy
        case "health_check": try readHealthCheck(option)
        case "next": nextCodes.formUnion(try option.codes())
        case "failover":
            for word in option.arguments where ResponseCode(name: word.text) == .noError {
                throw word.error("is no failure", wanted: "write other codes after failover")
            }
            failoverCodes.formUnion(try option.codes())
        case "resolver", "resolve_upstream":
            throw option.error("is not supported: upstreams have addresses here", wanted: "write their addresses")
        case "doh_method":
            throw option.error(
                "is not supported: upstreams are not asked over HTTPS", wanted: "use dns:// or tls:// upstreams")
        default: throw option.unknown(in: ForwardSettings.directive, known: Self.options)
        }
    }

    private mutating func readTLS(_ option: CorefileLine, in block: ServerBlock) throws(CorefileError) {
        try option.expect(0...3)
        var files = ForwardSettings.TLSFiles()
        let words = Array(option.arguments)
        switch words.count {
        case 1: files.authority = words[0]
        case 2: (files.certificate, files.key) = (words[0], words[1])
        case 3: (files.certificate, files.key, files.authority) = (words[0], words[1], words[2])
        default: break
        }
        files.folder = block.lines.first { $0.name == "root" }?.arguments.first?.text
        tls = files
    }

    private mutating func readHealthCheck(_ option: CorefileLine) throws(CorefileError) {
        try option.expect(1...4)
        var words = option.arguments
        guard let interval = words.popFirst() else { return }
        var check = ForwardSettings.HealthCheck(interval: try interval.duration())
        guard check.interval > .zero else { throw interval.error("is no time between checks", wanted: "write 500ms") }
        while let word = words.popFirst() {
            switch word.text {
            case "no_rec": check.isRecursionDesired = false
            case "domain":
                guard let name = words.popFirst() else {
                    throw word.error("needs a name", wanted: "write it as in domain example.org")
                }
                check.name = try name.name()
            default:
                throw word.error("is unknown in health_check", wanted: "write no_rec or domain NAME")
            }
        }
        healthCheck = check
    }

    /// A name for all upstreams and names of their own would contradict each other.
    private func checkServerNames() throws(CorefileError) {
        guard let tlsServerName else { return }
        for case .upstream(let place) in targets {
            if let own = place.serverName {
                throw self.place.error(
                    "has two names for the certificate of \(place), '\(tlsServerName)' and '\(own)'",
                    wanted: "leave out tls_servername or %\(own)")
            }
        }
    }
}

/// Where an upstream is, and how it is asked.
package struct UpstreamPlace: Hashable, Sendable {
    package var address: IPAddress
    package var port: UInt16
    /// The interface of a link-local address, as in `fe80::1%eth0`.
    package var interface: String?
    /// DNS over TLS (RFC 7858).
    package var usesTLS = false
    /// The name its certificate must hold, where it is given for this upstream alone.
    package var serverName: String?

    package init(_ address: IPAddress, port: UInt16 = 53, interface: String? = nil) {
        self.address = address
        self.port = port
        self.interface = interface
    }
}

extension UpstreamPlace: CustomStringConvertible {
    /// `192.0.2.1:53`, `[2001:db8::1]:53`: as metrics and errors of CoreDNS have it.
    package var description: String {
        switch address {
        case .v4: "\(address):\(port)"
        case .v6: "[\(address)\(interface.map { "%" + $0 } ?? "")]:\(port)"
        }
    }
}

extension ForwardSettings.Target {
    private static let form =
        "write an address as in 192.0.2.53:53, tls://192.0.2.53%dns.example, or the path of a file"

    /// `[SCHEME://]ADDRESS[%NAME][:PORT]` or a path.
    init(_ word: Token) throws(CorefileError) {
        var text = word.text[...]
        var usesTLS = false
        if let scheme = text.firstRange(of: "://") {
            switch text[..<scheme.lowerBound].lowercased() {
            case "dns": break
            case "tls": usesTLS = true
            case let other:
                throw word.error(
                    "is not supported: upstreams are not asked over \(other)", wanted: "use dns:// or tls://")
            }
            text = text[scheme.upperBound...]
        }
        if let place = UpstreamPlace(text, usesTLS: usesTLS) {
            self = .upstream(place)
        } else if usesTLS || text.count != word.text.count || text.isEmpty {
            throw word.error("is no upstream", wanted: Self.form)
        } else if text.contains("/") || text.hasSuffix(".conf") {
            self = .file(word)
        } else if DomainName(text) != nil, text.contains(where: { $0.isLetter }), !text.contains(":") {
            throw word.error("is a name, and upstreams have addresses here", wanted: Self.form)
        } else {
            throw word.error("is no upstream", wanted: Self.form)
        }
    }
}

extension UpstreamPlace {
    /// `ADDRESS[%NAME][:PORT]`, an IPv6 address before a port in brackets; nil for anything else.
    init?(_ text: Substring, usesTLS: Bool) {
        var host = text
        var port: UInt16 = usesTLS ? 853 : 53
        if host.hasPrefix("[") {
            guard let end = host.lastIndex(of: "]") else { return nil }
            let rest = host[host.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            if !rest.isEmpty {
                guard let given = Self.port(rest.dropFirst()) else { return nil }
                port = given
            }
            host = host[host.index(after: host.startIndex)..<end]
        } else if let colon = host.lastIndex(of: ":") {
            let before = host[..<colon]
            // An IPv6 address without brackets has colons of its own, and no port; a name behind % has none.
            if !before.contains(":") || before.contains("%") {
                guard let given = Self.port(host[host.index(after: colon)...]) else { return nil }
                port = given
                host = before
            }
        }
        let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(String(first)) else { return nil }
        self.init(address, port: port)
        self.usesTLS = usesTLS
        if parts.count == 2 {
            let name = String(parts[1])
            guard !name.isEmpty, name.utf8.count <= 253, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
                return nil
            }
            if usesTLS {
                serverName = name
            } else if case .v6 = address {
                interface = name
            } else {
                return nil
            }
        }
    }

    private static func port(_ text: Substring) -> UInt16? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(text), port > 0 else {
            return nil
        }
        return port
    }
}

extension CorefileLine {
    /// True, for an option without arguments.
    fileprivate func flag() throws(CorefileError) -> Bool {
        try expect(0...0)
        return true
    }

    fileprivate func count() throws(CorefileError) -> Int {
        try argument().integer(in: 0...Int(UInt32.max))
    }

    fileprivate func codes() throws(CorefileError) -> Set<ResponseCode> {
        try expect(1...Int.max)
        var codes: Set<ResponseCode> = []
        for word in arguments {
            guard let code = ResponseCode(name: word.text) else {
                throw word.error("is no response code", wanted: "write names such as SERVFAIL, REFUSED or NXDOMAIN")
            }
            codes.insert(code)
        }
        return codes
    }
}

extension Token {
    fileprivate func serverName() throws(CorefileError) -> String {
        guard DomainName(text) != nil, text != "." else {
            throw error("is no name of a server", wanted: "write the name in its certificate, as in dns.example")
        }
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }
}
