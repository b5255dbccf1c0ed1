/// The notation of amounts: `100m`, `1.5Gi`, `1e3` (Kubernetes API, `resource.Quantity`).
enum QuantityText {
    private static let suffixes: Set<Substring> = [
        "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
    ]

    /// What is wrong with a text, in the words of Kubernetes; nil for an amount.
    static func problem(with text: String) -> String? {
        var rest = text[...]
        if let sign = rest.first, sign == "+" || sign == "-" { rest.removeFirst() }
        let number = rest.prefix { $0.isDecimalDigit || $0 == "." }
        let suffix = rest[number.endIndex...]
        let letters = suffix.prefix { "eEinumkKMGTP".contains($0) }
        var digits = suffix[letters.endIndex...]
        let hasSign = digits.first == "+" || digits.first == "-"
        if hasSign { digits.removeFirst() }
        guard !number.isEmpty, digits.allSatisfy(\.isDecimalDigit) else {
            return "quantities must match the regular expression "
                + "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        }
        let isExponent = (letters == "e" || letters == "E") && !digits.isEmpty
        guard isExponent ? digits.count <= 9 : suffixes.contains(suffix) else {
            return "unable to parse quantity's suffix"
        }
        guard number.contains(where: \.isDecimalDigit), number.count(where: { $0 == "." }) <= 1 else {
            return "unable to parse numeric part of quantity"
        }
        return nil
    }
}
