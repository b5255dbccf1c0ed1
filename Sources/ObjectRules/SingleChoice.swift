import Registry

/// Objects that are one of several things, each of which has a field.
enum SingleChoice {
    /// A violation for each field but the first one that holds something.
    ///
    /// - Parameter noun: What there may be one of: `volume`.
    static func excess(
        _ object: JSONValue, of fields: [String], at path: FieldPath, noun: String
    ) -> [FieldViolation] {
        fields.filter { object.at($0) != nil }.dropFirst().map {
            FieldViolation(path / $0, .forbidden, "may not specify more than 1 \(noun) type")
        }
    }
}
