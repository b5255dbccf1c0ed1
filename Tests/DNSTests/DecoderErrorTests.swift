import Testing

@testable import DNS

/// A message with one of the faults that decoders were found to have.
struct DecoderError: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// QDCOUNT, ANCOUNT, NSCOUNT and ARCOUNT.
    let counts: [UInt8]
    /// What stands behind the header.
    let body: [UInt8]

    init(_ description: String, _ counts: [UInt8], _ body: [UInt8]) {
        (testDescription, self.counts, self.body) = (description, counts, body)
    }

    func message(isResponse: Bool) -> [UInt8] {
        [0xab, 0xcd, isResponse ? 0x81 : 0x01, isResponse ? 0x80 : 0] + counts.flatMap { [0, $0] } + body
    }

    /// `q.test. A IN` at offset 12; 12 bytes.
    static let question: [UInt8] = [1, 113, 4, 116, 101, 115, 116, 0, 0, 1, 0, 1]
    /// Type A, class IN, a TTL and four bytes of data.
    private static let tail: [UInt8] = [0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]

    /// A label of so many bytes.
    private static func label(_ count: Int) -> [UInt8] { [UInt8(count)] + [UInt8](repeating: 97, count: count) }

    /// A name of 63-byte labels and a last one that make up `length` bytes, the root's included.
    private static func name(_ length: Int) -> [UInt8] {
        var name: [UInt8] = []
        while name.count + 65 < length { name += label(63) }
        return name + label(length - name.count - 2) + [0]
    }

    /// An owner behind the question, at offset 24, and the record's rest.
    private static func owner(_ description: String, _ bytes: [UInt8]) -> Self {
        Self(description, [1, 0, 0, 1], question + bytes + tail)
    }

    /// §2: compression pointers.
    static let pointers: [Self] = [
        owner("a pointer to itself", [0xc0, 24]),
        owner("a label and a pointer back to it", [1, 97, 0xc0, 24]),
        owner("a pointer forward", [0xc0, 26]),
        owner("a pointer beyond the message", [0xff, 0xff]),
        owner("a pointer into the header", [0xc0, 0]),
        Self("half a pointer at the end", [1, 0, 0, 1], question + [0xc0]),
        Self("two pointers at each other", [1, 0, 0, 2], question + [0xc0, 40] + tail + [0xc0, 24] + tail),
        Self("a question that points to itself", [1, 0, 0, 0], [0xc0, 12, 0, 1, 0, 1]),
        Self(
            "data that points to itself", [1, 0, 0, 1],
            question + [0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 2, 0xc0, 36]),
    ]

    /// §3: lengths of labels and names.
    static let lengths: [Self] = [
        owner("a label of type 01", [0x41, 97, 0]),
        owner("a label of type 10", [0x81, 97, 0]),
        owner("a label of 64 bytes", [64] + [UInt8](repeating: 97, count: 64) + [0]),
        owner("a name of 256 bytes", name(256)),
        owner("a name of 300 bytes", name(300)),
        Self("a question of 256 bytes", [1, 0, 0, 0], name(256) + [0, 1, 0, 1]),
        Self("a label beyond the message", [1, 0, 0, 1], question + [63, 97]),
        Self("a question beyond the message", [1, 0, 0, 0], [63, 97, 0]),
    ]

    /// §4: the end of a name.
    static let ends: [Self] = [
        Self("a name without its end", [1, 0, 0, 1], question + [1, 97]),
        Self("a question without its end", [1, 0, 0, 0], [1, 97]),
        Self("no name at all", [1, 0, 0, 1], question),
    ]

    /// §5: lengths of data.
    static let data: [Self] = [
        Self("data beyond the message", [1, 0, 0, 1], question + [0, 0, 1, 0, 1, 0, 0, 0, 60, 0, 5, 192, 0, 2, 1]),
        Self("65535 bytes of data", [1, 0, 0, 1], question + [0, 0, 16, 0, 1, 0, 0, 0, 60, 255, 255, 0]),
        Self("half of a data length", [1, 0, 0, 1], question + [0, 0, 1, 0, 1, 0, 0, 0, 60, 0]),
        Self("a record without its fixed part", [1, 0, 0, 1], question + [0, 0, 1]),
        Self(
            "options beyond their record", [1, 0, 0, 1], question + [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 4, 0, 3, 0, 1]),
    ]

    /// §6: counts of records.
    static let counts: [Self] = [
        Self("a question that is not there", [1, 0, 0, 0], []),
        Self("a second question that is not there", [2, 0, 0, 0], question),
        Self("an answer that is not there", [1, 1, 0, 0], question),
        Self("255 additional records that are not there", [1, 0, 0, 255], question),
        Self("a second record that is not there", [1, 0, 0, 2], question + [0] + tail),
    ]
}

@Suite("Faults that decoders were found to have (RFC 9267)")
struct DecoderErrorTests {
    private static func isRead(_ bytes: [UInt8]) -> Bool {
        // No room behind the bytes, so that a sanitizer would see one too many.
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: bytes)
        var query = Query()
        return QueryReader.read(UnsafeRawBufferPointer(copy), into: &query) == .answer
    }

    /// Whose owner's or data's pointers the query reader has no use for: it follows none.
    private static let unread = [
        "a pointer into the header", "data that points to itself", "two pointers at each other",
    ]

    @Test(
        "Each is FORMERR as a query, and no message as a reply",
        arguments: DecoderError.pointers + DecoderError.lengths + DecoderError.ends + DecoderError.data
            + DecoderError.counts)
    func refused(_ error: DecoderError) {
        #expect(DNSMessage.read(error.message(isResponse: true)) == nil)
        let isRead = Self.isRead(error.message(isResponse: false))
        if !Self.unread.contains(error.testDescription) { #expect(!isRead) }
    }

    @Test("Lengths add up over pointers: a name of 255 bytes is one, and of 256 is none (§3)")
    func lengthOverPointers() throws {
        for (length, isName) in [(255 - 68, true), (256 - 68, false)] {
            // The question's name has 68 bytes, the answer's as many behind its own labels.
            var body: [UInt8] = [61] + [UInt8](repeating: 97, count: 61) + [4, 98, 98, 98, 98, 0, 0, 1, 0, 1]
            var rest = length
            while rest > 0 {
                let count = min(62, rest - 1)
                body += [UInt8(count)] + [UInt8](repeating: 99, count: count)
                rest -= count + 1
            }
            body += [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]
            let message = DNSMessage.read(DecoderError("", [1, 1, 0, 0], body).message(isResponse: true))
            #expect((message != nil) == isName, "\(length)")
            if isName { #expect(message?.answers.first?.owner.wire.count == 255) }
        }
    }

    @Test("A zero byte within a label is a byte like others, in names and in their text (§4)")
    func zeroBytes() throws {
        let body: [UInt8] = [3, 97, 0, 98, 4, 116, 101, 115, 116, 0, 0, 1, 0, 1]
        let message = try #require(DNSMessage.read(DecoderError("", [1, 0, 0, 0], body).message(isResponse: true)))
        #expect(message.question?.name.description == "a\\000b.test.")
        #expect(message.question?.name.wire.count == 10)
        #expect(Self.isRead(DecoderError("", [1, 0, 0, 0], body).message(isResponse: false)))
    }

    @Test("Data that ends before, or goes on behind, its last name is none of its type (§5)")
    func dataOfNames() {
        for length in [1, 3, 4] as [UInt8] {
            let data: [UInt8] = Array([0xc0, 12, 1, 1].prefix(Int(length)))
            let record: [UInt8] = [0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, length] + data
            let message = DecoderError("", [1, 1, 0, 0], DecoderError.question + record)
            #expect(DNSMessage.read(message.message(isResponse: true)) == nil, "\(length)")
        }
    }
}
