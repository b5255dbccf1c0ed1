import DNS
import Testing

@testable import AnswerTable

@Suite("Where look-ups will read")
struct LookAheadTests {
    private static func withKey<Value>(
        _ text: String, _ reader: AnswerReader, _ body: (UnsafeMutablePointer<UInt64>, Int, UInt64) throws -> Value
    ) throws -> Value {
        let name = try name(text)
        return try withUnsafeTemporaryAllocation(of: UInt64.self, capacity: NameKey.maximumWords + 1) { words in
            let key = try #require(words.baseAddress)
            let hash = NameKey.make(name, seed: reader.seed, into: key)
            return try body(key, name.wire.count, hash)
        }
    }

    @Test("The place of an entry is that of the entry found, whatever the case; what has none has no place")
    func places() throws {
        let table = AnswerTable(capacity: 1)
        let reader = table.makeReader()
        for index in 0..<5000 { table.set(try name("n\(index).example."), [192, 0, 2, 1]) }
        reader.enter()
        defer { reader.leave() }
        for index in 0..<5000 {
            try Self.withKey("N\(index).Example.", reader) { words, length, hash in
                let found = try #require(reader.entry(words, length: length, hash: hash))
                #expect(reader.view.hashOfEntry(words, length: length, hash: hash) == hash)
                #expect(reader.view.entryPlace(of: hash) == found.memory)
                #expect(reader.view.slotPlace(of: hash) != nil)
            }
        }
        try Self.withKey("m.example.", reader) { _, _, hash in #expect(reader.view.entryPlace(of: hash) == nil) }
    }

    @Test(
        "The names of ports lead to the service, other names to themselves",
        arguments: [
            ("_http._tcp.web.example.", "web.example."), ("_HTTP._TCP.web.example.", "web.example."),
            ("_http.tcp.web.example.", "_http.tcp.web.example."), ("_http.web.example.", "_http.web.example."),
            ("http._tcp.example.", "http._tcp.example."), ("_a._b.", "."), ("_a.", "_a."), (".", "."),
        ])
    func services(name: String, owner: String) throws {
        let reader = AnswerTable().makeReader()
        let expected = try Self.withKey(owner, reader) { _, _, hash in hash }
        try Self.withKey(name, reader) { words, length, hash in
            #expect(reader.view.hashOfEntry(words, length: length, hash: hash) == expected)
        }
    }

    @Test("A table is large when it has thousands of names")
    func size() throws {
        let table = AnswerTable(capacity: 1)
        let reader = table.makeReader()
        #expect(!reader.view.isLarge)
        table.update { update in
            for index in 0..<10_000 {
                guard let name = DomainName(labels: ["n\(index)", "example"]) else { continue }
                update.set(name, zone: 0, answers: [])
            }
        }
        #expect(reader.view.isLarge)
    }
}
