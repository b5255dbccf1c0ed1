import Registry

/// The environment a container starts with: what it inherits, what the user says, what the Services give.
package struct ContainerEnvironment: Hashable, Sendable {
    /// Each name once, but for inherited duplicates, which stay: inherited, then the user's, then the Services'.
    package let variables: [EnvironmentVariable]

    /// Merges by the kubelet's rules: `definitions` override `inherited`, `services` fill the names still free.
    ///
    /// `$(NAME)` in a definition means what `inherited` and the definitions before it say, else what `services` say.
    /// A name defined twice keeps its first place and its last value.
    ///
    /// - Throws: `.variableTooLarge` and `.environmentTooLarge` for definitions that no kernel takes, before their
    ///   references have made more of them.
    package init(
        definitions: [EnvironmentVariable], inherited: [EnvironmentVariable] = [], services: [EnvironmentVariable]
    ) throws(PodEnvironmentError) {
        var values: [String: String] = [:]
        for variable in inherited where values[variable.name] == nil {
            values[variable.name] = variable.value
        }
        let serviceValues = Dictionary(services.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        var order: [String] = []
        var defined: Set<String> = []
        var expanded = 0
        for definition in definitions {
            let value: String
            do throws(ReferenceExpansion.TooLong) {
                value = try ReferenceExpansion.expand(definition.value) { values[$0] ?? serviceValues[$0] }
            } catch {
                throw .variableTooLarge(
                    name: definition.name, bytes: error.bytes, limit: EnvironmentSize.stringLimit)
            }
            expanded += value.utf8.count
            guard expanded <= EnvironmentSize.maximumKernelLimit else {
                throw .environmentTooLarge(
                    bytes: expanded, limit: EnvironmentSize.maximumKernelLimit,
                    largest: [.init(contributor: EnvironmentSize.userContributor, bytes: expanded)])
            }
            values[definition.name] = value
            if defined.insert(definition.name).inserted { order.append(definition.name) }
        }
        variables =
            inherited.filter { !defined.contains($0.name) }
            + order.map { EnvironmentVariable($0, values[$0] ?? "") }
            + services.filter { values[$0.name] == nil }
    }

    /// The variables without those of Services whose names do not begin with `prefix`.
    package func narrowed(toPrefix prefix: String) -> [EnvironmentVariable] {
        variables.filter { variable in
            guard case .service = variable.origin else { return true }
            return variable.name.utf8.starts(with: prefix.utf8)
        }
    }
}
