/// The forms of names that Kubernetes validates against (RFC 1123 labels and subdomains, port names, label keys).
package enum NameRules {
    /// A DNS-1123 label: 1 to 63 of `[a-z0-9-]`, no dash at either end.
    package static func isLabel(_ text: some StringProtocol) -> Bool {
        let bytes = text.utf8
        guard (1...63).contains(bytes.count), let first = bytes.first, let last = bytes.reversed().first else {
            return false
        }
        return isLowerAlphanumeric(first) && isLowerAlphanumeric(last)
            && bytes.allSatisfy { isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    /// A DNS-1123 subdomain: labels joined by dots, 253 bytes at most. No limit of 63 on a label, as upstream.
    package static func isSubdomain(_ text: some StringProtocol) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.utf8.first, let last = label.utf8.reversed().first else { return false }
            return isLowerAlphanumeric(first) && isLowerAlphanumeric(last)
                && label.utf8.allSatisfy { isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    /// A port name that `targetPort` may use: 1 to 15 of `[a-z0-9-]` with a letter, no `--`, no dash at either end.
    package static func isPortName(_ text: String) -> Bool {
        isLabel(text) && text.utf8.count <= 15 && !text.contains("--")
            && text.utf8.contains { (0x61...0x7a).contains($0) }
    }

    /// A label key: an optional DNS subdomain and slash, then 1 to 63 of `[A-Za-z0-9_.-]`, alphanumeric at both ends.
    package static func isQualifiedName(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return isLabelText(parts[0])
        case 2: return isSubdomain(parts[0]) && isLabelText(parts[1])
        default: return false
        }
    }

    /// A label value: empty, or as the last part of a label key.
    package static func isLabelValue(_ text: String) -> Bool {
        text.isEmpty || isLabelText(Substring(text))
    }

    private static func isLabelText(_ text: Substring) -> Bool {
        let bytes = text.utf8
        guard (1...63).contains(bytes.count), let first = bytes.first, let last = bytes.reversed().first else {
            return false
        }
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            isLowerAlphanumeric(byte) || (0x41...0x5a).contains(byte)
        }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || $0 == 0x2d || $0 == 0x5f || $0 == 0x2e }
    }

    private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte)
    }
}
