/// What the pages answer that are asked whether the server is well: who answers is, so there is but one check.
enum HealthPage {
    /// - Parameter name: The page: `readyz`.
    static func text(name: String, query: QueryItems) -> String {
        query["verbose"] == nil ? "ok" : "[+]ping ok\n\(name) check passed\n"
    }

    /// - Parameter target: As it stands in a request: `/readyz?verbose`; a query that cannot be read asks for nothing.
    static func text(target: String) -> String {
        let parts = target.split(separator: "?", maxSplits: 1)
        let query = parts.count == 2 ? try? QueryItems(parts[1]) : nil
        guard let name = parts.first?.dropFirst(), let query else { return "ok" }
        return text(name: String(name), query: query)
    }
}
