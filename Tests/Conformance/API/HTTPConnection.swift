import Foundation

/// One connection of HTTP/1.1 that stays open from request to request; blocking, for one thread.
final class HTTPConnection {
    struct Reply {
        let status: Int
        let body: Data

        /// The body as JSON; empty where it is none.
        var object: [String: Any] {
            (try? JSONSerialization.jsonObject(with: body) as? [String: Any]) ?? [:]
        }
    }

    /// The server has gone, or says what is no HTTP.
    struct Broken: Error {}

    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        // `deinit` closes it then, too: a second time it might be another thread's.
        guard isConnected else { throw Broken() }
    }

    deinit { close(descriptor) }

    /// Sends a request and reads the whole answer.
    func request(
        _ method: String, _ path: String, type: String = "application/json", _ body: String = ""
    ) throws -> Reply {
        try send(method, path, type: type, body)
        let (status, headers) = try readHead()
        if let length = headers["content-length"].flatMap({ Int($0) }) {
            return Reply(status: status, body: try take(length))
        }
        guard headers["transfer-encoding"]?.lowercased() == "chunked" else { throw Broken() }
        var body = Data()
        while true {
            guard let size = Int(try rawLine().prefix { $0 != ";" }, radix: 16) else { throw Broken() }
            body += try take(size)
            guard try rawLine().isEmpty else { throw Broken() }
            if size == 0 { return Reply(status: status, body: body) }
        }
    }

    private func take(_ count: Int) throws -> Data {
        while buffer.count < count { try fill() }
        defer { buffer.removeFirst(count) }
        return Data(buffer.prefix(count))
    }

    /// The next line that ends in CR LF, without these.
    private func rawLine() throws -> String {
        while true {
            if let end = buffer.firstRange(of: [0x0d, 0x0a]) {
                defer { buffer.removeSubrange(..<end.upperBound) }
                return String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
            }
            try fill()
        }
    }

    /// Sends a request whose answer is a stream; its status. Lines follow by `line()`.
    func open(_ path: String) throws -> Int {
        try send("GET", path, type: "application/json", "")
        return try readHead().status
    }

    /// The next line of a stream in chunks, without the sizes of the chunks.
    func line() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let text = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeSubrange(...end)
                if text.hasPrefix("{") { return text }
                // The last chunk is the one of size 0: nothing follows.
                if text == "0\r" { throw Broken() }
            } else {
                try fill()
            }
        }
    }

    func send(_ method: String, _ path: String, type: String, _ body: String) throws {
        var message = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: conformance/1\r\n"
        if !body.isEmpty { message += "Content-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n" }
        let bytes = Array((message + "\r\n" + body).utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Broken() }
            sent += count
        }
    }

    private func readHead() throws -> (status: Int, headers: [String: String]) {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let place = buffer.firstRange(of: end) {
                let lines = String(decoding: buffer[..<place.lowerBound], as: UTF8.self).split(separator: "\r\n")
                buffer.removeSubrange(..<place.upperBound)
                let words = lines.first?.split(separator: " ") ?? []
                guard words.count >= 2, let status = Int(words[1]) else { throw Broken() }
                var headers: [String: String] = [:]
                for line in lines.dropFirst() {
                    let parts = line.split(separator: ":", maxSplits: 1)
                    guard parts.count == 2 else { continue }
                    headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
                }
                return (status, headers)
            }
            try fill()
        }
    }

    private func fill() throws {
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &piece, piece.count, 0)
        guard count > 0 else { throw Broken() }
        buffer += piece[..<count]
    }
}
