import Registry

/// A parameter of an operation, in the path or in the query.
struct OpenAPIParameter {
    let name: String
    let type: String
    let description: String
    var isInPath = false

    var form: JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(name), "in": .string(isInPath ? "path" : "query"), "description": .string(description),
            "schema": .object(["type": .string(type)]),
        ]
        if isInPath { members["required"] = .bool(true) }
        return .object(members)
    }

    static let name = Self(name: "name", type: "string", description: "The name of the object.", isInPath: true)
    static let namespace = Self(
        name: "namespace", type: "string", description: "The Namespace of the object.", isInPath: true)
    static let force = Self(
        name: "force", type: "boolean",
        description: "Takes over fields that other appliers own; for apply patches only.")

    /// Of all writes that bring an object.
    static let write = [
        Self(name: "dryRun", type: "string", description: "All: goes through the whole of it, but keeps nothing."),
        Self(name: "fieldManager", type: "string", description: "Who is to own the fields written."),
        Self(
            name: "fieldValidation", type: "string",
            description: "What to do about unknown fields and such that stand twice: Ignore, Warn or Strict."),
    ]

    static let delete = [
        Self(name: "dryRun", type: "string", description: "All: goes through the whole of it, but keeps nothing."),
        Self(
            name: "gracePeriodSeconds", type: "integer",
            description: "Seconds that the object is given to end; 0 is at once."),
        Self(
            name: "propagationPolicy", type: "string",
            description: "What becomes of dependents: Orphan, Background or Foreground."),
    ]

    static let list = [
        Self(name: "labelSelector", type: "string", description: "Labels that objects must have."),
        Self(name: "fieldSelector", type: "string", description: "Values of fields that objects must have."),
        Self(name: "limit", type: "integer", description: "The most objects to return at once."),
        Self(name: "continue", type: "string", description: "Where a list with a limit goes on; given by the server."),
        Self(name: "resourceVersion", type: "string", description: "The state of the registry that is asked for."),
        Self(
            name: "resourceVersionMatch", type: "string",
            description: "How near to resourceVersion: NotOlderThan or Exact."),
        Self(name: "timeoutSeconds", type: "integer", description: "When the answer is to end."),
        Self(name: "watch", type: "boolean", description: "Sends changes as they come instead of a list."),
        Self(name: "allowWatchBookmarks", type: "boolean", description: "Sends now and then how far a watch has come."),
        Self(
            name: "sendInitialEvents", type: "boolean",
            description: "Begins a watch with all objects, each as if it had just been created."),
    ]
}
