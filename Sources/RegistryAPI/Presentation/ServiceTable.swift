import Registry

enum ServiceTable: TableLayout {
    static let columns = [
        TableColumn.name,
        TableColumn("Type", "How the Service is reached: ClusterIP, NodePort, LoadBalancer or ExternalName."),
        TableColumn("Cluster-IP", "The first virtual address of the Service; None for a headless one."),
        TableColumn("External-IP", "The addresses, or the name, by which the Service is reached from outside."),
        TableColumn("Port(s)", "The ports of the Service, with their node ports."),
        TableColumn.age,
        TableColumn("Selector", "The labels of the Pods behind the Service.", isWide: true),
    ]

    static func cells(of object: DocumentView, now: Timestamp) -> [JSONValue] {
        let spec = object["spec"]
        let ports = spec["ports"].elements.map(port).joined(separator: ",")
        let clusterIP = spec["clusterIPs"].elements.first ?? spec["clusterIP"]
        return [
            object.nameCell,
            .string(spec["type"].text),
            clusterIP.cell(),
            .string(externalAddresses(of: object)),
            .string(ports.isEmpty ? "<none>" : ports),
            object.ageCell(now),
            .string(CellList.labels(spec["selector"])),
        ]
    }

    private static func port(_ port: DocumentView) -> String {
        let nodePort = port["nodePort"].integer ?? 0
        return "\(port["port"].integer ?? 0)\(nodePort > 0 ? ":\(nodePort)" : "")/\(port["protocol"].text)"
    }

    private static func externalAddresses(of object: DocumentView) -> String {
        let spec = object["spec"]
        let given = spec["externalIPs"].texts
        switch spec["type"].text {
        case "ClusterIP", "NodePort":
            return given.isEmpty ? "<none>" : given.joined(separator: ",")
        case "LoadBalancer":
            let balanced = Set(
                object["status"]["loadBalancer"]["ingress"].elements.compactMap { ingress in
                    [ingress["ip"].text, ingress["hostname"].text].first { !$0.isEmpty }
                })
            let all = balanced.sorted() + given
            return all.isEmpty ? "<pending>" : all.joined(separator: ",")
        case "ExternalName":
            return spec["externalName"].text
        default:
            return "<unknown>"
        }
    }
}
