import Registry

enum NamespaceTable: TableLayout {
    static let columns = [
        TableColumn.name,
        TableColumn("Status", "Whether the Namespace is Active or Terminating."),
        TableColumn.age,
    ]

    static func cells(of object: DocumentView, now: Timestamp) -> [JSONValue] {
        [object.nameCell, .string(object["status"]["phase"].text), object.ageCell(now)]
    }
}

enum IPAddressTable: TableLayout {
    static let columns = [
        TableColumn.name,
        TableColumn("ParentRef", "The object that the address belongs to."),
    ]

    static func cells(of object: DocumentView, now: Timestamp) -> [JSONValue] {
        [object.nameCell, .string(parent(object["spec"]["parentRef"]))]
    }

    /// `services/prod/web`, or `widgets.example.com/w` for what has a group and no namespace.
    private static func parent(_ reference: DocumentView) -> String {
        guard reference.isPresent else { return "<none>" }
        let group = reference["group"].text
        let resource = reference["resource"].text + (group.isEmpty ? "" : ".\(group)")
        let namespace = reference["namespace"].text
        return ([resource.lowercased()] + (namespace.isEmpty ? [] : [namespace]) + [reference["name"].text])
            .joined(separator: "/")
    }
}

enum ServiceCIDRTable: TableLayout {
    static let columns = [
        TableColumn.name,
        TableColumn("CIDRs", "The ranges that addresses of Services are taken from."),
        TableColumn.age,
    ]

    static func cells(of object: DocumentView, now: Timestamp) -> [JSONValue] {
        [object.nameCell, .string(object["spec"]["cidrs"].texts.joined(separator: ",")), object.ageCell(now)]
    }
}

enum LeaseTable: TableLayout {
    static let columns = [
        TableColumn.name,
        TableColumn("Holder", "Who holds the Lease."),
        TableColumn.age,
    ]

    static func cells(of object: DocumentView, now: Timestamp) -> [JSONValue] {
        [object.nameCell, .string(object["spec"]["holderIdentity"].text), object.ageCell(now)]
    }
}
