import Serving

/// CoreDNS's command line, so that a Deployment made for it needs a new image and nothing else.
///
/// `-conf FILE` (`stdin` for standard input; `Corefile` in this folder where it is left out), `-dns.port PORT` (or `-p`),
/// `-pidfile FILE`, `-quiet`, `-version` and `-plugins`, with one dash or two, the value behind `=` or as the next word, as
/// Go's flag package has it.
enum CoreDNSArguments {
    /// The arguments of `swiftlet` that mean the same; nil where these are none of CoreDNS's.
    static func translated(_ arguments: [String]) -> [String]? {
        guard let first = arguments.first, first.hasPrefix("-"), name(of: first) != nil else { return nil }
        var result = ["serve"]
        var rest = arguments[...]
        while let word = rest.popFirst() {
            guard let name = name(of: word) else { return nil }
            var value = word.firstIndex(of: "=").map { String(word[word.index(after: $0)...]) }
            switch name {
            case "conf", "dns.port", "p", "pidfile":
                guard let given = value ?? rest.popFirst() else { return nil }
                value = given
            default: break
            }
            switch (name, value) {
            case ("conf", let file?): result += ["--conf", file == "stdin" ? CorefileSource.standardInput : file]
            case ("pidfile", let file?): result += ["--pid-file", file]
            case ("dns.port", let port?), ("p", let port?): result += ["--dns-port", port]
            case ("version", _): return ["--version"]
            case ("plugins", _): return ["check", "--directives"]
            // What is said at the start goes to the log, which no probe reads.
            case ("quiet", _): continue
            default: return nil
            }
        }
        return result.contains("--conf") ? result : result + ["--conf", "Corefile"]
    }

    /// The flag that a word names; nil for a word that is none.
    private static func name(of word: String) -> String? {
        guard word.hasPrefix("-") else { return nil }
        let flag = word.drop { $0 == "-" }.prefix { $0 != "=" }
        return ["conf", "dns.port", "p", "quiet", "version", "plugins", "pidfile"].contains(String(flag))
            ? String(flag) : nil
    }
}
