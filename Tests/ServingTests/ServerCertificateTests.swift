import Corefile
import Foundation
import TestSupport
import Testing

@testable import Serving

@Suite("Certificates of tls")
struct ServerCertificateTests {
    /// A certificate of its own and its key, as `NAME.pem` and `NAME.key`.
    private func make(_ name: String, in folder: URL) throws {
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/openssl")
        openssl.arguments =
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=\(name)"
            .split(separator: " ").map(String.init)
            + [
                "-keyout", folder.appending(path: "\(name).key").path, "-out",
                folder.appending(path: "\(name).pem").path,
            ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        try #require(openssl.terminationStatus == 0)
    }

    private func read(_ certificate: String, _ key: String, in folder: URL) throws {
        let text = "tls://. {\ntls \(folder.path)/\(certificate) \(folder.path)/\(key)\n}"
        let corefile = try CorefileParser.corefile(Array(text.utf8), file: "Corefile")
        let block = try #require(corefile.blocks.first)
        let settings = try #require(try block.settings(TLSSettings.self))
        _ = try ServerCertificate.configuration(settings, at: block.start)
    }

    @Test("A FIFO in place of a certificate or a key is refused at once, by its name")
    func fifo() throws {
        let folder = try TemporaryFolder()
        let url = URL(filePath: folder.path)
        try make("one", in: url)
        try #require(mkfifo(folder.path("fifo"), 0o600) == 0)
        for (certificate, key) in [("fifo", "one.key"), ("one.pem", "fifo")] {
            let error = #expect(throws: CorefileError.self) { try read(certificate, key, in: url) }
            #expect(
                error?.description.contains("\(folder.path("fifo"))' is no regular file") == true,
                "\(String(describing: error))")
        }
    }

    @Test("A certificate with its own key is taken; with another's it is refused before anything listens")
    func keys() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "certificates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["one", "two"] { try make(name, in: folder) }
        try read("one.pem", "one.key", in: folder)
        #expect(throws: CorefileError.self) { try read("one.pem", "two.key", in: folder) }
        #expect(throws: CorefileError.self) { try read("one.pem", "none.key", in: folder) }
    }
}
