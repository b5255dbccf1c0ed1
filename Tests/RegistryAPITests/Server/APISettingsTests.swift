import Foundation
import TestSupport
import Testing

@testable import RegistryAPI

@Suite("How the API is served")
struct APISettingsTests {
    @Test("A FIFO in place of the certificate, its key or the authority is refused at once, by its name")
    func fifo() throws {
        let folder = try TemporaryFolder()
        let (fifo, certificate, key) = (folder.path("fifo"), folder.path("one.pem"), folder.path("one.key"))
        try #require(mkfifo(fifo, 0o600) == 0)
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/openssl")
        openssl.arguments =
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=one"
            .split(separator: " ").map(String.init) + ["-keyout", key, "-out", certificate]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        try #require(openssl.terminationStatus == 0)
        let refusal = APISettings.Invalid.unreadable(file: fifo, reason: "is no regular file")
        for files in [(fifo, key, certificate), (certificate, fifo, certificate), (certificate, key, fifo)] {
            #expect(throws: refusal) {
                try APISettings(
                    host: "127.0.0.1", port: 0, certificateFile: files.0, keyFile: files.1,
                    clientAuthorityFile: files.2)
            }
        }
    }

    @Test("Only addresses of the loopback go without TLS; a name that begins like one may lead anywhere")
    func loopback() throws {
        for host in ["127.0.0.1", "127.255.0.9", "::1", "localhost"] { _ = try APISettings(host: host, port: 0) }
        for host in ["127.api.example.org", "127.0.0.example", "127.0.0.256", "10.0.0.1", "::", "127."] {
            #expect(throws: APISettings.Invalid.unprotected(address: "\(host):0", missing: "TLS")) {
                try APISettings(host: host, port: 0)
            }
        }
    }

    @Test("Where the process may have little memory, answers, bodies and watches have less, and enough for one of each")
    func littleMemory() throws {
        func bounds(_ memory: Int?) throws -> [Int] {
            var settings = try APISettings(host: "127.0.0.1", port: 0)
            settings.fit(memory: memory)
            return [settings.maximumAnswerBytes, settings.maximumBodyBytes, settings.maximumQueueBytes].map { $0 >> 20 }
                + [settings.maximumBodyValues]
        }
        #expect(try bounds(nil) == [64, 256, 16, 250_000])
        #expect(try bounds(8 << 30) == [64, 256, 16, 250_000])
        #expect(try bounds(170 << 20) == [42, 42, 16, 87_040])
        #expect(try bounds(96 << 20) == [24, 24, 12, 49_152])
        #expect(try bounds(1) == [16, 16, 8, 40_000])
    }
}
