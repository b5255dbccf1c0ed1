import Registry

/// What an environment takes of the room that `execve` has for arguments and environment.
package enum EnvironmentSize {
    /// The longest `NAME=VALUE` or argument, its NUL counted (Linux `MAX_ARG_STRLEN`: 32 pages of 4 KiB).
    package static let stringLimit = 131_072

    /// The most room that any stack limit gives, in bytes (Linux `bprm_stack_limits`: 3/4 of 8 MiB).
    package static let maximumKernelLimit = 6 << 20

    /// Who contributes what the user named.
    static let userContributor = "--env"

    /// What one contributor takes.
    package struct Contribution: Hashable, Sendable {
        /// `Service namespace/name`, or `--env` for what the user named.
        package let contributor: String
        package let bytes: Int
    }

    /// Bytes of one string of an argument list or environment: its text, its NUL and the pointer to it.
    package static func bytes(ofString count: Int) -> Int { count + 1 + MemoryLayout<UInt>.size }

    package static func bytes(of variable: EnvironmentVariable) -> Int {
        bytes(ofString: variable.name.utf8.count + 1 + variable.value.utf8.count)
    }

    /// The room for arguments and environment together under a soft limit on the stack (`RLIMIT_STACK`).
    ///
    /// A quarter of the stack, but 128 KiB at least and 6 MiB at most (Linux `bprm_stack_limits`).
    package static func kernelLimit(stackLimit: UInt64) -> Int {
        Int(max(min(stackLimit / 4, UInt64(maximumKernelLimit)), 128 << 10))
    }

    /// Refuses variables that take more than `limit` bytes together, or one that no environment can hold.
    package static func check(_ variables: [EnvironmentVariable], limit: Int) throws(PodEnvironmentError) {
        for variable in variables {
            let length = variable.name.utf8.count + 1 + variable.value.utf8.count + 1
            guard length <= stringLimit else {
                throw .variableTooLarge(name: variable.name, bytes: length, limit: stringLimit)
            }
        }
        let total = variables.reduce(0) { $0 + bytes(of: $1) }
        guard total <= limit else {
            throw .environmentTooLarge(
                bytes: total, limit: limit, largest: Array(contributions(to: variables).prefix(5)))
        }
    }

    /// What each contributor takes, the largest first; those of equal size by name.
    package static func contributions(to variables: [EnvironmentVariable]) -> [Contribution] {
        var sizes: [String: Int] = [:]
        for variable in variables {
            sizes[contributor(of: variable), default: 0] += bytes(of: variable)
        }
        return sizes.map { Contribution(contributor: $0.key, bytes: $0.value) }
            .sorted { ($1.bytes, $0.contributor) < ($0.bytes, $1.contributor) }
    }

    private static func contributor(of variable: EnvironmentVariable) -> String {
        switch variable.origin {
        case .user: userContributor
        case .inherited: "the present environment"
        case .service(let id): "Service \(id)"
        }
    }
}
