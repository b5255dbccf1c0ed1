extension Sequence where Element: Hashable {
    /// The elements that have stood before, with their places, in time proportional to the length.
    package var repeated: [(offset: Int, element: Element)] {
        var seen: Set<Element> = []
        return enumerated().filter { !seen.insert($0.element).inserted }.map { ($0.offset, $0.element) }
    }
}
