import Registry

/// Lists of addresses or networks that hold one of each IP family at most, as a Pod's addresses and a Node's networks.
enum FamilyRules {
    /// - Parameters:
    ///   - noun: What the list holds: `IP` or `CIDR`.
    ///   - faults: What is wrong with one text by itself; where something is, nothing else is told.
    ///   - shown: A text as messages show it.
    static func validate(
        _ texts: [String], at path: FieldPath, noun: String, family: (String) -> IPFamily?,
        faults: (String) -> [String], shown: (String) -> JSONValue
    ) -> [FieldViolation] {
        var violations = texts.enumerated().violations { index, text in
            FieldViolation.list(path[index], value: text, faults: faults(text))
        }
        guard violations.isEmpty, texts.count > 1 else { return violations }
        if texts.count > 2 || Set(texts.compactMap(family)).count != 2 {
            violations.append(
                FieldViolation(
                    path, .invalid, of: .array(texts.map(shown)),
                    "may specify no more than one \(noun) for each IP family"))
        }
        return violations
            + texts.repeated.prefix(FieldViolation.toldLimit).map { index, text in
                FieldViolation(path[index], .duplicate, of: shown(text))
            }
    }
}
