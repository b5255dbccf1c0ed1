import Foundation
import Testing

@Suite("Answers that clients do not read")
struct UnreadAnswerTests {
    @Test("They are bounded: others are told to come again, and all that were begun are read to their end in time")
    func bounded() async throws {
        try await LargeRegistry.serve { port in
            var unread: [RawClient] = []
            var refusal: RawClient.Reply?
            // Without a bound none is ever refused; what is begun takes a while to show.
            for _ in 0..<64 where refusal == nil {
                unread.append(try await RawClient(port, asking: LargeRegistry.list))
                let reply = try await RawClient(port, asking: "/version").reply()
                if reply.status == 429 { refusal = reply }
            }
            let told = try #require(refusal)
            #expect(told.head.contains("\r\nRetry-After: 1\r\n") && told.body.contains("TooManyRequests"))
            #expect(try await RawClient(port, asking: "/readyz").reply().status == 200)
            var whole = 0
            for client in unread {
                let reply = try await client.reply()
                // Those that found no room have been told so, or were ended; none is cut off in silence.
                guard reply.status == 200, reply.isWhole else { continue }
                #expect(reply.body.utf8.count > 12_000_000)
                whole += 1
            }
            #expect(whole >= 1)
            #expect(try await RawClient(port, asking: "/version").reply().status == 200)
        }
    }

    @Test(
        "One answer that is longer than all may be in all is made all the same: in pieces, and a page as a whole",
        arguments: [("", 12_000_000), ("?labelSelector=!none", 12_000_000), ("?limit=600", 4_194_304)])
    func long(_ query: String, least: Int) async throws {
        try await LargeRegistry.serve { port in
            let reply = try await RawClient(port, asking: LargeRegistry.list + query).reply()
            #expect(reply.status == 200 && reply.isWhole)
            #expect(reply.body.utf8.count > least)
        }
    }
}

/// One connection of HTTP/1.1 with one request, whose answer is read when it is asked for; with a small buffer.
final class RawClient: Sendable {
    struct Reply: Sendable {
        let head: String
        let body: String

        var status: Int { head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0 }
        /// Whether the body has come to its end, in chunks or by its length.
        var isWhole: Bool {
            guard
                let length = head.lowercased().split(separator: "\r\n").first(where: { $0.hasPrefix("content-length:") }
                )
            else { return body.hasSuffix("\r\n0\r\n\r\n") }
            return Int(length.dropFirst(15).trimmingCharacters(in: .whitespaces)) == body.utf8.count
        }
    }

    struct Failure: Error {}

    private let descriptor: Int32

    convenience init(_ port: UInt16, asking path: String) async throws {
        try await self.init(
            port, sending: Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".utf8))
    }

    /// - Parameter bytes: What is sent, be it a whole request or a part of one.
    convenience init(_ port: UInt16, sending bytes: [UInt8]) async throws {
        try self.init(port)
        guard await send(bytes) else { throw Failure() }
    }

    private init(_ port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var size: Int32 = 4096
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw Failure() }
    }

    /// Sends more; false where the server takes no more. On a thread of its own, as it waits for the server, which needs
    /// those that tests run on.
    @discardableResult
    func send(_ bytes: [UInt8]) async -> Bool {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [descriptor] in
                var rest = bytes[...]
                while !rest.isEmpty {
                    let count = rest.withUnsafeBytes {
                        Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                    }
                    guard count > 0 else { break }
                    rest = rest.dropFirst(count)
                }
                continuation.resume(returning: rest.isEmpty)
            }
        }
    }

    deinit { close(descriptor) }

    /// The next bytes up to an empty line, which is not among them; all that came where the server closes before.
    func head() async -> String {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [descriptor] in
                let end = Array("\r\n\r\n".utf8)
                var (bytes, byte) = ([UInt8](), UInt8(0))
                while bytes.suffix(4) != end[...], recv(descriptor, &byte, 1, 0) == 1 { bytes.append(byte) }
                if bytes.suffix(4) == end[...] { bytes.removeLast(4) }
                continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
            }
        }
    }

    /// All that comes until the server closes the connection; on a thread of its own, as it waits.
    func reply() async throws -> Reply {
        let bytes: [UInt8] = await withCheckedContinuation { continuation in
            Thread.detachNewThread { [descriptor] in
                var bytes: [UInt8] = []
                var piece = [UInt8](repeating: 0, count: 1 << 16)
                while case let count = recv(descriptor, &piece, piece.count, 0), count > 0 { bytes += piece[..<count] }
                continuation.resume(returning: bytes)
            }
        }
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return Reply(head: "", body: "") }
        return Reply(
            head: String(decoding: bytes[..<end.lowerBound], as: UTF8.self) + "\r\n",
            body: String(decoding: bytes[end.upperBound...], as: UTF8.self))
    }
}
