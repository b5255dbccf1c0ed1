import Registry

/// Requirements on fields, all of which an object must meet: `metadata.name=web,status.phase!=Failed`.
package struct FieldSelector: Hashable, Sendable {
    package struct Requirement: Hashable, Sendable {
        /// One of the kind's `selectablePaths`.
        package let path: String
        package let value: String
        /// Whether the field must have the value, or any other one.
        package let isEqual: Bool
    }

    package let requirements: [Requirement]

    /// Matches everything.
    package init() {
        requirements = []
    }

    /// Reads the text form; an empty text selects everything.
    ///
    /// In values `\,`, `\=` and `\\` stand for the characters themselves.
    package init(parsing text: String, kind: ObjectKind) throws(SelectorError) {
        var requirements: [Requirement] = []
        for term in Self.terms(of: text) where !term.isEmpty {
            guard let (path, isEqual, value) = Self.split(term) else {
                throw SelectorError("invalid selector: '\(text)'; can't understand '\(term)'")
            }
            requirements.append(
                Requirement(path: path, value: try Self.unescaped(value), isEqual: isEqual))
        }
        self.requirements = try requirements.map { requirement throws(SelectorError) in
            try Self.checked(requirement, for: kind)
        }
    }

    package var isEverything: Bool { requirements.isEmpty }

    package func matches(_ fields: [String: String]) -> Bool {
        requirements.allSatisfy { ((fields[$0.path] ?? "") == $0.value) == $0.isEqual }
    }

    /// The value that a field must have; nil where it may have several.
    package func exactValue(of path: String) -> String? {
        requirements.first { $0.path == path && $0.isEqual }?.value
    }
}

extension FieldSelector {
    private static func checked(
        _ requirement: Requirement, for kind: ObjectKind
    ) throws(SelectorError) -> Requirement {
        if kind.selectablePaths.contains(requirement.path) { return requirement }
        switch (kind, requirement.path) {
        case (.pod, "spec.host"):
            // The name of the field in clients of early days.
            return Requirement(path: "spec.nodeName", value: requirement.value, isEqual: requirement.isEqual)
        case (.node, "metadata.namespace"), (.namespace, "metadata.namespace"), (.ipAddress, "metadata.namespace"):
            throw SelectorError("field label not supported: \(requirement.path)")
        case (_, "metadata.namespace"):
            // Upstream takes it where a kind names no fields of its own, even in the cluster's scope: it is empty there.
            return requirement
        case (.endpointSlice, _), (.endpoints, _), (.serviceCIDR, _), (.lease, _):
            throw SelectorError(
                "\"\(requirement.path)\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
        case (.namespace, _), (.service, _), (.pod, _), (.node, _), (.event, _), (.ipAddress, _):
            throw SelectorError("field label not supported: \(requirement.path)")
        }
    }

    /// The parts between the commas that no backslash takes their meaning from.
    private static func terms(of text: String) -> [String] {
        var terms = [""]
        var isEscaped = false
        for character in text.unicodeScalars {
            if character == "," && !isEscaped {
                terms.append("")
            } else {
                terms[terms.count - 1].unicodeScalars.append(character)
            }
            isEscaped = character == "\\" && !isEscaped
        }
        return terms
    }

    /// The field, whether the sign is one of equality, and the value with its escapes.
    private static func split(_ term: String) -> (path: String, isEqual: Bool, value: Substring)? {
        for index in term.indices {
            for (sign, isEqual) in [("!=", false), ("==", true), ("=", true)] where term[index...].hasPrefix(sign) {
                return (String(term[..<index]), isEqual, term[index...].dropFirst(sign.count))
            }
        }
        return nil
    }

    private static func unescaped(_ text: Substring) throws(SelectorError) -> String {
        var value = String.UnicodeScalarView()
        var isEscaped = false
        for character in text.unicodeScalars {
            if isEscaped {
                guard character == "\\" || character == "," || character == "=" else {
                    throw SelectorError("invalid field selector: invalid escape sequence: \\\(character)")
                }
                value.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "," || character == "=" {
                // Upstream prints the number of the character.
                throw SelectorError("invalid field selector: unescaped character in value: \(character.value)")
            } else {
                value.append(character)
            }
        }
        if isEscaped { throw SelectorError("invalid field selector: invalid escape sequence: \\") }
        return String(value)
    }
}
