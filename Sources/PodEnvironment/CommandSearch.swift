/// Where a command that a user names may lie (POSIX 8.3, `PATH`).
///
/// Bytes, not text: paths need not be UTF-8.
package enum CommandSearch {
    /// What is searched where the environment has no `PATH` (`_CS_PATH` of glibc).
    package static let defaultPath = Array("/bin:/usr/bin".utf8)

    /// The paths to try, in order; a command with a slash is its own path, an empty one has none.
    package static func candidates(for command: [UInt8], path: [UInt8]?) -> [[UInt8]] {
        let slash = UInt8(ascii: "/")
        guard !command.isEmpty else { return [] }
        guard !command.contains(slash) else { return [command] }
        return (path ?? defaultPath).split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map {
            // An empty folder means the present one.
            $0.isEmpty ? command : $0 + ($0.last == slash ? [] : [slash]) + command
        }
    }
}
