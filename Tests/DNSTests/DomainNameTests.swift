import DNS
import TestSupport
import Testing

/// A name out of its text.
func name(_ text: String) throws -> DomainName { try #require(DomainName(text), "\(text)") }

@Suite("Domain names")
struct DomainNameTests {
    @Test(
        "Texts that are names, as they are written again",
        arguments: [
            (".", "."), ("example", "example."), ("a.example.", "a.example."), ("_http._tcp.Web.", "_http._tcp.Web."),
            ("a\\.b.c", "a\\.b.c."), ("a\\\\b.", "a\\\\b."), ("\\065.", "A."), ("\\000.", "\\000."),
            ("\\255.", "\\255."),
            ("a b.", "a\\032b."), ("*.example.", "*.example."), ("\\*.", "*."), ("é.", "\\195\\169."), ("@.", "\\@."),
            ("$.;.(.).\".", "\\$.\\;.\\(.\\).\\\"."), ("-.", "-."), ("\\\\.", "\\\\."),
        ])
    func text(text: String, written: String) throws {
        #expect(try name(text).description == written)
        #expect(try name(written) == name(text))
    }

    @Test(
        "Texts that are none",
        arguments: [
            "", "..", ".a", "a..b", "a..", "\\", "a\\", "\\2", "\\25", "\\256.", "\\999.", "\\0a0.", "\\25x.",
            String(repeating: "a", count: 64), String(repeating: "a.", count: 128),
            String(repeating: "\\097", count: 64),
            String(repeating: "a", count: 100_000),
        ])
    func others(_ text: String) {
        #expect(DomainName(text) == nil)
    }

    @Test("63 bytes make a label and 255 a name")
    func lengths() throws {
        #expect(try name(String(repeating: "a", count: 63)).wire.count == 65)
        #expect(try name(String(repeating: "a.", count: 127)).wire.count == 255)
        let labels = [String](repeating: "a", count: 127)
        #expect(DomainName(labels: labels)?.labelCount == 127)
        #expect(DomainName(labels: labels + ["a"]) == nil)
        #expect(DomainName(labels: ["a"], under: try #require(DomainName(labels: labels))) == nil)
        #expect(DomainName(labels: [String](), under: .root) == .root)
        #expect(DomainName(labels: ["a", ""]) == nil)
    }

    @Test("Wire forms that are not exactly one name are refused")
    func wire() {
        let bad: [[UInt8]] = [
            [], [1], [1, 97], [0, 0], [1, 97, 0, 0], [64] + [UInt8](repeating: 97, count: 64) + [0], [0xc0, 0],
            [2, 97, 0],
            (0..<128).flatMap { _ in [1, 97] as [UInt8] } + [0],
        ]
        for bytes in bad { #expect(DomainName(wire: bytes) == nil, "\(bytes)") }
        #expect(DomainName(wire: [0]) == .root)
    }

    @Test("Random names survive text and wire; random texts make names that do, or none")
    func roundTrip() throws {
        var generator = SeededGenerator.announced()
        for _ in 0..<5000 {
            let name = Self.random(&generator)
            #expect(DomainName(wire: name.wire) == name)
            #expect(DomainName(name.description)?.wire == name.wire)
            #expect(name.labels.reduce(1) { $0 + 1 + $1.count } == name.wire.count)
            #expect(name.labels.count == name.labelCount)
        }
        let alphabet = Array("a.\\0129-é\0")
        for _ in 0..<20_000 {
            let text = String(
                (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                    alphabet.randomElement(using: &generator) ?? "a"
                })
            guard let name = DomainName(text) else { continue }
            #expect(DomainName(wire: name.wire)?.wire == name.wire, "\(text)")
            #expect(DomainName(name.description)?.wire == name.wire, "\(text)")
        }
    }

    @Test("Case matters to spelling only (RFC 4343)")
    func letterCase() throws {
        let mixed = try name("wWw.Example.ORG.")
        let lower = try name("www.example.org.")
        #expect(mixed == lower)
        #expect(mixed.hashValue == lower.hashValue)
        #expect(mixed.description == "wWw.Example.ORG.")
        #expect(mixed.lowercased.wire == lower.wire)
        #expect(try name("\\193.") != name("\\225."), "only ASCII letters have a case")
        #expect(try name("[.") != name("{.") && name("@.") != name("`."))
    }

    @Test("Random names are the same in any case, and others for any other byte")
    func equality() throws {
        var generator = SeededGenerator.announced()
        for _ in 0..<20_000 {
            let name = Self.random(&generator)
            var wire = name.wire
            // Bytes of labels: from behind a length to the next one.
            let places = name.labels.flatMap { Array($0.indices) }
            for place in places where isLetter(wire[place]) && Bool.random(using: &generator) { wire[place] ^= 0x20 }
            let respelled = try #require(DomainName(wire: wire))
            #expect(respelled == name && respelled.hashValue == name.hashValue)
            #expect(name.parent.map { respelled.isWithin($0) } ?? true)
            guard let place = places.randomElement(using: &generator) else { continue }
            let former = wire[place]
            wire[place] = .random(in: 0...255, using: &generator)
            let other = try #require(DomainName(wire: wire))
            let isSame = wire[place] == former || isLetter(former) && wire[place] == former ^ 0x20
            #expect((other == name) == isSame && other.isWithin(name) == isSame, "\(name) \(other)")
        }
    }

    private func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    @Test("The canonical order of RFC 4034 §6.1")
    func order() throws {
        let sorted = try [
            ".", "example.", "a.example.", "yljkjljk.a.example.", "Z.a.example.", "zABC.a.EXAMPLE.", "z.example.",
            "\\001.z.example.", "*.z.example.", "\\200.z.example.",
        ].map(name)
        for _ in 0..<20 { #expect(sorted.shuffled().sorted().map(\.description) == sorted.map(\.description)) }
        #expect(try !(name("A.b.") < name("a.B.")) && !(name("a.B.") < name("A.b.")))
    }

    @Test("Below another name means at a border of labels")
    func within() throws {
        for (inner, outer) in [("a.b.", "b."), ("b.", "B."), ("x.y.z.", "."), (".", "."), ("c.a.B.", "A.b.")] {
            #expect(try name(inner).isWithin(name(outer)), "\(inner) \(outer)")
        }
        for (inner, outer) in [("ab.", "b."), ("b.", "a.b."), (".", "b."), ("\\001b.", "b."), ("a.c.", "b.")] {
            #expect(try !name(inner).isWithin(name(outer)), "\(inner) \(outer)")
        }
        #expect(Array(try name("a.b.").selfAndAncestors).map(\.description) == ["a.b.", "b.", "."])
        #expect(DomainName.root.parent == nil)
    }

    /// A name of up to four labels of any bytes.
    static func random(_ generator: inout SeededGenerator) -> DomainName {
        var wire: [UInt8] = []
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            let count = Int.random(in: 1...([3, 20, 60].randomElement(using: &generator) ?? 3), using: &generator)
            wire.append(UInt8(count))
            for _ in 0..<count { wire.append(.random(in: 0...255, using: &generator)) }
        }
        return DomainName(wire: wire + [0]) ?? .root
    }
}
