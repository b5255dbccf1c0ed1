import Registry

enum EndpointsTable: TableLayout {
    static let columns = [
        TableColumn.name,
        TableColumn("Endpoints", "The ready addresses with each of their ports."),
        TableColumn.age,
    ]

    static func cells(of object: DocumentView, now: Timestamp) -> [JSONValue] {
        let subsets = object["subsets"].elements
        let endpoints = subsets.flatMap { subset in
            let addresses = subset["addresses"].elements.map { $0["ip"].text }
            let ports = subset["ports"].elements.map { $0["port"].integer ?? 0 }
            // A headless Service may have no ports at all.
            return ports.isEmpty ? addresses : ports.flatMap { port in addresses.map { socket($0, port) } }
        }
        return [
            object.nameCell,
            .string(subsets.isEmpty ? "<none>" : CellList.shortened(endpoints)),
            object.ageCell(now),
        ]
    }

    private static func socket(_ address: String, _ port: Int64) -> String {
        address.utf8.contains(UInt8(ascii: ":")) ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}

enum EndpointSliceTable: TableLayout {
    static let columns = [
        TableColumn.name,
        TableColumn("AddressType", "What the addresses of the slice are: IPv4, IPv6 or FQDN."),
        TableColumn("Ports", "The numbers of the ports that every endpoint of the slice has."),
        TableColumn("Endpoints", "The addresses of the endpoints."),
        TableColumn.age,
    ]

    static func cells(of object: DocumentView, now: Timestamp) -> [JSONValue] {
        let ports = object["ports"].elements.map { port in
            if let number = port["port"].integer { return "\(number)" }
            return port["name"].isPresent ? port["name"].text : "*"
        }
        let addresses = object["endpoints"].elements.flatMap { $0["addresses"].texts }
        return [
            object.nameCell,
            .string(object["addressType"].text),
            .string(listed(ports)),
            .string(listed(addresses)),
            object.ageCell(now),
        ]
    }

    private static func listed(_ elements: [String]) -> String {
        let text = CellList.shortened(elements)
        return text.isEmpty ? "<unset>" : text
    }
}
