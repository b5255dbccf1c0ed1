import APIClient
import ArgumentParser
import Registry

/// `swiftlet delete`: removes objects from an API server.
struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete objects of an API server.",
        discussion: "Name them as KIND NAME… or KIND/NAME…, or give the files that they were applied from.")

    @OptionGroup var api: APIServerOptions
    @OptionGroup var place: NamespaceOptions

    @Option(
        name: [.customShort("f"), .customLong("filename")],
        help: ArgumentHelp(
            "A file, a folder of *.yaml, *.yml and *.json, or - for standard input. May be repeated.", valueName: "path"
        ))
    var files: [String] = []

    @Flag(name: [.customShort("R"), .customLong("recursive")], help: "Read the folders below a folder as well.")
    var isRecursive = false

    @Flag(help: "Take objects that are not there for deleted.")
    var ignoreNotFound = false

    @Argument(help: ArgumentHelp("The kind, or KIND/NAME.", valueName: "kind"))
    var kind: String?

    @Argument(help: ArgumentHelp("The names.", valueName: "name"))
    var names: [String] = []

    private typealias Target = (kind: ObjectKind, namespace: String, name: String)

    func run() async throws {
        let reporter = Reporter(command: "delete")
        do {
            let access = try api.accessOrDefault()
            let namespace = try place.namespace(of: access)
            var isReadable = true
            var targets: [Target] = []
            if let kind {
                guard files.isEmpty else {
                    throw CommandFailure(.usage, "objects are named by arguments or by --filename, not by both")
                }
                targets = try ObjectTargets(kinds: kind, names: names).all.map { target throws(CommandFailure) in
                    guard let name = target.name else {
                        throw CommandFailure(.usage, "no object is named: write KIND NAME… or KIND/NAME…")
                    }
                    return (target.kind, namespace, name)
                }
            } else {
                guard !files.isEmpty else {
                    throw CommandFailure(.usage, "nothing is named: give KIND NAME… or --filename FILE")
                }
                let manifests = ManifestFiles(
                    files, isRecursive: isRecursive, namespace: namespace, isFixed: place.namespace != nil)
                manifests.problems.forEach(reporter.report)
                isReadable = manifests.problems.isEmpty
                // Namespaces last: they take with them what is named beside them.
                let objects = manifests.objects
                targets = (objects.filter { $0.kind != .namespace } + objects.filter { $0.kind == .namespace })
                    .map { ($0.kind, $0.namespace, $0.name) }
            }
            let chosen = targets
            let failures = try await access.withClient { client throws(CommandFailure) in
                try await delete(chosen, client, reporter)
            }
            try CommandFailure.end(failures: failures, areFilesGood: isReadable)
        } catch let failure as CommandFailure {
            throw reporter.exitCode(for: failure)
        }
    }

    /// The number of objects that could not be deleted.
    private func delete(
        _ targets: [Target], _ client: APIClient, _ reporter: Reporter
    ) async throws(CommandFailure) -> Int {
        var failures = 0
        for target in targets {
            do throws(APIClientError) {
                try await client.delete(target.kind, namespace: target.namespace, name: target.name)
                OutputFile.write(Array("\(target.kind.qualifiedName) \"\(target.name)\" deleted\n".utf8), to: 1)
            } catch {
                if error.cause == .unreachable { throw CommandFailure(error) }
                if error.isNotFound && ignoreNotFound { continue }
                reporter.report(CommandFailure(error).message)
                failures += 1
            }
        }
        return failures
    }
}
