import Registry

/// The rules of EndpointSlices beyond what the typed slice knows.
enum EndpointSliceRules {
    private static let topologyLimit = 16
    private static let hintLimit = 8

    static func validate(_ document: JSONValue) -> [FieldViolation] {
        let violations = document.list("endpoints").enumerated().violations { index, endpoint in
            var violations: [FieldViolation] = []
            let path = ("endpoints" as FieldPath)[index]
            let topology = endpoint.textMap("deprecatedTopology")
            if topology.count > topologyLimit {
                violations.append(
                    .tooMany(path / "deprecatedTopology", count: topology.count, limit: topologyLimit))
            }
            violations += ObjectMetadata.validate(labels: topology, at: path / "deprecatedTopology")
            violations += validateHints(endpoint.at("hints", "forZones"), at: path / "hints" / "forZones")
            return violations
        }
        return violations
            + document.list("ports").enumerated().violations { index, port in
                guard let name = port.at("appProtocol")?.string else { return [] }
                return FieldViolation.list(
                    ("ports" as FieldPath)[index] / "appProtocol", value: name,
                    faults: NameRules.qualifiedNameFaults(name))
            }
    }

    private static func validateHints(_ hints: JSONValue?, at path: FieldPath) -> [FieldViolation] {
        guard case .array(let zones)? = hints else { return [] }
        if zones.count > hintLimit { return [.tooMany(path, count: zones.count, limit: hintLimit)] }
        var names: Set<String> = []
        return zones.enumerated().flatMap { index, zone in
            let name = zone.text("name")
            let violations = FieldViolation.list(
                path[index] / "name", value: name, faults: NameRules.qualifiedNameFaults(name))
            guard !names.insert(name).inserted else { return violations }
            return violations + [FieldViolation(path[index] / "name", .duplicate, value: name)]
        }
    }
}
