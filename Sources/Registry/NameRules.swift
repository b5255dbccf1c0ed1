/// The forms of names that Kubernetes validates against (RFC 1123 labels and subdomains, port names, label keys).
package enum NameRules {
    /// A DNS-1123 label: 1 to 63 of `[a-z0-9-]`, no dash at either end.
    package static func isLabel(_ text: some StringProtocol) -> Bool {
        text.utf8.count <= 63 && hasLabelForm(text)
    }

    /// A DNS-1123 subdomain: labels joined by dots, 253 bytes at most. No limit of 63 on a label, as upstream.
    package static func isSubdomain(_ text: some StringProtocol) -> Bool {
        text.utf8.count <= 253 && hasSubdomainForm(text)
    }

    /// A port name that `targetPort` may use: 1 to 15 of `[a-z0-9-]` with a letter, no `--`, no dash at either end.
    package static func isPortName(_ text: String) -> Bool { portNameFaults(text).isEmpty }

    /// A label key: an optional DNS subdomain and slash, then 1 to 63 of `[A-Za-z0-9_.-]`, alphanumeric at both ends.
    package static func isQualifiedName(_ text: String) -> Bool { qualifiedNameFaults(text).isEmpty }

    /// A label value: empty, or as the last part of a label key.
    package static func isLabelValue(_ text: String) -> Bool { labelValueFaults(text).isEmpty }
}

/// What is wrong with a name, in the words of Kubernetes' API server; nothing for a sound one.
extension NameRules {
    package static func labelFaults(_ text: some StringProtocol) -> [String] {
        var faults = lengthFaults(text, limit: 63)
        if hasLabelForm(text) { return faults }
        faults.append(
            hasSubdomainForm(text)
                ? "must not contain dots"
                : "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must "
                    + "start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for "
                    + "validation is '\(labelPattern)')")
        return faults
    }

    package static func subdomainFaults(_ text: some StringProtocol) -> [String] {
        var faults = lengthFaults(text, limit: 253)
        if hasSubdomainForm(text) { return faults }
        faults.append(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
                + "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
                + "'\(labelPattern)(\\.\(labelPattern))*')")
        return faults
    }

    /// As a subdomain, with `_` inside labels and at their beginning (names of search lists).
    package static func underscoreSubdomainFaults(_ text: some StringProtocol) -> [String] {
        var faults = lengthFaults(text, limit: 253)
        let isSound = text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            let body = label.utf8.first == UInt8(ascii: "_") ? label.dropFirst() : label
            return withBytes(body) { isEnclosed($0, by: isLowerAlphanumeric) { $0 == 0x2d || $0 == 0x5f } }
        }
        if isSound { return faults }
        let pattern = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
        faults.append(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and "
                + "must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation "
                + "is '\(pattern)(\\.\(pattern))*')")
        return faults
    }

    package static func qualifiedNameFaults(_ text: String) -> [String] {
        let form =
            "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
            + "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '\(namePattern)')"
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        var faults: [String] = []
        guard let name = parts.last, parts.count <= 2 else {
            return [
                "a valid label key \(form) with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            ]
        }
        if parts.count == 2 {
            faults =
                parts[0].isEmpty
                ? ["prefix part must be non-empty"] : subdomainFaults(parts[0]).map { "prefix part \($0)" }
        }
        if name.isEmpty {
            faults.append("name part must be non-empty")
        } else {
            faults += lengthFaults(name, limit: 63).map { "name part \($0)" }
        }
        if !hasNameForm(name) { faults.append("name part \(form)") }
        return faults
    }

    package static func labelValueFaults(_ text: String) -> [String] {
        var faults = lengthFaults(text, limit: 63)
        if text.isEmpty || hasNameForm(text) { return faults }
        faults.append(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
                + "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex "
                + "used for validation is '(\(namePattern))?')")
        return faults
    }

    package static func portNameFaults(_ text: String) -> [String] {
        var faults = lengthFaults(text, limit: 15)
        let bytes = text.utf8
        if bytes.isEmpty || !bytes.allSatisfy({ isLowerAlphanumeric($0) || $0 == 0x2d }) {
            faults.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
        }
        if !bytes.contains(where: { (0x61...0x7a).contains($0) }) {
            faults.append("must contain at least one letter (a-z)")
        }
        if text.contains("--") { faults.append("must not contain consecutive hyphens") }
        if bytes.first == 0x2d || bytes.last == 0x2d { faults.append("must not begin or end with a hyphen") }
        return faults
    }

    /// The least that any name must be: one segment of the path of a URL.
    package static func pathSegmentFaults(_ text: String) -> [String] {
        if text == "." || text == ".." { return ["may not be '\(text)'"] }
        return ["/", "%"].filter { text.contains($0) }.map { "may not contain '\($0)'" }
    }

    /// The faults of the beginning of a name to be generated: as if more followed a dash at its end.
    package static func prefixFaults(_ text: String, _ faults: (String) -> [String]) -> [String] {
        faults(text.utf8.count > 1 && text.hasSuffix("-") ? text.dropLast(2) + "a" : text)
    }
}

extension NameRules {
    private static let labelPattern = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
    private static let namePattern = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"

    private static func lengthFaults(_ text: some StringProtocol, limit: Int) -> [String] {
        text.utf8.count > limit ? ["must be no more than \(limit) bytes"] : []
    }

    private static func hasLabelForm(_ text: some StringProtocol) -> Bool {
        withBytes(text) { hasLabelForm($0) }
    }

    private static func hasSubdomainForm(_ text: some StringProtocol) -> Bool {
        withBytes(text) { bytes in
            var rest = bytes
            while let dot = rest.firstIndex(of: UInt8(ascii: ".")) {
                guard hasLabelForm(rest[..<dot]) else { return false }
                rest = rest[(dot + 1)...]
            }
            return hasLabelForm(rest)
        }
    }

    private static func hasLabelForm(_ bytes: Bytes) -> Bool {
        isEnclosed(bytes, by: isLowerAlphanumeric) { $0 == 0x2d }
    }

    private typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

    /// Hands over the UTF-8 of a text: the name of each object of a watch is looked at, and a generic view takes
    /// hundreds of instructions a byte.
    private static func withBytes<Value>(_ text: some StringProtocol, _ body: (Bytes) -> Value) -> Value {
        if let value = text.utf8.withContiguousStorageIfAvailable({ body($0[...]) }) { return value }
        var copy = String(text)
        return copy.withUTF8 { body($0[...]) }
    }

    private static func hasNameForm(_ text: some StringProtocol) -> Bool {
        withBytes(text) { isEnclosed($0, by: isAlphanumeric) { $0 == 0x2d || $0 == 0x5f || $0 == 0x2e } }
    }

    /// Whether a text begins and ends with bytes of one class and has only those and some others inside.
    private static func isEnclosed(
        _ bytes: Bytes, by isEdge: (UInt8) -> Bool, orHolding isInside: (UInt8) -> Bool
    ) -> Bool {
        guard let first = bytes.first, let last = bytes.last, isEdge(first), isEdge(last) else { return false }
        return bytes.allSatisfy { isEdge($0) || isInside($0) }
    }

    private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLowerAlphanumeric(byte) || (0x41...0x5a).contains(byte)
    }
}
