@testable import KubernetesRegistry
import Registry
import TestSupport
import Testing

/// Texts that are no JSON, or less than one value of it.
private enum BrokenTexts {
    static let malformed = [
        "", " ", "nul", "[1,2]]", "{\"a\" 1}", "{\"a\":1,}", "{,}", "}", "@", "{\"a\":@}", "{1:2}", "\u{1}{}",
    ]
    static let escapes: [(String, String?)] = [
        (#"a"#, "a"), (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"), (#"\u00e9"#, "é"), (#"\ud83d\ude00"#, "😀"),
        (#"\ud83d"#, nil), (#"\u12"#, nil), (#"\x"#, nil), (#"\u12g4"#, nil),
    ]
}

struct JSONPullTests {
    /// Reads one service, and says what stopped it.
    private static func stop(_ bytes: [UInt8]) -> JSONPull.Stop? {
        bytes.withUnsafeBufferPointer { buffer in
            do throws(JSONPull.Stop) {
                var reader = ObjectReader(buffer, kind: .service, selection: DiscoverySelection())
                _ = try reader.object()
                return nil
            } catch {
                return error
            }
        }
    }

    @Test("What is no JSON object is refused without a trap", arguments: BrokenTexts.malformed)
    func malformed(_ text: String) {
        if text == "[1,2]]" {
            // The first value is complete; what follows is the caller's.
            #expect(Self.stop(Array(text.utf8)) == nil)
        } else {
            #expect(Self.stop(Array(text.utf8)) != nil)
        }
    }

    @Test("Every beginning of a document is incomplete, never malformed")
    func beginnings() {
        let bytes = Array(Samples.service("web").utf8)
        for count in 0..<bytes.count { #expect(Self.stop(Array(bytes[..<count])) == .incomplete) }
        #expect(Self.stop(bytes) == nil)
    }

    @Test("Escapes are replaced; broken ones are no text", arguments: BrokenTexts.escapes)
    func escapes(_ source: String, _ expected: String?) {
        let text = Array(source.utf8).withUnsafeBufferPointer { JSONEscapes.text(of: $0) }
        #expect(text == expected)
    }

    @Test("Documents with random bytes changed never trap, and lists in random pieces say what whole ones do")
    func mutations() {
        var generator = SeededGenerator.announced()
        let items = (0..<20).map { Samples.service("svc-\($0)", ip: "10.96.0.\($0)", version: $0 + 1) }
        let whole = Array(Samples.list(items, version: 77).utf8)
        let expected = Self.read(whole, &generator, pieces: false)
        #expect(expected.objects.count == 20)
        #expect(expected.version == "77")
        for _ in 0..<200 {
            let read = Self.read(whole, &generator, pieces: true)
            #expect(read.objects == expected.objects && read.version == expected.version)
        }
        for _ in 0..<2000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[index] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = Self.read(bytes, &generator, pieces: true)
        }
    }

    private static func read(
        _ bytes: [UInt8], _ generator: inout SeededGenerator, pieces: Bool
    ) -> (objects: [DecodedObject], version: String) {
        var decoder = ListDecoder(kind: .service, selection: DiscoverySelection())
        var objects: [DecodedObject] = []
        var start = 0
        do {
            while start < bytes.count {
                let count = pieces ? Int.random(in: 1...400, using: &generator) : bytes.count
                let end = min(bytes.count, start + count)
                try Array(bytes[start..<end]).withUnsafeBufferPointer { (buffer) throws(ListDecoder.Failure) in
                    try decoder.feed(buffer) { objects.append($0) }
                }
                start = end
            }
            try decoder.finish { objects.append($0) }
        } catch {
            return ([], "")
        }
        return (objects, decoder.metadata.version.text)
    }

    @Test("Members of a list come in any order, and unknown ones are stepped over")
    func anyOrder() {
        var generator = SeededGenerator(seed: 1)
        let text = """
            {"items":[\(Samples.service("a"))],"odd":{"x":[1,{"y":null}]},"metadata":{"continue":"c","selfLink":"",\
            "remainingItemCount":7,"resourceVersion":"5"}}
            """
        #expect(Self.read(Array(text.utf8), &generator, pieces: false).objects.count == 1)
        #expect(Self.read(Array(text.utf8), &generator, pieces: false).version == "5")
    }

    @Test("A list that ends too early is cut, one of another form malformed")
    func cutLists() {
        let whole = Array(Samples.list([Samples.service("a")], version: 3).utf8)
        for count in 0..<whole.count {
            var decoder = ListDecoder(kind: .service, selection: DiscoverySelection())
            #expect(throws: ListDecoder.Failure.cut) {
                try Array(whole[..<count]).withUnsafeBufferPointer { (buffer) throws(ListDecoder.Failure) in
                    try decoder.feed(buffer) { _ in }
                }
                try decoder.finish { _ in }
            }
        }
        var decoder = ListDecoder(kind: .service, selection: DiscoverySelection())
        #expect(throws: ListDecoder.Failure.malformed) {
            try Array("[]".utf8).withUnsafeBufferPointer { (buffer) throws(ListDecoder.Failure) in
                try decoder.feed(buffer) { _ in }
            }
        }
    }

    @Test("Lines come out whole however they were cut")
    func lines() {
        let text = Array("one\n\ntwo\nthree".utf8)
        for size in 1...text.count {
            var cutter = LineCutter()
            var lines: [String] = []
            for start in stride(from: 0, to: text.count, by: size) {
                Array(text[start..<min(start + size, text.count)]).withUnsafeBufferPointer { piece in
                    cutter.feed(piece) { lines.append(String(decoding: $0, as: UTF8.self)) }
                }
            }
            #expect(lines == ["one", "", "two"])
            #expect(cutter.isWithinLine)
        }
    }
}
