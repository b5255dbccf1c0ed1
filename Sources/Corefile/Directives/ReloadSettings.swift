/// `reload [INTERVAL] [JITTER]` or `reload off`: how often the configuration is looked at again.
package struct ReloadSettings: DirectiveSettings {
    package static let directive = "reload"

    /// 2 s at least, 30 s where nothing is written; nil for never (`off`, which CoreDNS does not know).
    package let interval: Duration?
    /// By how much the interval varies in all, half of it to either side: 1 s to half of the interval.
    package let jitter: Duration

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        let line = try lines.single()
        try line.expect(0...2)
        try line.expectNoBlock()
        var arguments = line.arguments
        let first = arguments.popFirst()
        if first?.text == "off" {
            if let jitter = arguments.first {
                throw jitter.error("has no use where reload is off", wanted: "delete it")
            }
            (interval, self.jitter) = (nil, .zero)
            return
        }
        let interval =
            try first.map { argument throws(CorefileError) in
                try Self.length(argument, atLeast: 2)
            } ?? .seconds(30)
        let jitter =
            try arguments.first.map { argument throws(CorefileError) in
                try Self.length(argument, atLeast: 1)
            } ?? .seconds(15)
        self.interval = interval
        self.jitter = min(jitter, interval / 2)
    }

    private static func length(_ argument: Token, atLeast seconds: Int) throws(CorefileError) -> Duration {
        let length = try argument.duration()
        guard length >= .seconds(seconds) else {
            throw argument.error("is too short", wanted: "write \(seconds)s or more")
        }
        return length
    }
}
