extension Collection<Double> {
    /// The middle value, or the mean of the two in the middle; nil when there is none.
    package var median: Double? {
        let sorted = sorted()
        guard let upper = sorted.dropFirst(count / 2).first else { return nil }
        return count.isMultiple(of: 2) ? (sorted[count / 2 - 1] + upper) / 2 : upper
    }
}
