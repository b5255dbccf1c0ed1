import Glibc

/// What is asked of the scripted server.
struct ScriptedRequest: Equatable {
    let path: String
    let query: [String: String]

    /// Reads a request target; values are not decoded, as those looked at need no escapes.
    init(target: Substring) {
        let parts = target.split(separator: "?", maxSplits: 1)
        path = String(parts.first ?? "")
        var query: [String: String] = [:]
        for item in parts.dropFirst().first?.split(separator: "&") ?? [] {
            let pair = item.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { query[String(pair[0])] = String(pair[1]) }
        }
        self.query = query
    }
}

/// Reads the requests of a connection, which have no bodies.
struct RequestReader {
    private let socket: Int32
    private var buffer = [UInt8](repeating: 0, count: 1 << 14)
    private var received: [UInt8] = []

    init(_ socket: Int32) { self.socket = socket }

    /// Waits for the next request; nil at the end of the connection.
    mutating func next() -> ScriptedRequest? {
        while true {
            if let end = endOfHead {
                let line = received.prefix { $0 != 13 }
                let words = String(decoding: line, as: UTF8.self).split(separator: " ")
                received.removeFirst(end)
                guard words.count == 3, words[0] == "GET" else { return nil }
                return ScriptedRequest(target: words[1])
            }
            let count = recv(socket, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0, received.count < 1 << 16 else { return nil }
            received += buffer[..<count]
        }
    }

    private var endOfHead: Int? {
        guard received.count >= 4 else { return nil }
        return (0...received.count - 4).first { received[$0..<$0 + 4].elementsEqual([13, 10, 13, 10]) }.map { $0 + 4 }
    }
}
