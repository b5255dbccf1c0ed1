import Registry

/// Why a server-side apply was refused: it sets fields to other values than those that other managers gave them.
package struct ApplyConflict: Error, Hashable, Sendable {
    /// One field that another manager owns.
    package struct Cause: Hashable, Sendable {
        package let manager: String
        package let apiVersion: String
        /// `.spec.ports[port=80,protocol="TCP"].name`
        package let field: String
        /// `conflict with "kubectl-client-side-apply" using v1`
        package let message: String
    }

    /// At least one, and the first hundred at most.
    package let causes: [Cause]
    /// All of it, as upstream words it.
    package let message: String
}

extension ApplyConflict: CustomStringConvertible {
    package var description: String { message }
}

extension ApplyConflict {
    private static let maximumCauses = 100

    /// A conflict about what others own.
    init(_ conflicts: [ManagedFields.Entry]) {
        let sorted = conflicts.sorted {
            ($0.owner.manager, $0.owner.operation.rawValue, $0.apiVersion, $0.owner.subresource)
                < ($1.owner.manager, $1.owner.operation.rawValue, $1.apiVersion, $1.owner.subresource)
        }
        var causes: [Cause] = []
        var lines: [String] = []
        var count = 0
        for conflict in sorted {
            count += conflict.fields.count
            guard causes.count < Self.maximumCauses else { continue }
            let owner = Self.text(of: conflict)
            lines.append("conflicts with \(owner):")
            for path in conflict.fields.paths(limit: Self.maximumCauses - causes.count) {
                let field = OwnedShapes.text(of: path)
                lines.append("- \(field)")
                causes.append(
                    Cause(
                        manager: conflict.owner.manager, apiVersion: conflict.apiVersion, field: field,
                        message: "conflict with \(owner)"))
            }
        }
        if count > causes.count { lines.append("and \(count - causes.count) more") }
        self.causes = causes
        message =
            if count == 1, let cause = causes.first {
                "Apply failed with 1 conflict: \(cause.message): \(cause.field)"
            } else {
                "Apply failed with \(count) conflicts: \(lines.joined(separator: "\n"))"
            }
    }

    /// `"kube-controller-manager" with subresource "status" using v1`; the version of updates only.
    private static func text(of entry: ManagedFields.Entry) -> String {
        var text = JSONText.text(of: .string(entry.owner.manager))
        if !entry.owner.subresource.isEmpty {
            text += " with subresource \(JSONText.text(of: .string(entry.owner.subresource)))"
        }
        if entry.owner.operation == .update { text += " using \(entry.apiVersion)" }
        return text
    }
}
