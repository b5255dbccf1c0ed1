import Pipeline

@testable import Nameserver

/// Feeds any bytes as what comes over a TCP or TLS connection: the messages in it are answered one after the other, and
/// are the same in whatever pieces they come (RFC 7766 §8).
///
/// The first byte of the input says in which pieces.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var input = bytes(data, size)[...]
    let pieceSize = input.takeByte() + 1
    let whole = messages(of: input, pieceSize: max(1, input.count))
    demand(messages(of: input, pieceSize: pieceSize) == whole, "other messages where they come in pieces")
    // Answering costs much more than framing.
    for message in whole.prefix(16) { message.withUnsafeBytes { _ = server.run($0, .tcp) } }
    return 0
}

/// Used by one thread only, the one that libFuzzer calls from.
nonisolated(unsafe) private let server = AnsweringServer()

/// The messages of a stream, as a connection takes them out of what it keeps.
private func messages(of stream: ArraySlice<UInt8>, pieceSize: Int) -> [[UInt8]] {
    var messages: [[UInt8]] = []
    var pending: [UInt8] = []
    var rest = stream
    while !rest.isEmpty {
        pending += rest.prefix(pieceSize)
        rest = rest.dropFirst(pieceSize)
        while let length = pending.withUnsafeBytes({ StreamFraming.length(in: $0) }) {
            let end = StreamFraming.lengthBytes + length
            demand(end <= pending.count, "a message that ends behind the stream")
            messages.append(Array(pending[StreamFraming.lengthBytes..<end]))
            pending.removeFirst(end)
        }
        demand(pending.count < StreamFraming.maximumFrame, "more kept than one frame")
    }
    return messages
}
