/// Names that are made of a prefix (`metadata.generateName`).
package enum GeneratedName {
    private static let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")

    /// The prefix, cut so that all fits a label, and five random characters without vowels.
    package static func name(prefix: String) -> String {
        String(prefix.prefix(58)) + String((0..<5).map { _ in alphabet.randomElement() ?? "b" })
    }
}
