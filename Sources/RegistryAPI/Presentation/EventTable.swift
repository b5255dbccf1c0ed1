import Registry

enum EventTable: TableLayout {
    static let columns = [
        TableColumn("Last Seen", "The time since it happened last."),
        TableColumn("Type", "Normal or Warning."),
        TableColumn("Reason", "Why it happened, in one word."),
        TableColumn("Object", "The object it happened to."),
        TableColumn("Subobject", "The part of the object it happened to.", isWide: true),
        TableColumn("Source", "The component that reports it.", isWide: true),
        TableColumn("Message", "What happened."),
        TableColumn("First Seen", "The time since it happened first.", isWide: true),
        TableColumn("Count", "How often it happened.", isWide: true),
        TableColumn("Name", "The name of the Event, unique within its namespace.", isWide: true, isName: true),
    ]

    static func cells(of object: DocumentView, now: Timestamp) -> [JSONValue] {
        let target = object["involvedObject"]
        let names = [target["kind"].text.lowercased(), target["name"].text]
        let (first, last, count) = occurrences(of: object, now: now)
        return [
            .string(last),
            .string(object["type"].text),
            .string(object["reason"].text),
            .string(names.filter { !$0.isEmpty }.joined(separator: "/")),
            .string(target["fieldPath"].text),
            .string(source(of: object)),
            .string(trimmed(object["message"].text)),
            .string(first),
            .integer(count),
            object.nameCell,
        ]
    }

    /// Old Events have a first and a last time and a count, newer ones one time and perhaps a series.
    private static func occurrences(
        of object: DocumentView, now: Timestamp
    ) -> (first: String, last: String, count: Int64) {
        func shown(_ times: DocumentView...) -> String {
            ShownDuration.text(since: times.map(\.text).first { !$0.isEmpty } ?? "", now: now)
        }
        let series = object["series"]
        let first = shown(object["firstTimestamp"], object["eventTime"])
        if series.isPresent {
            return (first, shown(series["lastObservedTime"]), series["count"].integer ?? 0)
        }
        let count = object["count"].integer ?? 0
        return (
            first, shown(object["lastTimestamp"], object["firstTimestamp"], object["eventTime"]), count == 0 ? 1 : count
        )
    }

    private static func source(of object: DocumentView) -> String {
        func either(_ first: DocumentView, _ second: DocumentView) -> String {
            first.text.isEmpty ? second.text : first.text
        }
        let component = either(object["source"]["component"], object["reportingComponent"])
        let instance = either(object["source"]["host"], object["reportingInstance"])
        return instance.isEmpty ? component : "\(component), \(instance)"
    }

    private static func trimmed(_ text: String) -> String {
        let kept = text.drop(while: \.isWhitespace)
        guard let last = kept.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(kept[...last])
    }
}
