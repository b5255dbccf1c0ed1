import ArgumentParser
import Glibc

/// A command line that does not parse, told in one line as any other failure is.
enum UsageError {
    /// Writes `swiftlet COMMAND: MESSAGE; see swiftlet help COMMAND`.
    static func report(_ message: String, arguments: [String]) {
        let (command, verbs) = command(in: arguments)
        let word = arguments.dropFirst(1 + command.count).first
        let help = (["swiftlet", "help"] + command).joined(separator: " ")
        var message = message
        if let word, !verbs.isEmpty, !word.hasPrefix("-") {
            let near = verbs.filter { $0.hasPrefix(word) || word.hasPrefix($0) || isNear($0, word) }
            let hint = near.isEmpty ? "" : " (\(near.joined(separator: " or "))?)"
            message = "there is no command '\(word)'\(hint)"
        } else if !command.isEmpty, !verbs.isEmpty {
            // The parser knows the options of a verb only behind it, and would call them unknown.
            let choices = verbs.map { (["swiftlet"] + command + [$0]).joined(separator: " ") }
            message = "a verb comes first: \(choices.joined(separator: " or "))"
        }
        // The parser's sentences end with a full stop where a suggestion follows, and with none elsewhere.
        let sentence = message.hasSuffix(".") ? String(message.dropLast()) : message
        let name = (["swiftlet"] + command).joined(separator: " ")
        let line = "\(name): \(sentence); see \(help)".split { $0.isNewline }.joined(separator: " ")
        OutputFile.write(Array("\(line)\n".utf8), to: STDERR_FILENO)
    }

    /// Whether a word becomes another by leaving one letter out, putting one in or exchanging one or two that stand
    /// together.
    private static func isNear(_ one: String, _ other: String) -> Bool {
        let (one, other) = (Array(one.utf8), Array(other.utf8))
        let head = zip(one, other).prefix { $0 == $1 }.count
        let tail = zip(one[head...].reversed(), other[head...].reversed()).prefix { $0 == $1 }.count
        let (left, right) = (one[head..<(one.count - tail)], other[head..<(other.count - tail)])
        return left.count <= 1 && right.count <= 1 || left.count == 2 && Array(left) == Array(right.reversed())
    }

    /// The subcommands that the arguments begin with, and those that could follow.
    private static func command(in arguments: [String]) -> (names: [String], next: [String]) {
        var names: [String] = []
        var known = Swiftlet.configuration.subcommands
        for argument in arguments.dropFirst() {
            guard
                let next = known.first(where: {
                    $0.configuration.commandName == argument || $0._commandName == argument
                })
            else { break }
            names.append(argument)
            known = next.configuration.subcommands
        }
        return (names, known.map { $0.configuration.commandName ?? $0._commandName })
    }
}
