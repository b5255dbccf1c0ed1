import Corefile
import Foundation
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

    @Test("A certificate with its own key is taken; with another's it is refused before anything listens")
    func keys() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "certificates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["one", "two"] { try make(name, in: folder) }
        func read(_ certificate: String, _ key: String) throws {
            let text = "tls://. {\ntls \(folder.path)/\(certificate).pem \(folder.path)/\(key).key\n}"
            let corefile = try CorefileParser.corefile(Array(text.utf8), file: "Corefile")
            let block = try #require(corefile.blocks.first)
            let settings = try #require(try block.settings(TLSSettings.self))
            _ = try ServerCertificate.configuration(settings, at: block.start)
        }
        try read("one", "one")
        #expect(throws: CorefileError.self) { try read("one", "two") }
        #expect(throws: CorefileError.self) { try read("one", "none") }
    }
}
