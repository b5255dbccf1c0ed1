import Registry

/// One word of an `options` line.
package struct ResolverOption: Hashable, Sendable {
    package let name: String
    /// nil for an option that is switched on by being named.
    package let value: String?

    package init(name: String, value: String? = nil) {
        self.name = name
        self.value = value
    }

    /// Reads `NAME` or `NAME:VALUE`.
    package init(text: String) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            self.init(name: text)
            return
        }
        self.init(name: String(text[..<colon]), value: String(text[text.utf8.index(after: colon)...]))
    }

    /// The word as it stands in the file.
    package var text: String {
        guard let value, !value.isEmpty else { return name }
        return "\(name):\(value)"
    }
}

/// What a Pod adds to the resolver configuration of its policy (Kubernetes core/v1 PodDNSConfig).
package struct PodDNSConfig: Hashable, Sendable {
    package var nameservers: [String]
    package var searches: [String]
    package var options: [ResolverOption]

    package init(nameservers: [String] = [], searches: [String] = [], options: [ResolverOption] = []) {
        self.nameservers = nameservers
        self.searches = searches
        self.options = options
    }

    /// Every rule of Kubernetes' validation that is broken; paths are those of a Pod.
    ///
    /// One rule more than upstream's: an option is one word, or the line would not read back.
    package func validate(policy: DNSPolicy) -> [FieldViolation] {
        let path: FieldPath = "spec.dnsConfig"
        var violations: [FieldViolation] = []
        if nameservers.isEmpty && policy == .none {
            violations.append(
                FieldViolation(path / "nameservers", .required, "one at least when `dnsPolicy` is None"))
        }
        if nameservers.count > ResolverConfiguration.nameserverLimit {
            violations.append(
                FieldViolation(
                    path / "nameservers", .invalid, value: nameservers.joined(separator: " "),
                    "must not have more than \(ResolverConfiguration.nameserverLimit) nameservers"))
        }
        for (index, text) in nameservers.enumerated() {
            let address = IPAddress(text)
            if address == nil || address?.isIPv4Mapped == true {
                violations.append(
                    FieldViolation(
                        (path / "nameservers")[index], .invalid, value: text, "must be a valid IP address"))
            }
        }
        return violations + validateSearches(at: path / "searches") + validateOptions(at: path / "options")
    }

    private func validateSearches(at path: FieldPath) -> [FieldViolation] {
        var violations: [FieldViolation] = []
        if searches.count > ResolverConfiguration.searchLimit {
            violations.append(
                FieldViolation(
                    path, .invalid, value: "\(searches.count)",
                    "must not have more than \(ResolverConfiguration.searchLimit) search paths"))
        }
        let length = searches.joined(separator: " ").utf8.count
        if length > ResolverConfiguration.searchLineLimit {
            violations.append(
                FieldViolation(
                    path, .invalid, value: "\(length)",
                    "must not have more than \(ResolverConfiguration.searchLineLimit) characters in the search list"))
        }
        for (index, search) in searches.enumerated() where search != "." && !Self.isSearchDomain(search) {
            violations.append(
                FieldViolation(
                    path[index], .invalid, value: search,
                    "must be a lowercase RFC 1123 subdomain, '_' allowed, with or without a dot at its end"))
        }
        return violations
    }

    private func validateOptions(at path: FieldPath) -> [FieldViolation] {
        options.enumerated().compactMap { index, option in
            if option.name.isEmpty {
                return FieldViolation(path[index] / "name", .required)
            }
            guard option.text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
                return FieldViolation(path[index], .invalid, value: option.text, "must be one word")
            }
            return nil
        }
    }

    /// A DNS-1123 subdomain whose labels may also begin with and hold `_`, with or without a trailing dot.
    private static func isSearchDomain(_ text: String) -> Bool {
        let name = text.hasSuffix(".") ? text.dropLast() : text[...]
        guard (1...ResolverConfiguration.searchDomainLimit).contains(name.utf8.count) else { return false }
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte)
        }
        return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            let body = label.utf8.first == UInt8(ascii: "_") ? label.utf8.dropFirst() : label.utf8
            guard let first = body.first, let last = body.last, isAlphanumeric(first), isAlphanumeric(last) else {
                return false
            }
            return body.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
        }
    }
}
