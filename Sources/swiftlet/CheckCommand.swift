import ArgumentParser
import Corefile
import DNS
import EmbeddedRegistry
import Foundation
import Glibc
import LDNS
import Manifests
import Nameserver
import Registry
import Serving
import StaticZones

/// `swiftlet check`: says what is wrong with files or with a registry, and where, before a server reads them.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what is wrong with Corefiles, manifests, zone files or a registry, and where.",
        discussion: """
            A file named Corefile or *.corefile, or given by --corefile, is a Corefile. A zone file is written \
            ORIGIN=FILE, as serve's --zonefile takes it. A folder that holds a registry's database, as serve's --data \
            names it, is checked as that; a server may run on it. Anything else is a manifest, or a folder of them, as serve's \
            --manifests reads it.
            """)

    @Argument(
        help: ArgumentHelp(
            "Corefiles, manifests and folders of them, ORIGIN=FILE for zone files, or a registry's folder.",
            valueName: "file"))
    var files: [String] = []

    @Option(
        name: .customLong("corefile"), parsing: .singleValue,
        help: ArgumentHelp("A Corefile, whatever its name.", valueName: "file"))
    var corefiles: [String] = []

    @Flag(
        name: .customLong("directives"),
        help: "List the directives of Corefiles that are supported, in the order in which they see a query.")
    var listsDirectives = false

    func validate() throws {
        guard listsDirectives || !files.isEmpty || !corefiles.isEmpty else {
            throw ValidationError("Missing expected argument '<file> ...'")
        }
    }

    func run() throws {
        if listsDirectives { print(DirectiveTable.supported.names.joined(separator: "\n")) }
        var isSound = true
        for file in corefiles + files.filter(Self.isCorefile) {
            let source = CorefileSource(path: file, environment: ProcessInfo.processInfo.environment)
            let (problems, warnings) = source.check()
            isSound = Self.tell(problems.map(\.description), warnings.map(\.description)) && isSound
        }
        for file in files where !Self.isCorefile(file) {
            isSound = Self.check(file) && isSound
        }
        guard isSound else { throw ExitCode(CommandFailure.Kind.badData.rawValue) }
    }

    private static func isCorefile(_ path: String) -> Bool {
        let name = path.split(separator: "/").last ?? ""
        return name == "Corefile" || name.hasSuffix(".corefile")
    }

    /// Says what was found; false where anything of it is a problem.
    private static func tell(_ problems: [String], _ warnings: [String] = []) -> Bool {
        for problem in problems { print(problem) }
        for warning in warnings { print("\(warning) (a warning)") }
        return problems.isEmpty
    }

    /// Checks anything but a Corefile; false where something is wrong with it.
    private static func check(_ file: String) -> Bool {
        if let zone = ZoneFileSetting(file) {
            do {
                let records = try ZoneFileReader.records(inFileAt: zone.path, origin: zone.origin)
                return tell(
                    try StaticZone(origin: zone.origin, records: records).warnings.map { "\(zone.path): \($0)" })
            } catch {
                return tell(["\(error)"])
            }
        }
        if RegistryCheck.applies(to: file) {
            let check = RegistryCheck(directory: file)
            if check.problems.isEmpty {
                print("\(file) is clean: \(check.objectCount) objects at version \(check.version.rawValue)")
            }
            return tell(check.problems)
        }
        let check = ManifestCheck(at: file, strictErrors: UnknownFields.all)
        var problems = check.problems
        if !problems.isEmpty, ManifestCheck.isDoubtful(file), access(file, R_OK) == 0 {
            problems.append("\(file): was taken for manifests; if it is a Corefile, write --corefile \(file)")
        }
        if problems.isEmpty { print("\(file) is sound: \(check.objectCount) objects") }
        return tell(problems, check.warnings)
    }
}
