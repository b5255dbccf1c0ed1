extension String {
    /// The text as messages quote it: whole up to 256 bytes, else its first 125 characters and an ellipsis.
    ///
    /// Values from outside may be of any length.
    package var beginning: String {
        // Scalars, as one character may hold any number of them.
        utf8.count <= 256 ? self : String(unicodeScalars.prefix(125)) + "…"
    }
}
