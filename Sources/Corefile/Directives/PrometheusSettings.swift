/// `prometheus [ADDRESS]`: where metrics are read (`/metrics`).
package struct PrometheusSettings: DirectiveSettings {
    package static let directive = "prometheus"

    /// `localhost:9153` where none is written.
    package let address: PageAddress

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        let line = try lines.single()
        try line.expect(0...1)
        try line.expectNoBlock()
        address =
            try line.arguments.first.map { argument throws(CorefileError) in try PageAddress(argument) }
            ?? PageAddress(host: "localhost", port: 9153)
    }
}
