import Corefile
import FileReading
import Foundation

/// A Corefile on disk, read with everything that it imports.
package struct CorefileSource: Sendable {
    package let path: String
    private let environment: [String: String]
    private let defaultPort: UInt16

    /// The path of what is read once, whatever it holds later: it cannot be read again.
    package static let standardInput = "/dev/stdin"
    private static let standardInputText = Result { () throws(CorefileError) -> [UInt8] in
        do {
            let text = try FileHandle.standardInput.read(upToCount: RegularFile.configurationLimit + 1) ?? Data()
            guard text.count <= RegularFile.configurationLimit else {
                throw CorefileError(
                    file: standardInput, line: 0, reason: "more than \(RegularFile.configurationLimit) bytes")
            }
            return Array(text)
        } catch let error as CorefileError {
            throw error
        } catch {
            throw CorefileError(file: standardInput, line: 0, reason: "\(error.localizedDescription)")
        }
    }

    /// - Parameter defaultPort: of blocks that name none.
    package init(path: String, environment: [String: String], defaultPort: UInt16 = ServerKey.Scheme.dns.port) {
        self.path = path
        self.environment = environment
        self.defaultPort = defaultPort
    }

    /// What was read: the configuration, and a digest of all its text.
    package struct Reading: Sendable {
        package let corefile: Corefile
        /// The SHA-512 of the file, of imported ones and of certificates, in hexadecimal.
        package let digest: String
    }

    /// Reads and parses; says nothing yet of what the directives mean.
    package func read() throws(CorefileError) -> Reading {
        let text = try text()
        let imported = ImportedText()
        let disk = CorefileParser.Surroundings.process(environment: environment)
        var surroundings = disk
        surroundings.files = { pattern, importer in
            let files = try disk.files(pattern, importer)
            for file in files { imported.bytes += file.text }
            return files
        }
        let corefile = try CorefileParser.corefile(
            text, file: path, defaultPort: defaultPort, surroundings: surroundings)
        guard !corefile.blocks.isEmpty else {
            throw CorefileError(file: path, line: 0, reason: "the file has no server block")
        }
        // A certificate that was renewed is a change, too.
        for block in corefile.blocks {
            guard let tls = try block.settings(TLSSettings.self) else { continue }
            for file in [tls.certificateFile, tls.keyFile, tls.authorityFile].compactMap(\.self) {
                if let bytes = try? RegularFile.bytes(file, limit: RegularFile.configurationLimit) {
                    imported.bytes += bytes
                }
            }
        }
        return Reading(corefile: corefile, digest: SHA512.hexadecimal(text + imported.bytes))
    }

    /// Everything that is wrong with the file and what it imports, and what deserves a word though it is no error.
    ///
    /// Names of network interfaces are compared as they are written: the host that serves may be another one.
    package func check() -> (problems: [CorefileError], warnings: [CorefileError]) {
        do {
            let text = try text()
            let surroundings = CorefileParser.Surroundings.process(environment: environment)
            let problems = CorefileCheck.problems(
                in: text, file: path, defaultPort: defaultPort, surroundings: surroundings)
            guard problems.isEmpty else { return (problems, []) }
            let corefile = try CorefileParser.corefile(
                text, file: path, defaultPort: defaultPort, surroundings: surroundings)
            return ([], CorefileCheck.warnings(of: corefile))
        } catch {
            return ([error], [])
        }
    }

    private func text() throws(CorefileError) -> [UInt8] {
        if path == Self.standardInput { return try Self.standardInputText.get() }
        do {
            return try RegularFile.bytes(path, limit: RegularFile.configurationLimit)
        } catch {
            throw CorefileError(file: path, line: 0, reason: "\(error)")
        }
    }
}

/// The text that was imported while one Corefile was read.
///
/// `@unchecked Sendable`: used within one call of the parser only, by its thread.
private final class ImportedText: @unchecked Sendable {
    var bytes: [UInt8] = []
}
