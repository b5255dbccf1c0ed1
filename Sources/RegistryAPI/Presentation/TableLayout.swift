import Registry

/// The columns of a kind's table and what stands in them.
protocol TableLayout {
    static var columns: [TableColumn] { get }

    /// One cell for each column, in their order.
    static func cells(of object: DocumentView, now: Timestamp) -> [JSONValue]

    /// What a row says of itself beside its cells (`TableRowCondition`).
    static func conditions(of object: DocumentView) -> [JSONValue]
}

extension TableLayout {
    static func conditions(of object: DocumentView) -> [JSONValue] { [] }
}

extension ObjectKind {
    /// How objects of this kind are shown.
    var tableLayout: any TableLayout.Type {
        switch self {
        case .namespace: NamespaceTable.self
        case .service: ServiceTable.self
        case .endpointSlice: EndpointSliceTable.self
        case .endpoints: EndpointsTable.self
        case .pod: PodTable.self
        case .node: NodeTable.self
        case .event: EventTable.self
        case .ipAddress: IPAddressTable.self
        case .serviceCIDR: ServiceCIDRTable.self
        case .lease: LeaseTable.self
        }
    }
}

/// A column of a table (`TableColumnDefinition`); all hold text.
struct TableColumn: Hashable, Sendable {
    let name: String
    let description: String
    /// Whether only `-o wide` shows it.
    var isWide = false
    /// Whether the column identifies the object, so that clients may print the resource before it.
    var isName = false

    init(_ name: String, _ description: String, isWide: Bool = false, isName: Bool = false) {
        self.name = name
        self.description = description
        self.isWide = isWide
        self.isName = isName
    }

    static let name = TableColumn("Name", "The name of the object, unique within its namespace.", isName: true)
    static let age = TableColumn("Age", "The time since the object was created.")

    var document: JSONValue {
        .object([
            "name": .string(name), "type": .string("string"), "format": .string(isName ? "name" : ""),
            "description": .string(description), "priority": .integer(isWide ? 1 : 0),
        ])
    }
}

extension DocumentView {
    var nameCell: JSONValue { .string(self["metadata"]["name"].text) }

    func ageCell(_ now: Timestamp) -> JSONValue {
        .string(ShownDuration.text(since: self["metadata"]["creationTimestamp"].text, now: now))
    }

    /// The text of a cell; a word for "nothing" where it is empty.
    func cell(orElse absent: String = "<none>") -> JSONValue { .string(text.isEmpty ? absent : text) }
}

/// Lists in cells.
enum CellList {
    /// At most three elements, and how many more there are: `a,b,c + 2 more...`.
    static func shortened(_ elements: [String]) -> String {
        let shown = elements.prefix(3).joined(separator: ",")
        return elements.count > 3 ? "\(shown) + \(elements.count - 3) more..." : shown
    }

    /// Names with their values in the order of names, `<none>` for none: `app=web,tier=front`.
    static func labels(_ labels: DocumentView) -> String {
        let pairs = labels.textsByName.map { "\($0.name)=\($0.text)" }
        return pairs.isEmpty ? "<none>" : pairs.joined(separator: ",")
    }
}
