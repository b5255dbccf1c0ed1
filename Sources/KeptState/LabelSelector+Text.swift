import Registry

extension LabelSelector {
    /// The text form that the API reads.
    package var text: String {
        requirements.map { requirement in
            let key = requirement.key
            return switch requirement.relation {
            case .isAmong(let values):
                values.count == 1 ? "\(key)=\(values.first ?? "")" : "\(key) in (\(Self.list(values)))"
            case .isNotAmong(let values): "\(key) notin (\(Self.list(values)))"
            case .exists: key
            case .isAbsent: "!\(key)"
            case .isGreater(let bound): "\(key)>\(bound)"
            case .isLess(let bound): "\(key)<\(bound)"
            }
        }.joined(separator: ",")
    }

    private static func list(_ values: Set<String>) -> String { values.sorted().joined(separator: ",") }
}
