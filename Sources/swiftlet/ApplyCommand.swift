import APIClient
import ArgumentParser
import Registry

/// Which namespace a command works in.
struct NamespaceOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The namespace. (default: that of the kubeconfig's context, else default)", valueName: "ns"))
    var namespace: String?

    /// The namespace that is meant.
    func namespace(of access: APIAccess) throws(CommandFailure) -> String {
        guard let namespace else { return access.namespace }
        guard NameRules.isLabel(namespace) else {
            throw CommandFailure(
                .usage, "--namespace '\(namespace)' is no namespace: use at most 63 of a-z, 0-9 and '-'")
        }
        return namespace
    }
}

/// `swiftlet apply`: makes objects of an API server what files say.
struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Make the objects of an API server what files say.",
        discussion: """
            Each object is applied by the server (server-side apply), Namespaces before all others. What fails is told, \
            and the rest is applied all the same.
            """)

    @OptionGroup var api: APIServerOptions
    @OptionGroup var place: NamespaceOptions

    @Option(
        name: [.customShort("f"), .customLong("filename")],
        help: ArgumentHelp(
            "A file, a folder of *.yaml, *.yml and *.json, or - for standard input. May be repeated.", valueName: "path"
        ))
    var files: [String]

    @Flag(name: [.customShort("R"), .customLong("recursive")], help: "Read the folders below a folder as well.")
    var isRecursive = false

    @Flag(help: "Take over fields that others have set.")
    var forceConflicts = false

    func run() async throws {
        let reporter = Reporter(command: "apply")
        do {
            let access = try api.accessOrDefault()
            let manifests = ManifestFiles(
                files, isRecursive: isRecursive, namespace: try place.namespace(of: access),
                isFixed: place.namespace != nil)
            manifests.problems.forEach(reporter.report)
            let isReadable = manifests.problems.isEmpty
            let objects =
                manifests.objects.filter { $0.kind == .namespace } + manifests.objects.filter { $0.kind != .namespace }
            let failures = try await access.withClient { client throws(CommandFailure) in
                try await apply(objects, client, reporter)
            }
            try CommandFailure.end(failures: failures, areFilesGood: isReadable)
        } catch let failure as CommandFailure {
            throw reporter.exitCode(for: failure)
        }
    }

    /// The number of objects that could not be applied.
    private func apply(
        _ objects: [GivenObject], _ client: APIClient, _ reporter: Reporter
    ) async throws(CommandFailure) -> Int {
        var failures = 0
        for object in objects {
            do throws(APIClientError) {
                let result = try await client.apply(
                    object.kind, namespace: object.namespace, name: object.name, object.document,
                    force: forceConflicts)
                for warning in result.warnings {
                    reporter.report("\(object.place): \(object.title): warning: \(warning)")
                }
                OutputFile.write(Array("\(object.title) \(result.outcome.rawValue)\n".utf8), to: 1)
            } catch {
                // Nobody there: the others would fare no better.
                if error.cause == .unreachable { throw CommandFailure(error) }
                let advice = error.code == 409 && error.reason == "Conflict" && !forceConflicts
                let hint = advice ? "; --force-conflicts takes those fields over" : ""
                reporter.report("\(object.place): \(object.title): \(CommandFailure(error).message)\(hint)")
                failures += 1
            }
        }
        return failures
    }
}
