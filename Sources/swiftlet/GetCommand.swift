import APIClient
import ArgumentParser
import Manifests
import Registry

/// `swiftlet get`: shows objects of an API server.
struct GetCommand: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, wide, json, yaml, name
    }

    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Show objects of an API server.",
        discussion: "Kinds are named as kubectl has them: services, service or svc; several with commas between.")

    @OptionGroup var api: APIServerOptions
    @OptionGroup var place: NamespaceOptions

    @Flag(name: [.customShort("A"), .customLong("all-namespaces")], help: "Show those of all namespaces.")
    var isEverywhere = false

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp(
            "How to show them: \(Format.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "format"))
    var format: Format = .table

    @Option(
        name: [.customShort("l", allowingJoined: true), .customLong("selector")],
        help: ArgumentHelp("Only those whose labels match: a=b,c!=d,e in (f,g),h.", valueName: "selector"))
    var selector: String = ""

    @Option(help: ArgumentHelp("Only those whose fields match: metadata.name=web.", valueName: "selector"))
    var fieldSelector: String = ""

    @Flag(help: "Show who has set which fields, in json and yaml.")
    var showManagedFields = false

    @Argument(help: ArgumentHelp("The kinds, or KIND/NAME.", valueName: "kind"))
    var kinds: String

    @Argument(help: ArgumentHelp("The names; all objects without any.", valueName: "name"))
    var names: [String] = []

    func run() async throws {
        let reporter = Reporter(command: "get")
        do {
            let targets = try ObjectTargets(kinds: kinds, names: names)
            guard !targets.areNamed || (selector.isEmpty && fieldSelector.isEmpty && !isEverywhere) else {
                throw CommandFailure(
                    .usage, "a name stands for one object: give no selector and no --all-namespaces beside it")
            }
            let access = try api.accessOrDefault()
            let namespace = isEverywhere ? nil : try place.namespace(of: access)
            let told = try await access.withClient { client throws(CommandFailure) in
                try await show(targets, in: namespace, client, reporter)
            }
            if let told { throw ExitCode(told.rawValue) }
        } catch let failure as CommandFailure {
            throw reporter.exitCode(for: failure)
        }
    }

    /// Shows what there is; gives the kind of the first failure where some of it has failed, and was told.
    private func show(
        _ targets: ObjectTargets, in namespace: String?, _ client: APIClient, _ reporter: Reporter
    ) async throws(CommandFailure) -> CommandFailure.Kind? {
        var told: CommandFailure.Kind?
        var documents: [JSONValue] = []
        var tables: [(kind: ObjectKind, table: ObjectTable)] = []
        let isTable = format == .table || format == .wide
        for target in targets.all {
            do throws(APIClientError) {
                if isTable {
                    let table = try await table(of: target, in: namespace, client)
                    if let last = tables.last, last.kind == target.kind {
                        tables[tables.count - 1].table.rows += table.rows
                    } else {
                        tables.append((target.kind, table))
                    }
                } else if let name = target.name {
                    documents.append(try await client.object(target.kind, namespace: namespace, name: name))
                } else {
                    documents += try await client.list(selection(target.kind, namespace)).items
                }
            } catch {
                let failure = CommandFailure(error)
                if error.cause == .unreachable || targets.all.count == 1 { throw failure }
                reporter.report(failure.message)
                told = told ?? failure.kind
            }
        }
        if isTable {
            print(tables, namespace: namespace, isMixed: targets.kindCount > 1, reporter)
        } else {
            if !showManagedFields {
                for index in documents.indices { documents[index]["metadata"]?["managedFields"] = nil }
            }
            print(documents, isSingle: targets.areNamed && targets.all.count == 1)
        }
        return told
    }

    private func selection(_ kind: ObjectKind, _ namespace: String?) -> APISelection {
        APISelection(kind, namespace: namespace, labelSelector: selector, fieldSelector: fieldSelector)
    }

    private func table(
        of target: ObjectTargets.Target, in namespace: String?, _ client: APIClient
    ) async throws(APIClientError) -> ObjectTable {
        let selection = selection(target.kind, namespace)
        let path = ResourcePath(target.kind, namespace: namespace, name: target.name)
        let call = APICall(.get, path, query: target.name == nil ? selection.query : [], form: .table)
        let answer = try await client.send(call)
        guard let table = ObjectTable(try answer.document()) else {
            throw APIClientError(
                .malformed, "the server makes no tables; use --output json", method: call.method.rawValue,
                url: "\(client.access.server)\(path)")
        }
        return table
    }

    private func print(
        _ tables: [(kind: ObjectKind, table: ObjectTable)], namespace: String?, isMixed: Bool, _ reporter: Reporter
    ) {
        let filled = tables.filter { !$0.table.rows.isEmpty }
        guard !filled.isEmpty else {
            let isNamespaced = tables.contains { $0.kind.isNamespaced }
            if !tables.isEmpty {
                reporter.report(
                    isNamespaced && namespace != nil
                        ? "no resources found in namespace \(namespace ?? "")" : "no resources found")
            }
            return
        }
        let texts = filled.map { kind, table in
            table.text(
                isWide: format == .wide, withNamespace: namespace == nil && kind.isNamespaced,
                kindPrefix: isMixed ? "\(kind.qualifiedName)/" : "")
        }
        OutputFile.write(Array(texts.joined(separator: "\n").utf8), to: 1)
    }

    private func print(_ documents: [JSONValue], isSingle: Bool) {
        if format == .name {
            let lines = documents.map { document in
                let kind = ObjectKind(
                    apiVersion: document["apiVersion"]?.string ?? "", kind: document["kind"]?.string ?? "")
                return "\(kind?.qualifiedName ?? "")/\(document["metadata"]?["name"]?.string ?? "")\n"
            }
            OutputFile.write(Array(lines.joined().utf8), to: 1)
            return
        }
        let whole =
            isSingle
            ? documents.first ?? .null
            : .object([
                "apiVersion": .string("v1"), "kind": .string("List"), "items": .array(documents),
                "metadata": .object(["resourceVersion": .string("")]),
            ])
        let text = format == .yaml ? YAMLText.text(of: whole) : PrettyJSON.text(of: whole)
        OutputFile.write(Array(text.utf8), to: 1)
    }
}
