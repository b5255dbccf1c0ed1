import Registry

/// A form of environment files, named after who reads it back.
package enum EnvironmentDialect: String, Hashable, Sendable, CaseIterable {
    /// `.env` files: python-dotenv reads them back exactly, the others as far as they agree with it.
    case dotenv
    /// `docker run --env-file`.
    case docker
    /// `.` of a POSIX shell; the variables are exported.
    case export
    /// `EnvironmentFile=` of systemd.exec(5).
    case systemd
    /// One object of strings, its names sorted (RFC 8259).
    case json

    /// The text of an environment file and what its reader will not see as it is.
    package struct File: Hashable, Sendable {
        /// Ends with a newline unless it is empty; UTF-8.
        package let text: String
        /// Names the dialect's reader would drop or stumble over; they are not in `text`.
        package let omittedNames: [String]
        /// Names whose value holds `${…}`, which some readers of the dialect expand although it is quoted.
        package let expandableNames: [String]
    }

    /// Writes variables so that the dialect's reader gets each of them back byte for byte.
    package func write(_ variables: [EnvironmentVariable]) throws(PodEnvironmentError) -> File {
        var lines: [String] = []
        var omitted: [String] = []
        for variable in ordered(variables) {
            guard accepts(name: variable.name) else {
                omitted.append(variable.name)
                continue
            }
            guard !variable.value.utf8.contains(0) else { throw .valueHoldsNUL(name: variable.name) }
            lines.append(try line(for: variable))
        }
        let text: String
        switch self {
        case .json:
            text = lines.isEmpty ? "{}\n" : "{\n" + lines.map { "  \($0)" }.joined(separator: ",\n") + "\n}\n"
        case .dotenv, .docker, .export, .systemd:
            text = lines.map { $0 + "\n" }.joined()
        }
        let expandable =
            self == .dotenv
            ? variables.filter { accepts(name: $0.name) && DotenvQuoting.isExpandable($0.value) }.map(\.name) : []
        return File(text: text, omittedNames: omitted, expandableNames: expandable)
    }

    private func ordered(_ variables: [EnvironmentVariable]) -> [EnvironmentVariable] {
        switch self {
        case .json: variables.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        case .dotenv, .docker, .export, .systemd: variables
        }
    }

    private func accepts(name: String) -> Bool {
        switch self {
        case .export, .systemd: EnvironmentVariable.isIdentifier(name)
        case .dotenv: DotenvQuoting.accepts(name: name)
        // Any name is a JSON string; one that docker cannot read is an error, for its reader refuses the whole file.
        case .docker, .json: true
        }
    }

    private func line(for variable: EnvironmentVariable) throws(PodEnvironmentError) -> String {
        func unwritable(_ reason: String?) throws(PodEnvironmentError) {
            if let reason { throw .unwritable(name: variable.name, dialect: self, reason: reason) }
        }
        switch self {
        case .dotenv:
            guard let quoted = DotenvQuoting.quote(variable.value) else {
                throw .unwritable(
                    name: variable.name, dialect: self,
                    reason: "no quoting carries a backslash at the end of such a value")
            }
            return "\(variable.name)=\(quoted)"
        case .docker:
            try unwritable(DockerLine.obstacle(to: variable))
            return "\(variable.name)=\(variable.value)"
        case .export:
            return "export \(variable.name)=\(ShellQuoting.singleQuoted(variable.value))"
        case .systemd:
            try unwritable(SystemdQuoting.obstacle(to: variable.value))
            return "\(variable.name)=\(SystemdQuoting.doubleQuoted(variable.value))"
        case .json:
            return "\(JSONQuoting.quote(variable.name)): \(JSONQuoting.quote(variable.value))"
        }
    }
}
