import Foundation
import Glibc
import Testing

@Suite("A port that another program has")
struct TakenPortTests {
    /// Takes a free port of 127.0.0.1 for one transport: the socket and the port.
    private static func take(overTCP: Bool) throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32((overTCP ? SOCK_STREAM : SOCK_DGRAM).rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(result && (!overTCP || listen(descriptor, 1) == 0))
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    @Test("Taken for one transport is taken: one line says which address, nothing is served", arguments: [false, true])
    func taken(overTCP: Bool) throws {
        let (descriptor, port) = try Self.take(overTCP: overTCP)
        defer { close(descriptor) }
        let result = try run(
            "timeout", ["20", ServerUnderTest.binary, "serve", "--api", "none", "--listen", "127.0.0.1:\(port)"])
        #expect(result.status == 1)
        #expect(result.output == "")
        #expect(result.errors.contains("127.0.0.1:\(port)"), "\(result.errors)")
        #expect(result.errors.contains(overTCP ? "TCP" : "UDP"), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    }

    @Test("An address that the API was asked for is needed: one line, and the server is never ready")
    func takenByTheAPI() throws {
        let (descriptor, port) = try Self.take(overTCP: true)
        defer { close(descriptor) }
        let result = try run(
            "timeout",
            ["20", ServerUnderTest.binary, "serve", "--api", "127.0.0.1:\(port)", "--listen", "127.0.0.1:0"])
        #expect(result.status == 1)
        #expect(result.output == "")
        #expect(
            result.errors.contains(
                "swiftlet serve: the API cannot be served on 127.0.0.1:\(port): Address already in use\n"),
            "\(result.errors)")
    }
}
