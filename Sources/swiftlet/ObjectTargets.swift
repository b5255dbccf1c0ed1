import APIClient
import Registry

/// The kinds and objects that the arguments of `get` and `delete` name.
struct ObjectTargets {
    struct Target {
        let kind: ObjectKind
        /// nil for all objects of the kind.
        let name: String?
    }

    let all: [Target]
    /// Whether single objects are meant.
    let areNamed: Bool

    /// Reads `KIND[,KIND]`, `KIND NAME…` or `KIND/NAME…`.
    init(kinds: String, names: [String]) throws(CommandFailure) {
        if kinds.contains("/") {
            all = try ([kinds] + names).map { text throws(CommandFailure) in
                let parts = text.split(separator: "/", omittingEmptySubsequences: false)
                guard parts.count == 2, !parts[1].isEmpty else {
                    throw CommandFailure(.usage, "'\(text)' is no KIND/NAME, as the first argument is")
                }
                return Target(kind: try Self.kind(parts[0]), name: String(parts[1]))
            }
            areNamed = true
            return
        }
        let named = try kinds.split(separator: ",").map { text throws(CommandFailure) in try Self.kind(text) }
        guard !named.isEmpty else { throw CommandFailure(.usage, "no kind is named") }
        guard let stray = names.first(where: { $0.contains("/") || $0.isEmpty }) else {
            areNamed = !names.isEmpty
            all = named.flatMap { kind in
                names.isEmpty
                    ? [Target(kind: kind, name: nil)] : names.map { Target(kind: kind, name: $0) }
            }
            return
        }
        throw CommandFailure(.usage, "'\(stray)' is no name: write KIND NAME… or KIND/NAME…")
    }

    /// How many kinds there are.
    var kindCount: Int { Set(all.map(\.kind)).count }

    private static func kind(_ text: some StringProtocol) throws(CommandFailure) -> ObjectKind {
        guard let kind = ObjectKind(named: String(text)) else {
            throw CommandFailure(
                .usage,
                "there is no kind '\(text)': known are \(ObjectKind.allCases.map(\.resource).sorted().joined(separator: ", "))"
            )
        }
        return kind
    }
}
