import FileReading

/// How much memory the system lets the process have, by its control group (cgroups(7)).
package enum MemoryLimit {
    /// In bytes; nil where no group says so, or that cannot be found out. Reads a few small files.
    ///
    /// - Parameter root: what `/proc` and `/sys` lie in.
    package static func bytes(root: String = "") -> Int? {
        let groups = (lines(of: "\(root)/proc/self/cgroup") ?? []).compactMap {
            line -> (folder: String, file: String)? in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return nil }
            // The one hierarchy of version 2 has no name, and no controllers are listed.
            if parts[0] == "0", parts[1].isEmpty { return ("\(parts[2])", "memory.max") }
            guard parts[1].split(separator: ",").contains("memory") else { return nil }
            return ("\(parts[2])", "memory.limit_in_bytes")
        }
        return groups.flatMap { folder, file in
            let mount = "\(root)/sys/fs/cgroup" + (file == "memory.max" ? "" : "/memory")
            return limits(of: folder, file, in: mount)
        }.min()
    }

    /// What a group and those around it say. In a container the path may be the host's, of which there is the end only.
    private static func limits(of folder: String, _ file: String, in mount: String) -> [Int] {
        var parts = folder.split(separator: "/")
        var found: [Int] = []
        while true {
            let path = ([mount] + parts.map { String($0) } + [file]).joined(separator: "/")
            // `max`, and numbers that no machine has, are no limits.
            if let number = lines(of: path)?.first.flatMap({ Int($0) }), (1..<1 << 50).contains(number) {
                found.append(number)
            }
            guard parts.popLast() != nil else { return found }
        }
    }

    private static func lines(of path: String) -> [Substring]? {
        guard let bytes = try? RegularFile.bytes(path, limit: 64 << 10) else { return nil }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }
}
