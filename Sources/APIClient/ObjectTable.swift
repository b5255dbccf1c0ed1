import Registry

/// A table that a server has made of objects for people (meta.k8s.io/v1 Table).
package struct ObjectTable: Hashable, Sendable {
    package struct Column: Hashable, Sendable {
        package var name: String
        /// 0 for those that are always shown.
        package var priority: Int64
    }

    package struct Row: Hashable, Sendable {
        package var cells: [String]
        package var namespace: String
        package var name: String
    }

    package var columns: [Column]
    package var rows: [Row]

    /// nil where the document is no table.
    package init?(_ document: JSONValue) {
        guard document["kind"]?.string == "Table", case .array(let definitions)? = document["columnDefinitions"] else {
            return nil
        }
        columns = definitions.map { definition in
            var priority: Int64 = 0
            if case .integer(let number)? = definition["priority"] { priority = number }
            return Column(name: definition["name"]?.string ?? "", priority: priority)
        }
        rows = []
        guard case .array(let elements)? = document["rows"] else { return }
        rows = elements.map { element in
            var cells: [String] = []
            if case .array(let values)? = element["cells"] { cells = values.map(Self.text) }
            let metadata = element["object"]?["metadata"]
            return Row(
                cells: cells, namespace: metadata?["namespace"]?.string ?? "", name: metadata?["name"]?.string ?? "")
        }
    }

    /// The rows as lines, below the names of the columns, as kubectl aligns them.
    ///
    /// - Parameters:
    ///   - isWide: Also the columns that are left out at first.
    ///   - withNamespace: The namespace in front.
    ///   - kindPrefix: What stands before each name: `service/`.
    package func text(isWide: Bool = false, withNamespace: Bool = false, kindPrefix: String = "") -> String {
        let shown = columns.indices.filter { isWide || columns[$0].priority == 0 }
        var lines = [(withNamespace ? ["NAMESPACE"] : []) + shown.map { columns[$0].name.uppercased().withoutControls }]
        for row in rows {
            var cells = withNamespace ? [row.namespace] : []
            for (place, column) in shown.enumerated() {
                let cell = column < row.cells.count ? row.cells[column] : ""
                cells.append(place == 0 ? kindPrefix + cell : cell)
            }
            lines.append(cells)
        }
        return Self.aligned(lines)
    }

    /// What a column is wide at most, so that one long cell does not widen every row by itself.
    private static let maximumWidth = 512

    /// Columns as wide as their widest cell and three spaces, six at least; cells over `maximumWidth` stand out.
    private static func aligned(_ lines: [[String]]) -> String {
        var widths: [Int] = []
        for line in lines {
            for (column, cell) in line.enumerated() {
                let width = min(max(6, cell.unicodeScalars.count + 3), maximumWidth)
                if column < widths.count {
                    widths[column] = max(widths[column], width)
                } else {
                    widths.append(width)
                }
            }
        }
        return lines.map { line in
            zip(line, widths).enumerated().map { column, pair in
                column == line.count - 1
                    ? pair.0 : pair.0 + String(repeating: " ", count: max(3, pair.1 - pair.0.unicodeScalars.count))
            }.joined() + "\n"
        }.joined()
    }

    private static func text(of cell: JSONValue) -> String {
        switch cell {
        case .string(let text): text.withoutControls
        case .null: "<none>"
        case .bool, .integer, .number, .array, .object: JSONText.text(of: cell)
        }
    }
}
