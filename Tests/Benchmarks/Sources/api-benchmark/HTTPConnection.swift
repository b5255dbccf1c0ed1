import BenchmarkSupport
import Glibc

/// A connection to a server on the loopback that is kept open, one request at a time; every wait is limited.
///
/// For one thread.
final class HTTPConnection {
    /// Seconds that a server may be silent before the request has failed.
    static let patience = 60

    let descriptor: Int32
    private var buffer: [UInt8]
    /// What was received after the end of the last answer.
    private var pending: [UInt8] = []

    /// - Parameter bufferSize: the most bytes received at once.
    init(port: UInt16, bufferSize: Int = 1 << 16) throws(BenchmarkError) {
        buffer = [UInt8](repeating: 0, count: bufferSize)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw .system(call: "socket", errorNumber: errno) }
        var isOn: Int32 = 1
        var patience = timeval(tv_sec: Self.patience, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        guard setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size)) == 0,
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size) == 0,
            setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size) == 0,
            withLoopbackAddress(port: port, { connect(descriptor, $0, $1) }) == 0
        else { throw .system(call: "connect to 127.0.0.1:\(port)", errorNumber: errno) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Sends a request and waits for the whole answer.
    func exchange(_ request: HTTPRequest) throws(BenchmarkError) -> HTTPReply {
        try send(request)
        return try receive()
    }

    /// As `exchange`; an answer with another status is an error that quotes it.
    @discardableResult
    func exchange(_ request: HTTPRequest, expecting status: Int) throws(BenchmarkError) -> [UInt8] {
        let reply = try exchange(request)
        guard reply.status == status else {
            let text = String(decoding: reply.body.prefix(200), as: UTF8.self)
            throw .wrongAnswer(question: request.summary, reply: "status \(reply.status): \(text)")
        }
        return reply.body
    }

    func send(_ request: HTTPRequest) throws(BenchmarkError) {
        let status: Int32 = request.bytes.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                // MSG_NOSIGNAL: a server that has gone is an error of this request, not the end of the benchmark.
                let count = Glibc.send(
                    descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
                if count < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                sent += count
            }
            return 0
        }
        guard status == 0 else { throw .system(call: "send", errorNumber: status) }
    }

    /// Waits for the whole answer to the request sent before.
    func receive() throws(BenchmarkError) -> HTTPReply {
        let head = try receiveHead()
        var body: [UInt8] = []
        switch head.body {
        case .length(let length):
            body = pending
            pending = []
            body.reserveCapacity(length)
            while body.count < length { body += try receiveSome() }
            pending = Array(body[length...])
            body.removeLast(body.count - length)
        case .chunked:
            var decoder = ChunkDecoder()
            var isValid = decoder.decode(takePending()[...], into: &body)
            while isValid, !decoder.isAtEnd { isValid = decoder.decode(try receiveSome(), into: &body) }
            guard isValid else { throw .badRun("the server sent a body that is not chunked as it said") }
        }
        return HTTPReply(status: head.status, body: body)
    }

    /// Waits for the head of an answer whose body is read as it comes, by `takePending` and `receiveSome`.
    func receiveHead() throws(BenchmarkError) -> HTTPHead {
        var received = takePending()
        var searched = 0
        while true {
            if let end = Self.endOfHead(in: received, from: searched) {
                guard let head = HTTPHead(received[..<end]) else {
                    throw .badRun("no HTTP answer: \(String(decoding: received.prefix(200), as: UTF8.self))")
                }
                pending = Array(received[end...])
                return head
            }
            searched = max(0, received.count - 3)
            received += try receiveSome()
        }
    }

    /// What has been received and not yet read.
    func takePending() -> [UInt8] {
        defer { pending = [] }
        return pending
    }

    /// Waits for at least one byte.
    func receiveSome() throws(BenchmarkError) -> ArraySlice<UInt8> {
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 { return buffer[..<count] }
            if count == 0 { throw .badRun("the server closed the connection") }
            if errno == EINTR { continue }
            throw .system(call: "recv", errorNumber: errno)
        }
    }

    /// The offset after the empty line that ends the head.
    private static func endOfHead(in bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return (start...max(start, bytes.count - 4)).first { offset in
            offset + 4 <= bytes.count && bytes[offset] == 13 && bytes[offset + 1] == 10 && bytes[offset + 2] == 13
                && bytes[offset + 3] == 10
        }.map { $0 + 4 }
    }
}
