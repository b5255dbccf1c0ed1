/// `timeouts { read D; write D; idle D; max_queries N }`: how long connections of TCP, TLS and HTTPS may take.
package struct TimeoutsSettings: DirectiveSettings {
    package static let directive = "timeouts"

    /// 1 s to 24 h each; nil for the server's own.
    package private(set) var read: Duration?
    package private(set) var write: Duration?
    package private(set) var idle: Duration?
    /// The most queries on one connection, 0 for no limit; nil for the server's own.
    package private(set) var maximumQueries: Int?

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        for line in lines {
            try line.expect(0...0)
            guard !line.options.isEmpty else {
                throw line.error("sets nothing", wanted: "write read, write, idle or max_queries in its block")
            }
            for option in line.options {
                try option.expectNoBlock()
                switch option.name {
                case "read": read = try Self.length(option)
                case "write": write = try Self.length(option)
                case "idle": idle = try Self.length(option)
                case "max_queries": maximumQueries = try option.argument().integer(in: 0...Int(Int32.max))
                default: throw option.unknown(in: "timeouts", known: ["read", "write", "idle", "max_queries"])
                }
            }
        }
    }

    private static func length(_ option: CorefileLine) throws(CorefileError) -> Duration {
        let argument = try option.argument()
        let length = try argument.durationOrSeconds()
        guard (.seconds(1) ... .seconds(86400)).contains(length) else {
            throw argument.error("is out of range", wanted: "write 1s to 24h")
        }
        return length
    }
}
