import Foundation

/// The processes of the machine as `/proc` shows them.
package enum ProcessTree {
    /// What `/proc/PID/stat` says of one process (proc(5)).
    package struct Statistics: Equatable {
        package let state: Character
        package let parent: pid_t
        package let userTicks: UInt64
        package let systemTicks: UInt64

        /// Reads the file's one line. The second field is the program's name in parentheses, which may itself hold
        /// blanks and parentheses; the fields after the last one are counted.
        init?(line: String) {
            guard let end = line.lastIndex(of: ")") else { return nil }
            let fields = line[line.index(after: end)...].split(separator: " ")
            guard fields.count > 12, let state = fields[0].first, let parent = pid_t(fields[1]),
                let userTicks = UInt64(fields[11]), let systemTicks = UInt64(fields[12])
            else { return nil }
            self.state = state
            self.parent = parent
            self.userTicks = userTicks
            self.systemTicks = systemTicks
        }
    }

    package static func statistics(of identifier: pid_t) -> Statistics? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(identifier)/stat") else { return nil }
        return Statistics(line: String(decoding: data, as: UTF8.self))
    }

    /// Whether the process exists and is not merely waiting for its parent to take note of its end.
    package static func isAlive(_ identifier: pid_t) -> Bool {
        guard let state = statistics(of: identifier)?.state else { return false }
        return state != "Z" && state != "X"
    }

    /// The process and all its living descendants, parents before children.
    package static func members(of root: pid_t) -> [pid_t] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        var children: [pid_t: [pid_t]] = [:]
        for identifier in entries.compactMap({ pid_t($0) }) {
            guard let statistics = statistics(of: identifier), statistics.state != "Z" else { continue }
            children[statistics.parent, default: []].append(identifier)
        }
        var members = [root]
        var next = 0
        while next < members.count {
            members += children[members[next]] ?? []
            next += 1
        }
        return members
    }
}
