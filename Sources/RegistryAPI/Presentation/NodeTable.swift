import Registry

enum NodeTable: TableLayout {
    static let columns = [
        TableColumn.name,
        TableColumn("Status", "Whether the Node is ready, and whether Pods are placed on it."),
        TableColumn("Roles", "The roles of the Node, by its labels."),
        TableColumn.age,
        TableColumn("Version", "The version of what runs the Pods of the Node."),
        TableColumn("Internal-IP", "The first address within the cluster.", isWide: true),
        TableColumn("External-IP", "The first address that is reached from outside.", isWide: true),
        TableColumn("OS-Image", "The operating system.", isWide: true),
        TableColumn("Kernel-Version", "The version of the kernel.", isWide: true),
        TableColumn("Container-Runtime", "The container runtime and its version.", isWide: true),
    ]

    static func cells(of object: DocumentView, now: Timestamp) -> [JSONValue] {
        let info = object["status"]["nodeInfo"]
        return [
            object.nameCell,
            .string(status(of: object)),
            .string(roles(of: object)),
            object.ageCell(now),
            .string(info["kubeletVersion"].text),
            .string(address("InternalIP", of: object)),
            .string(address("ExternalIP", of: object)),
            info["osImage"].cell(orElse: "<unknown>"),
            info["kernelVersion"].cell(orElse: "<unknown>"),
            info["containerRuntimeVersion"].cell(orElse: "<unknown>"),
        ]
    }

    private static func status(of object: DocumentView) -> String {
        let ready = object["status"]["conditions"].elements.last { $0["type"].text == "Ready" }
        let readiness = ready.map { $0["status"].text == "True" ? "Ready" : "NotReady" } ?? "Unknown"
        return readiness + (object["spec"]["unschedulable"].flag ? ",SchedulingDisabled" : "")
    }

    /// Roles stand in labels `node-role.kubernetes.io/ROLE` and in the value of `kubernetes.io/role`.
    private static func roles(of object: DocumentView) -> String {
        let prefix = "node-role.kubernetes.io/"
        let roles = object["metadata"]["labels"].textsByName.compactMap { label -> String? in
            let role =
                label.name.hasPrefix(prefix)
                ? String(label.name.dropFirst(prefix.count)) : label.name == "kubernetes.io/role" ? label.text : ""
            return role.isEmpty ? nil : role
        }
        return roles.isEmpty ? "<none>" : Set(roles).sorted().joined(separator: ",")
    }

    private static func address(_ type: String, of object: DocumentView) -> String {
        object["status"]["addresses"].elements.first { $0["type"].text == type }?["address"].text ?? "<none>"
    }
}
