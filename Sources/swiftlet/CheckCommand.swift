import ArgumentParser
import DNS
import EmbeddedRegistry
import Glibc
import LDNS
import Manifests
import Nameserver
import StaticZones
import Registry

/// `swiftlet check`: says what is wrong with files or with a registry, and where, before a server reads them.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what is wrong with manifests, zone files or a registry, and where.",
        discussion: """
            A zone file is written ORIGIN=FILE, as serve's --zonefile takes it. A folder that holds a registry's \
            database, as serve's --data names it, is checked as that; a server may run on it. Anything else is a \
            manifest.
            """)

    @Argument(
        help: ArgumentHelp("Manifests, ORIGIN=FILE for zone files, or a registry's folder.", valueName: "file"))
    var files: [String]

    func run() throws {
        var isSound = true
        for file in files {
            for problem in Self.problems(of: file) {
                print(problem)
                isSound = false
            }
        }
        guard isSound else { throw ExitCode(CommandFailure.Kind.badData.rawValue) }
    }

    private static func problems(of file: String) -> [String] {
        if let zone = ZoneFileSetting(file) {
            do {
                let records = try ZoneFileReader.records(inFileAt: zone.path, origin: zone.origin)
                return try StaticZone(origin: zone.origin, records: records).warnings.map { "\(zone.path): \($0)" }
            } catch {
                return ["\(error)"]
            }
        }
        if access("\(file)/\(RegistryReader.fileName)", F_OK) == 0 {
            let check = RegistryCheck(directory: file)
            if check.problems.isEmpty {
                print("\(file) is clean: \(check.objectCount) objects at version \(check.version.rawValue)")
            }
            return check.problems
        }
        return ManifestCheck.problems(ofFileAt: file)
    }
}
