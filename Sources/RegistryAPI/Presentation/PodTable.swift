import Registry

enum PodTable: TableLayout {
    static let columns = [
        TableColumn.name,
        TableColumn("Ready", "How many containers are ready, of how many."),
        TableColumn("Status", "The state of the Pod and its containers in one word."),
        TableColumn("Restarts", "How often containers were restarted, and when last."),
        TableColumn.age,
        TableColumn("IP", "The first address of the Pod.", isWide: true),
        TableColumn("Node", "The Node that the Pod is placed on.", isWide: true),
        TableColumn("Nominated Node", "The Node that the Pod waits for a place on.", isWide: true),
        TableColumn("Readiness Gates", "How many of the conditions for readiness are met.", isWide: true),
    ]

    static func cells(of object: DocumentView, now: Timestamp) -> [JSONValue] {
        let summary = PodSummary(of: object)
        let (spec, status) = (object["spec"], object["status"])
        return [
            object.nameCell,
            .string("\(summary.ready)/\(summary.containers)"),
            .string(summary.status),
            .string(restarts(summary, now: now)),
            object.ageCell(now),
            (status["podIPs"].elements.first?["ip"] ?? status["podIP"]).cell(),
            spec["nodeName"].cell(),
            status["nominatedNodeName"].cell(),
            .string(gates(of: object)),
        ]
    }

    static func conditions(of object: DocumentView) -> [JSONValue] {
        let phase = object["status"]["phase"].text
        let message: String
        switch phase {
        case "Succeeded": message = "The pod has completed successfully."
        case "Failed": message = "The pod failed."
        default: return []
        }
        return [
            .object([
                "type": .string("Completed"), "status": .string("True"), "reason": .string(phase),
                "message": .string(message),
            ])
        ]
    }

    private static func restarts(_ summary: PodSummary, now: Timestamp) -> String {
        guard summary.restarts != 0, let last = summary.lastRestart else { return "\(summary.restarts)" }
        return "\(summary.restarts) (\(ShownDuration.text(since: last, now: now)) ago)"
    }

    private static func gates(of object: DocumentView) -> String {
        let gates = object["spec"]["readinessGates"].elements
        guard !gates.isEmpty else { return "<none>" }
        let conditions = Dictionary(
            object["status"]["conditions"].elements.map { ($0["type"].text, $0["status"].text) }
        ) { first, _ in first }
        let met = gates.count { conditions[$0["conditionType"].text] == "True" }
        return "\(met)/\(gates.count)"
    }
}
