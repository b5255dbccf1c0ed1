import Registry

/// Why an object takes no part although it is there.
enum SkipCause: String, Hashable, Sendable, CaseIterable {
    /// No `metadata`, or no name in it, or no namespace where the kind has one.
    case unnamed
    /// A name that no object of the kind can have, and no name of DNS could show.
    case badName = "bad_name"
    /// A text or a document is longer than the API's own rules allow.
    case tooLong = "too_long"
    /// A value of another type than the API says.
    case wrongType = "wrong_type"
    /// A value out of a closed set (`spec.type`, `protocol`, …) that is not in it.
    case unknownValue = "unknown_value"
    /// A text that is no UTF-8.
    case badText = "bad_text"
}

/// A `resourceVersion`: opaque to watch from, and a number to compare with where it is one (KEP-5504).
struct ObjectVersion: Hashable, Sendable {
    let text: String
    /// 0 where the text is no number.
    let number: UInt64

    init(_ text: String) {
        self.text = text
        number = UInt64(text) ?? 0
    }

    static let none = ObjectVersion("")

    /// Whether both are numbers and this one is the smaller.
    func isBefore(_ other: ObjectVersion) -> Bool { number > 0 && other.number > 0 && number < other.number }
}

/// An object of a list or an event, reduced to what answers need of it.
struct DecodedObject: Hashable, Sendable {
    enum Content: Hashable, Sendable {
        case object(DiscoveryObject)
        /// Not wanted, or nothing that names are made of.
        case nothing
        case skipped(SkipCause)
    }

    /// nil where the object has no name that could be kept.
    var id: NamespacedName?
    var version = ObjectVersion.none
    var content = Content.nothing
}

/// `metadata` of a list.
struct ListMetadata: Hashable, Sendable {
    var version = ObjectVersion.none
    /// Empty on the last page.
    var continuation = ""
    /// How many objects follow; nil where the server does not say.
    var remaining: Int64?
}
