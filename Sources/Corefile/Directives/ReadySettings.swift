/// `ready [ADDRESS] { monitor until-ready|continuously }`: the check that says whether all can be answered (`/ready`).
package struct ReadySettings: DirectiveSettings {
    package static let directive = "ready"

    package enum Monitor: String, Hashable, Sendable, CaseIterable {
        /// A directive that was ready once is not asked again.
        case untilReady = "until-ready"
        case continuously
    }

    /// `:8181` where none is written.
    package let address: PageAddress
    package let monitor: Monitor

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        let line = try lines.single()
        try line.expect(0...1)
        address =
            try line.arguments.first.map { argument throws(CorefileError) in try PageAddress(argument) }
            ?? PageAddress(host: "", port: 8181)
        var monitor = Monitor.untilReady
        for option in line.options {
            guard option.name == "monitor" else { throw option.unknown(in: "ready", known: ["monitor"]) }
            try option.expectNoBlock()
            let argument = try option.argument()
            guard let chosen = Monitor(rawValue: argument.text) else {
                throw argument.error("is no way to monitor", wanted: "write until-ready or continuously")
            }
            monitor = chosen
        }
        self.monitor = monitor
    }
}
