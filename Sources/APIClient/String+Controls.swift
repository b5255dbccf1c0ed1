extension String {
    /// The text with blanks for control characters: what a server or an object says must not steer the terminal.
    var withoutControls: String {
        guard unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return self }
        return String(unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) })
    }
}
