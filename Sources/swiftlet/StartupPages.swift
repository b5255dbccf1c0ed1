import Glibc

/// The pages of the program and its libraries that only the start has used.
enum StartupPages {
    /// Takes the pages of code, and of constants among it, out of the process's memory; the system has them, and those
    /// that are used again come back with the first use.
    ///
    /// Only mappings that nothing is ever written to. Where the list of mappings cannot be read nothing happens.
    static func giveBack() {
        guard let file = fopen("/proc/self/maps", "re") else { return }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, file) > 0 {
            guard let line, let mapping = Mapping(String(cString: line)), mapping.isCode else { continue }
            // Private pages of a file that nobody has written to: there is nothing to lose.
            madvise(UnsafeMutableRawPointer(bitPattern: mapping.start), mapping.size, MADV_DONTNEED)
        }
    }

    /// A line of `/proc/PID/maps` (proc(5)).
    struct Mapping: Equatable {
        let start: UInt
        let size: Int
        let isCode: Bool

        /// nil for a line of another form.
        init?(_ line: String) {
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard fields.count >= 5 else { return nil }
            let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard bounds.count == 2, bounds[0] < bounds[1], let size = Int(exactly: bounds[1] - bounds[0]) else {
                return nil
            }
            start = bounds[0]
            self.size = size
            let isFile = fields.count > 5 && fields[5].hasPrefix("/")
            // Other mappings without the right to write may be tables that the loader has filled in.
            isCode = isFile && fields[1] == "r-xp"
        }
    }
}
