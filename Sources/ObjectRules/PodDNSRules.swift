import Registry

/// The rules of `spec.dnsConfig`, whose lines must fit what resolvers read.
enum PodDNSRules {
    private static let nameserverLimit = 3
    private static let searchLimit = 32
    /// In bytes, spaces between the names included.
    private static let searchLineLimit = 2048

    static func validate(_ spec: JSONValue) -> [FieldViolation] {
        let path: FieldPath = "spec.dnsConfig"
        let isNone = spec.text("dnsPolicy") == "None"
        guard let settings = spec.at("dnsConfig") else {
            return isNone ? [FieldViolation(path, .required, "must provide `dnsConfig` when `dnsPolicy` is None")] : []
        }
        let nameservers = settings.texts("nameservers")
        if isNone && nameservers.isEmpty {
            return [
                FieldViolation(
                    path / "nameservers", .required,
                    "must provide at least one DNS nameserver when `dnsPolicy` is None")
            ]
        }
        var violations: [FieldViolation] = []
        if nameservers.count > nameserverLimit {
            violations.append(
                FieldViolation(
                    path / "nameservers", .invalid, of: settings["nameservers"] ?? .null,
                    "must not have more than \(nameserverLimit) nameservers"))
        }
        violations += nameservers.enumerated().violations { index, text in
            FieldViolation.list((path / "nameservers")[index], value: text, faults: AddressRules.faults(text))
        }
        return violations + validateSearches(settings, at: path / "searches")
            + settings.list("options").enumerated().violations { index, option in
                guard option.text("name").isEmpty else { return [] }
                return [FieldViolation((path / "options")[index], .required, "must not be empty")]
            }
    }

    private static func validateSearches(_ settings: JSONValue, at path: FieldPath) -> [FieldViolation] {
        let searches = settings.texts("searches")
        let shown = settings["searches"] ?? .null
        var violations: [FieldViolation] = []
        if searches.count > searchLimit {
            violations.append(
                FieldViolation(path, .invalid, of: shown, "must not have more than \(searchLimit) search paths"))
        }
        if searches.joined(separator: " ").utf8.count > searchLineLimit {
            violations.append(
                FieldViolation(
                    path, .invalid, of: shown,
                    "must not have more than \(searchLineLimit) characters (including spaces) in the search list"))
        }
        return violations
            + searches.enumerated().violations { index, search in
                guard search != "." else { return [] }
                let name = search.hasSuffix(".") ? String(search.dropLast()) : search
                return FieldViolation.list(
                    path[index], value: name, faults: NameRules.underscoreSubdomainFaults(name))
            }
    }
}
