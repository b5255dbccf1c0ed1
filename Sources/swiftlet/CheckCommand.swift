import ArgumentParser
import DNS
import EmbeddedRegistry
import Manifests
import LDNS
import Nameserver

/// `swiftlet check`: says what is wrong with files, and where, before a server reads them.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what is wrong with manifests or zone files, and where.",
        discussion: "A zone file is written ORIGIN=FILE, as serve's --zonefile takes it; anything else is a manifest.")

    @Argument(help: ArgumentHelp("Manifests, or ORIGIN=FILE for zone files.", valueName: "file"))
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
        return ManifestCheck.problems(ofFileAt: file)
    }
}
