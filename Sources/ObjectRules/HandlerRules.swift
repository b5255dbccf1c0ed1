import Registry

/// The rules of what is done to a container to find out how it is, or around its life: one thing each.
enum HandlerRules {
    private static let probes = ["livenessProbe", "readinessProbe", "startupProbe"]
    private static let hooks = ["postStart", "preStop"]

    static func validate(_ container: JSONValue, at path: FieldPath) -> [FieldViolation] {
        var violations: [FieldViolation] = []
        if let lifecycle = container.at("lifecycle") {
            violations += hooks.flatMap { hook in
                validate(
                    lifecycle.at(hook), of: ["exec", "httpGet", "tcpSocket", "sleep"], at: path / "lifecycle" / hook)
            }
        }
        return violations
            + probes.flatMap { probe in
                validate(container.at(probe), of: ["exec", "httpGet", "tcpSocket", "grpc"], at: path / probe)
            }
    }

    private static func validate(
        _ handler: JSONValue?, of kinds: [String], at path: FieldPath
    ) -> [FieldViolation] {
        guard let handler else { return [] }
        guard kinds.contains(where: { handler.at($0) != nil }) else {
            return [FieldViolation(path, .required, "must specify a handler type")]
        }
        return SingleChoice.excess(handler, of: kinds, at: path, noun: "handler")
    }
}
