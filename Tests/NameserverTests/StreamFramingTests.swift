import Testing

@testable import Nameserver

@Suite("Messages of a stream")
struct StreamFramingTests {
    struct Case: Sendable {
        let stream: [UInt8]
        let length: Int?
    }

    enum Cases {
        static let all = [
            Case(stream: [], length: nil), Case(stream: [0], length: nil), Case(stream: [0, 0], length: 0),
            Case(stream: [0, 1], length: nil), Case(stream: [0, 1, 7], length: 1),
            Case(stream: [0, 1, 7, 0], length: 1),
            Case(stream: [1, 0] + [UInt8](repeating: 1, count: 255), length: nil),
            Case(stream: [1, 0] + [UInt8](repeating: 1, count: 256), length: 256),
            Case(stream: [255, 255] + [UInt8](repeating: 1, count: 65534), length: nil),
            Case(stream: [255, 255] + [UInt8](repeating: 1, count: 65536), length: 65535),
        ]
    }

    @Test("A message is there once all of its bytes are (RFC 1035 §4.2.2)", arguments: Cases.all)
    func length(_ expected: Case) {
        #expect(expected.stream.withUnsafeBytes { StreamFraming.length(in: $0) } == expected.length)
    }

    @Test("The length is written in network order", arguments: [0, 1, 255, 256, 65535])
    func store(_ length: Int) {
        var frame: [UInt8] = [9, 9, 9]
        frame.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { StreamFraming.store(length: length, at: base) }
        }
        #expect(frame == [UInt8(length >> 8), UInt8(length & 255), 9])
    }
}
