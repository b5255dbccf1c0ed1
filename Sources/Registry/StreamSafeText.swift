/// Texts that can be compared in reasonable time (Unicode Standard Annex #15, Stream-Safe Text Format).
///
/// Comparing and hashing a `String` brings runs of combining marks into their order, in time quadratic in the length of
/// the run. No language needs long runs.
package enum StreamSafeText {
    /// As many marks as may follow each other.
    private static let maximumMarks = 30

    /// Whether no run of combining marks is longer than any text needs.
    package static func isSafe(_ text: String) -> Bool {
        guard text.utf8.contains(where: { $0 >= 0xcc }) else { return true }
        var marks = 0
        for scalar in text.unicodeScalars {
            // Below U+0300 there are none.
            guard scalar.value >= 0x300, scalar.properties.canonicalCombiningClass != .notReordered else {
                marks = 0
                continue
            }
            marks += 1
            if marks > maximumMarks { return false }
        }
        return true
    }
}
