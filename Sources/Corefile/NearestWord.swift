/// What somebody who wrote an unknown word may have meant.
enum NearestWord {
    /// The word that is at most two changes away (one for short words), the nearest first.
    static func suggestion(for word: String, among known: [String]) -> String? {
        guard word.utf8.count <= 32 else { return nil }
        let limit = word.utf8.count <= 3 ? 1 : 2
        let distances = known.map { (word: $0, distance: distance(Array(word.lowercased().utf8), Array($0.utf8))) }
        return distances.filter { $0.distance <= limit }.min { $0.distance < $1.distance }?.word
    }

    /// Insertions, deletions, exchanges of a byte and of neighbours (optimal string alignment).
    private static func distance(_ lhs: [UInt8], _ rhs: [UInt8]) -> Int {
        guard !lhs.isEmpty, !rhs.isEmpty else { return max(lhs.count, rhs.count) }
        var rows = [Array(0...rhs.count)]
        for (i, left) in lhs.enumerated() {
            var row = [i + 1]
            for (j, right) in rhs.enumerated() {
                var cost = min(row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (left == right ? 0 : 1))
                if i > 0, j > 0, left == rhs[j - 1], right == lhs[i - 1] { cost = min(cost, rows[i - 1][j - 1] + 1) }
                row.append(cost)
            }
            rows.append(row)
        }
        return rows[lhs.count][rhs.count]
    }
}
