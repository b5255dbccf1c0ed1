import Registry

/// `loadbalance [round_robin | weighted FILE] { … }`: the order of addresses in answers.
package struct LoadBalanceSettings: DirectiveSettings {
    package static let directive = "loadbalance"

    /// Weights by which the first address is chosen.
    package struct WeightFile: Hashable, Sendable {
        /// As written: relative to the folder that `root` names.
        package var path: String
        /// Read again so often; zero reads it once.
        package var reload = Duration.seconds(30)

        package init(path: String) {
            self.path = path
        }
    }

    /// `weighted`; nil for `round_robin`, where every order is as likely as any other.
    package var weights: WeightFile?
    /// Addresses in these networks come first, those of the first network before those of the second.
    package var preferred: [CIDR] = []

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        if let second = lines.dropFirst().first { throw second.error("may stand only once in a server block") }
        guard let line = lines.first else { return }
        if let name = line.arguments.first {
            switch name.text {
            case "round_robin": try line.expect(1...1)
            case "weighted":
                try line.expect(1...2)
                guard let token = line.arguments.dropFirst().first else {
                    throw name.error("needs the file with the weights")
                }
                weights = WeightFile(path: token.text)
            default: throw name.error("is no policy of loadbalance", wanted: "write round_robin or weighted FILE")
            }
        }
        for option in line.options {
            try option.expectNoBlock()
            switch option.name {
            case "reload":
                guard weights != nil else { throw option.error("has a meaning only with weighted") }
                weights?.reload = try option.argument().duration()
            case "prefer":
                try option.expect(1...Int.max)
                for token in option.arguments { preferred.append(try token.network()) }
            default:
                throw option.unknown(in: Self.directive, known: ["reload", "prefer"])
            }
        }
    }
}
