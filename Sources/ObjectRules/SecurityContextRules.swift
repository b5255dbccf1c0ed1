import Registry

/// The rules of whom the processes of a Pod, or of one container, run as.
enum SecurityContextRules {
    private static let identifiers = 0...Int(Int32.max)

    static func validate(_ context: JSONValue, at path: FieldPath) -> [FieldViolation] {
        let groups = context.list("supplementalGroups").enumerated().violations { index, group in
            guard case .integer(let number) = group, !identifiers.contains(Int(number)) else { return [] }
            return [.outOfRange((path / "supplementalGroups")[index], Int(number), identifiers)]
        }
        return groups
            + ["runAsUser", "runAsGroup", "fsGroup"].compactMap { field in
                guard let number = context.integer(field), !identifiers.contains(number) else { return nil }
                return .outOfRange(path / field, number, identifiers)
            }
    }
}
