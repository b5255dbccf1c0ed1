/// Lines of `docker run --env-file`: `NAME=VALUE`, everything after the first `=` as it stands, no quoting at all.
enum DockerLine {
    /// The longest line that docker's reader takes, without its newline (Go's `bufio.Scanner`).
    static let longestLine = 65_535

    /// Why docker would not read a variable back; nil where it would.
    static func obstacle(to variable: EnvironmentVariable) -> String? {
        let name = variable.name.utf8
        let value = variable.value.utf8
        if !EnvironmentVariable.isContainerName(variable.name) {
            return "the name is empty or holds something other than printable ASCII"
        }
        if name.contains(UInt8(ascii: " ")) { return "the name holds white space" }
        if name.first == UInt8(ascii: "#") { return "the name begins with '#', which makes the line a comment" }
        if value.contains(UInt8(ascii: "\n")) { return "the value holds a newline, and a line is all there is" }
        if value.reversed().first == UInt8(ascii: "\r") {
            return "the value ends with a carriage return, which the reader takes for a part of the line's end"
        }
        guard name.count + 1 + value.count <= longestLine else {
            return "the line is longer than \(longestLine) bytes"
        }
        return nil
    }
}
