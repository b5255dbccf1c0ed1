import BenchmarkSupport
import Foundation
import Glibc

/// Requests over plain HTTP, each on a connection of its own.
enum HTTP {
    struct Reply {
        let status: Int
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        var object: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
        }
    }

    enum Outcome {
        case reply(Reply)
        /// Nothing was sent.
        case unsent
        /// The request may have been done.
        case unknown
    }

    static func get(_ port: UInt16, _ path: String, seconds: Int = 5) -> Reply? {
        guard case .reply(let reply) = exchange(port, "GET", path, seconds: seconds) else { return nil }
        return reply
    }

    static func exchange(
        _ port: UInt16, _ method: String, _ path: String, body: String = "", type: String = "application/json",
        seconds: Int = 10
    ) -> Outcome {
        let socket = Sockets.connected(SOCK_STREAM, "127.0.0.1", port, seconds: seconds)
        guard socket >= 0 else { return .unsent }
        defer { close(socket) }
        let head =
            "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\nContent-Type: \(type)\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n"
        guard Sockets.sendAll((head + body).utf8, to: socket) else { return .unknown }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let deadline = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < deadline {
            if let reply = whole(received) { return .reply(reply) }
            let size = recv(socket, &buffer, buffer.count, 0)
            if size < 0, errno == EINTR { continue }
            guard size > 0 else { break }
            received += buffer[..<size]
        }
        return whole(received).map(Outcome.reply) ?? .unknown
    }

    /// The reply, once all of it is there.
    private static func whole(_ received: [UInt8]) -> Reply? {
        guard let end = Octets.end(of: [13, 10, 13, 10], in: received[...]) else { return nil }
        let lines = String(decoding: received[..<end], as: UTF8.self).split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
        func header(_ name: String) -> Substring? {
            lines.first { $0.lowercased().hasPrefix(name + ":") }.map { $0.dropFirst(name.count + 1) }
        }
        let rest = received[end...]
        if header("transfer-encoding")?.contains("chunked") == true {
            return unchunked(rest).map { Reply(status: status, body: $0) }
        }
        let length = header("content-length").flatMap { Int($0.filter { $0 != " " }) } ?? 0
        return rest.count < length ? nil : Reply(status: status, body: Array(rest.prefix(length)))
    }

    private static func unchunked(_ octets: ArraySlice<UInt8>) -> [UInt8]? {
        var (rest, body) = (octets, [UInt8]())
        while let end = Octets.end(of: [13, 10], in: rest) {
            guard let size = Int(String(decoding: rest[..<(end - 2)], as: UTF8.self), radix: 16),
                rest.endIndex - end >= size + 2
            else { return nil }
            if size == 0 { return body }
            body += rest[end..<end + size]
            rest = rest[(end + size + 2)...]
        }
        return nil
    }
}

/// Looking for octets among octets.
enum Octets {
    /// The place behind the first occurrence.
    static func end(of pattern: [UInt8], in octets: ArraySlice<UInt8>) -> Int? {
        guard octets.count >= pattern.count else { return nil }
        return (octets.startIndex...octets.endIndex - pattern.count)
            .first { octets[$0..<$0 + pattern.count].elementsEqual(pattern) }
            .map { $0 + pattern.count }
    }
}
