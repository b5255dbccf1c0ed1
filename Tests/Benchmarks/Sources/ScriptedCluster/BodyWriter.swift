/// Writes an answer of unknown length, a chunk for each piece, many of them at once.
struct BodyWriter {
    private static let portion = 1 << 18
    private let socket: Int32
    private var buffer = Array(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
    private var isWhole = true

    init(_ socket: Int32) { self.socket = socket }

    mutating func write(_ piece: [UInt8]) {
        buffer += ScriptedAPI.chunk(piece)
        if buffer.count >= Self.portion { flush() }
    }

    /// - Returns: Whether all could be sent so far.
    @discardableResult mutating func flush() -> Bool {
        if isWhole { isWhole = ScriptedAPI.send(buffer, to: socket) }
        buffer.removeAll(keepingCapacity: true)
        return isWhole
    }

    mutating func finish() -> Bool {
        buffer += Array("0\r\n\r\n".utf8)
        return flush()
    }
}
