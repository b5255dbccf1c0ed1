import DNS
import Foundation
import Testing

@testable import AnswerTable

@Suite("The answer table")
struct AnswerTableTests {
    @Test("Names are set, replaced and removed")
    func changes() throws {
        let table = AnswerTable()
        let reader = table.makeReader()
        let name = try name("web.example.")
        #expect(reader.addresses(name) == nil)
        table.set(name, [192, 0, 2, 1])
        #expect(reader.addresses(name) == [[192, 0, 2, 1]])
        table.set(name, [192, 0, 2, 2])
        #expect(reader.addresses(name) == [[192, 0, 2, 2]])
        table.update { $0.set(name, zone: 0, answers: []) }
        #expect(reader.addresses(name) == [], "exists without data")
        table.update { $0.remove(name) }
        #expect(reader.addresses(name) == nil)
        table.update { $0.remove(name) }
        #expect(table.count == 0)
    }

    @Test("100,000 names grow a small table; all others stay unknown")
    func growth() throws {
        let table = AnswerTable(capacity: 1)
        let reader = table.makeReader()
        let names = try (0..<100_000).map { try #require(DomainName(labels: ["n\($0)", "example"])) }
        table.update { update in
            for (index, name) in names.enumerated() {
                let record = Record.address(name, Self.bytes(index))
                update.set(name, zone: 0, answers: [PreparedAnswer(to: name, type: .a, answers: [record])])
            }
        }
        #expect(table.count == 100_000)
        for (index, name) in names.enumerated() where reader.addresses(name) != [Self.bytes(index)] {
            Issue.record("\(name)")
        }
        for index in 0..<1000 {
            #expect(reader.addresses(try #require(DomainName(labels: ["m\(index)", "example"]))) == nil)
        }
        table.update { update in
            for (index, name) in names.enumerated() where index % 2 == 0 { update.remove(name) }
        }
        #expect(table.count == 50_000)
        for (index, name) in names.enumerated()
        where reader.addresses(name) != (index % 2 == 0 ? nil : [Self.bytes(index)]) {
            Issue.record("\(name) after removal")
        }
    }

    @Test("A few names that come and go for long leave room behind")
    func tombstones() throws {
        let table = AnswerTable(capacity: 16)
        let reader = table.makeReader()
        let stays = try name("stays.example.")
        table.set(stays, [192, 0, 2, 1])
        for index in 0..<20_000 {
            let name = try #require(DomainName(labels: ["n\(index % 5000)", "example"]))
            table.set(name, Self.bytes(index))
            if reader.addresses(name) != [Self.bytes(index)] { Issue.record("\(name)") }
            table.update { $0.remove(name) }
            if reader.addresses(name) != nil { Issue.record("\(name) is still there") }
        }
        #expect(table.count == 1)
        #expect(reader.addresses(stays) == [[192, 0, 2, 1]])
    }

    @Test("Case does not matter, in any byte of a name of any length (RFC 4343)", arguments: 1...255)
    func lengths(_ length: Int) throws {
        guard length != 2 else { return }
        let table = AnswerTable()
        let reader = table.makeReader()
        let name = try #require(Self.longName(length, of: "q"))
        table.set(name, [192, 0, 2, 1])
        #expect(reader.addresses(name) == [[192, 0, 2, 1]])
        #expect(reader.addresses(try #require(Self.longName(length, of: "Q"))) == [[192, 0, 2, 1]])
        guard length > 2 else { return }
        #expect(reader.addresses(try #require(Self.longName(length, of: "r"))) == nil)
        var other = name.wire
        other[length - 2] = UInt8(ascii: "Q") ^ 0x80
        #expect(reader.addresses(try #require(DomainName(wire: other))) == nil)
    }

    @Test("Eight bytes are lower-cased as one by one")
    func lowercasing() {
        for byte in UInt8.min ... .max {
            for position in 0..<8 {
                let shift = UInt64(8 * position)
                let word = UInt64(byte) << shift | 0x405b_607b_005a_4161 & ~(0xff << shift)
                let expected = withUnsafeBytes(of: word) { $0.map(DomainName.lowercased) }
                #expect(withUnsafeBytes(of: NameKey.lowercased(word)) { Array($0) } == expected)
            }
        }
    }

    @Test("The zone with the longest apex counts, at borders of labels only")
    func longestMatch() throws {
        let table = AnswerTable()
        let reader = table.makeReader()
        #expect(reader.longestMatch(try name("example.")) == -1)
        let apexes = ["example.", "b.Example.", "c.b.example.", "other."]
        table.update { update in update.setZones(apexes.compactMap { DomainName($0) }.map { .test($0) }) }
        let expected = [
            "example.": 0, "x.example.": 0, "B.EXAMPLE.": 1, "x.b.example.": 1, "xb.example.": 0, "x.c.b.example.": 2,
            "xexample.": -1, ".": -1, "other.": 3, "another.": -1, "b.": -1,
            // The byte before the apex looks like a label's length.
            "\\007example.": -1,
        ]
        for (text, index) in expected { #expect(reader.longestMatch(try name(text)) == index, "\(text)") }
        #expect(reader.directory.isNested)
        table.update { $0.setZones([.test(.root)]) }
        #expect(reader.longestMatch(try name("any.where.")) == 0)
        #expect(reader.longestMatch(.root) == 0)
        #expect(!reader.directory.isNested)
        let serial = reader.directory.serial
        let middle = try name("example.")
        var (above, below) = (ServedZone.test(.root), ServedZone.test(try name("a.example.")))
        above.content = .pipeline
        table.update { $0.setZones([above, .test(middle)]) }
        #expect(!reader.directory.isNested, "a zone above the table's costs nothing")
        below.content = .pipeline
        table.update { $0.setZones([above, .test(middle), below]) }
        #expect(reader.directory.isNested)
        #expect(reader.directory.serial != serial)
        #expect(reader.directory.apex(2) == below.apex)
    }

    @Test("Memory of replaced answers is given back")
    func memory() throws {
        let table = AnswerTable()
        let reader = table.makeReader()
        let name = try name("big.example.")
        let records = (0..<3000).map { Record.address(name, Self.bytes($0)) }
        let answer = PreparedAnswer(to: name, type: .a, answers: records)
        let before = try Self.residentPages()
        for _ in 0..<10_000 {
            table.update { $0.set(name, zone: 0, answers: [answer]) }
            reader.enter()
            reader.leave()
        }
        // 480 MB went through; other tests run beside this one.
        #expect(try Self.residentPages() - before < 200_000_000 / 4096)
    }

    /// The pages of memory that this process has.
    private static func residentPages() throws -> Int {
        let numbers = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return try #require(numbers.count > 1 ? Int(numbers[1]) : nil)
    }

    static func bytes(_ number: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: number).bigEndian) { Array($0) }
    }

    /// A name of a wire length; nil for 0 and 2, which no name has.
    static func longName(_ length: Int, of letter: Character) -> DomainName? {
        var labels: [String] = []
        var left = length - 1
        while left > 0 {
            // A label of 62 where 63 would leave one byte, too few for another.
            let size = left == 65 ? 62 : min(63, left - 1)
            labels.append(String(repeating: letter, count: size))
            left -= size + 1
        }
        return DomainName(labels: labels)
    }
}
