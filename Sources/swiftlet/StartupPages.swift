import Glibc

/// The pages of programs and libraries that only the start has used.
enum StartupPages {
    /// Takes the pages of code and constants out of the process's memory; the system has them, and those that are used
    /// again come back with the first use.
    ///
    /// Only mappings of files that are never written to: code, and the part in front of it with the file's head. Where
    /// the list of mappings cannot be read nothing happens.
    static func giveBack() {
        guard let file = fopen("/proc/self/maps", "re") else { return }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, file) > 0 {
            guard let line, let mapping = Mapping(String(cString: line)), mapping.isNeverWritten else { continue }
            // Private pages of a file that nobody has written to: there is nothing to lose.
            madvise(UnsafeMutableRawPointer(bitPattern: mapping.start), mapping.size, MADV_DONTNEED)
        }
    }

    /// A line of `/proc/PID/maps` (proc(5)).
    struct Mapping: Equatable {
        let start: UInt
        let size: Int
        let isNeverWritten: Bool

        /// nil for a line of another form.
        init?(_ line: String) {
            let fields = line.split(maxSplits: 5, omittingEmptySubsequences: true, whereSeparator: \.isWhitespace)
            guard fields.count >= 5 else { return nil }
            let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard bounds.count == 2, bounds[0] < bounds[1], let size = Int(exactly: bounds[1] - bounds[0]) else {
                return nil
            }
            start = bounds[0]
            self.size = size
            let isFile = fields.count == 6 && fields[5].hasPrefix("/")
            // What is read only behind the code may be tables that the loader has filled in.
            isNeverWritten =
                isFile && (fields[1] == "r-xp" || fields[1] == "r--p" && fields[2].allSatisfy { $0 == "0" })
        }
    }
}
