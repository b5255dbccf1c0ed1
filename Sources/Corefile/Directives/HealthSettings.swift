/// `health [ADDRESS] { lameduck DURATION }`: the check that says whether the process is alive (`/health`).
package struct HealthSettings: DirectiveSettings {
    package static let directive = "health"

    /// `:8080` where none is written.
    package let address: PageAddress
    /// How long it goes on answering when it is told to end; none where nothing is written.
    package let lameduck: Duration

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        var address = PageAddress(host: "", port: 8080)
        var lameduck = Duration.zero
        // Later lines count, as in CoreDNS.
        for line in lines {
            try line.expect(0...1)
            if let argument = line.arguments.first { address = try PageAddress(argument) }
            for option in line.options {
                guard option.name == "lameduck" else { throw option.unknown(in: "health", known: ["lameduck"]) }
                try option.expectNoBlock()
                lameduck = try option.argument().duration()
            }
        }
        self.address = address
        self.lameduck = lameduck
    }
}
