/// A request as it goes over the connection (RFC 9112), written once so that the load spends no time on it.
struct HTTPRequest: Sendable {
    /// What it asks, for error messages: method and path.
    let summary: String
    let bytes: [UInt8]

    /// - Parameter contentType: the media type of the body; without a body it is left out.
    init(_ method: String, _ path: String, contentType: String = "application/json", body: String? = nil) {
        summary = "\(method) \(path)"
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: api-benchmark\r\n"
        head += "Accept: application/json\r\n"
        if let body { head += "Content-Type: \(contentType)\r\nContent-Length: \(body.utf8.count)\r\n" }
        bytes = Array(head.utf8) + [13, 10] + Array((body ?? "").utf8)
    }
}

/// A whole answer to a request.
struct HTTPReply: Sendable {
    let status: Int
    let body: [UInt8]
}

/// The part of an answer that comes before its body.
struct HTTPHead: Equatable {
    /// How the end of the body is known.
    enum Body: Equatable {
        case length(Int)
        case chunked
    }

    let status: Int
    let body: Body

    /// Reads the status line and the header fields; nil when they are no HTTP/1.1 answer with a body of known end.
    init?(_ bytes: some Collection<UInt8>) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        guard let words = lines.first?.split(separator: " "), words.count >= 2, words[0].hasPrefix("HTTP/1."),
            let status = Int(words[1])
        else { return nil }
        self.status = status
        var body: Body?
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            switch line[..<colon].lowercased() {
            case "content-length": body = Int(value).flatMap { $0 >= 0 ? .length($0) : nil }
            case "transfer-encoding": body = value.lowercased() == "chunked" ? .chunked : nil
            default: break
            }
        }
        guard let body else { return nil }
        self.body = body
    }
}

/// Takes the chunks out of a body as it comes in (RFC 9112 §7.1).
struct ChunkDecoder {
    private enum State {
        case size(Int)
        case extensions(Int)
        case data(Int)
        /// The line ends after a chunk's data that are still to come.
        case gap(Int)
        case trailer(isEmptyLine: Bool)
        case end
    }

    private var state = State.size(0)

    /// Whether the last chunk and the trailer have been read.
    var isAtEnd: Bool { if case .end = state { true } else { false } }

    /// Appends the data in `input` to `output`; false when the input is no chunked body.
    mutating func decode(_ input: ArraySlice<UInt8>, into output: inout [UInt8]) -> Bool {
        var rest = input
        while let byte = rest.first {
            switch state {
            case .size(let size):
                rest.removeFirst()
                if byte == 13 { continue }
                if byte == 10 {
                    state = size == 0 ? .trailer(isEmptyLine: true) : .data(size)
                } else if byte == UInt8(ascii: ";") {
                    state = .extensions(size)
                } else {
                    guard let digit = Character(UnicodeScalar(byte)).hexDigitValue, size < 1 << 40 else { return false }
                    state = .size(size * 16 + digit)
                }
            case .extensions(let size):
                rest.removeFirst()
                if byte == 10 { state = size == 0 ? .trailer(isEmptyLine: true) : .data(size) }
            case .data(let left):
                let part = rest.prefix(left)
                output += part
                rest = rest.dropFirst(part.count)
                state = part.count == left ? .gap(2) : .data(left - part.count)
            case .gap(let left):
                rest.removeFirst()
                state = left == 1 ? .size(0) : .gap(left - 1)
            case .trailer(let isEmptyLine):
                rest.removeFirst()
                if byte == 10 {
                    state = isEmptyLine ? .end : .trailer(isEmptyLine: true)
                } else if byte != 13 {
                    state = .trailer(isEmptyLine: false)
                }
            case .end:
                return false
            }
        }
        return true
    }
}
