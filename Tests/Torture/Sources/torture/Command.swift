import BenchmarkSupport
import Glibc

/// Programs that are run to their end at once. By the C library: Foundation hears of the end of a process by way of
/// the loopback, which may be down.
enum Command {
    /// - Returns: The exit status, and what it wrote to both outputs.
    static func run(_ words: [String]) -> (status: Int32, output: String) {
        let line = words.map { "'" + $0.replacing("'", with: "'\\''") + "'" }.joined(separator: " ")
        guard let stream = popen("exec timeout 30 \(line) 2>&1 </dev/null", "r") else { return (-1, "popen") }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&buffer, 1, buffer.count, stream)
            guard count > 0 else { break }
            output += buffer[..<count]
        }
        return (pclose(stream), String(decoding: output, as: UTF8.self))
    }
}
