import Registry

/// What somebody asks to know of the variables that Services give to a pod: `swiftlet env` and `exec`, and over HTTP.
package struct EnvironmentRequest: Sendable {
    /// The namespace whose Services are seen.
    package let namespace: String
    private let patterns: [ServicePattern]
    private let prefix: String
    private let maxBytes: Int?
    private let hasServiceLinks: Bool
    private let definitions: [EnvironmentVariable]
    private let dialect: EnvironmentDialect
    private let itemPrefix: String

    /// Reads a request out of items that are named as the options of `swiftlet env`; other names are refused.
    ///
    /// `services` (a glob) and `env` (`NAME=VALUE`) may be repeated; `format`, `prefix`, `max-bytes` and
    /// `service-links` (true or false) stand once.
    ///
    /// - Parameter itemPrefix: What stands before the name of an item in errors and warnings: `--` for options.
    package init(
        namespace: String, query: [(String, String)], itemPrefix: String = ""
    ) throws(PodRequestError) {
        var query = try PodQuery(namespace: namespace, items: query, itemPrefix: itemPrefix)
        self.itemPrefix = itemPrefix
        self.namespace = query.namespace
        patterns = query.values(of: "services").map { ServicePattern($0.value) }
        prefix = try query.value(of: "prefix")?.value ?? ""
        maxBytes = try query.value(of: "max-bytes").map { item, value throws(PodRequestError) in
            guard let number = Int(value), number > 0 else {
                throw .invalidValue(item: item, value: value, reason: "must be a number greater than 0")
            }
            return number
        }
        hasServiceLinks = try query.flag("service-links") ?? true
        definitions = try query.values(of: "env").map { item, value throws(PodRequestError) in
            do {
                return try EnvironmentVariable(assignment: value)
            } catch {
                throw .invalidItem(item, reason: "\(error)")
            }
        }
        dialect =
            try query.value(of: "format").map { item, value throws(PodRequestError) in
                guard let dialect = EnvironmentDialect(rawValue: value) else {
                    let known = EnvironmentDialect.allCases.map(\.rawValue).joined(separator: ", ")
                    throw .invalidValue(item: item, value: value, reason: "is none of \(known)")
                }
                return dialect
            } ?? .dotenv
        try query.finish()
    }

    /// What the variables came to and what is to be told of them.
    package struct Outcome: Sendable {
        /// Inherited ones are among them, unchanged, where there were any.
        package let variables: [EnvironmentVariable]
        package let warnings: [String]
    }

    /// Makes the variables out of all Services of the registry.
    package func outcome(
        of services: [Service], inherited: [EnvironmentVariable] = []
    ) throws(PodRequestError) -> Outcome {
        let visible = ServiceVariables.services(
            visibleFrom: namespace, in: services, hasServiceLinks: hasServiceLinks)
        let picked =
            patterns.isEmpty
            ? visible : visible.filter { service in patterns.contains { $0.matches(service.metadata.id) } }
        let made = ServiceVariables(of: picked)
        let environment: ContainerEnvironment
        do {
            environment = try ContainerEnvironment(
                definitions: definitions, inherited: inherited, services: made.variables)
        } catch {
            throw .notMade(error)
        }
        // Most often a namespace that is spelled otherwise.
        let isEmpty = hasServiceLinks && !services.contains { $0.metadata.id.namespace == namespace }
        let warnings =
            (isEmpty ? ["namespace \(namespace) has no Service"] : [])
            + patterns.filter { pattern in !visible.contains { pattern.matches($0.metadata.id) } }
            .map { "\(itemPrefix)services '\($0.text)' matches no Service with a cluster IP in namespace \(namespace)" }
            + made.collisions.map { "variable \($0.description)" }
        return Outcome(variables: environment.narrowed(toPrefix: prefix), warnings: warnings)
    }

    /// Refuses variables that do not fit into `room` bytes or beneath the limit asked for.
    package func checkSize(of variables: [EnvironmentVariable], room: Int) throws(PodRequestError) {
        do {
            try EnvironmentSize.check(variables, limit: min(maxBytes ?? .max, room))
        } catch {
            throw .notMade(error)
        }
    }

    /// The variables as a file of the format asked for.
    ///
    /// - Parameter room: What the reader of the file has room for, in bytes; a limit that was asked for stands in its
    ///   place, as the file may be for another machine.
    package func file(
        of services: [Service], room: Int = EnvironmentSize.kernelLimit(stackLimit: 8 << 20)
    ) throws(PodRequestError) -> RequestedFile {
        let outcome = try outcome(of: services)
        try checkSize(of: outcome.variables, room: maxBytes ?? room)
        let file: EnvironmentDialect.File
        do {
            file = try dialect.write(outcome.variables)
        } catch {
            throw .notMade(error)
        }
        var warnings = outcome.warnings
        if !file.omittedNames.isEmpty {
            warnings.append(
                "left out, as a reader of \(dialect.rawValue) takes no such names: "
                    + file.omittedNames.joined(separator: " "))
        }
        if !file.expandableNames.isEmpty {
            warnings.append(
                "python-dotenv expands ${…} even in quotes unless it is told interpolate=False: "
                    + file.expandableNames.joined(separator: " "))
        }
        return RequestedFile(text: file.text, warnings: warnings)
    }
}
