import DNS
import Pipeline
import Registry

/// A passage in plain memory, so that asking it counts no references.
///
/// `@unchecked Sendable`: the memory is written by `init` only and lives as long as this object.
package final class PassageConditions: @unchecked Sendable {
    /// What the hot path reads; valid while the conditions are there.
    struct View {
        fileprivate(set) var kinds = ReadyPassage.Kinds.all
        // The same, as the hot path asks for them.
        fileprivate(set) var passesSuccess = true
        fileprivate(set) var passesDenial = true
        fileprivate(set) var passesFailure = true
        /// Whether `holds` need be asked at all.
        fileprivate(set) var isConditional = false
        /// Whether answers that go past are counted by somebody beside the listener.
        fileprivate(set) var isCounted = false
        /// The kinds of answers that a log wants to be told of.
        fileprivate(set) var logged: ReadyPassage.Kinds = []
        fileprivate(set) var isLogging = false
        /// The most bytes of a datagram that a stage lets through.
        fileprivate(set) var udpLimit = Int.max
        fileprivate var types: UnsafeBufferPointer<UInt16>
        fileprivate var options: UnsafeBufferPointer<UInt16>
        fileprivate var clients: UnsafeBufferPointer<AddressRanges.View>
        fileprivate var tests: UnsafeBufferPointer<Test>
        /// The longest text a name has, its first dot included.
        private static let textLength = 256

        /// Whether the stages must see a question.
        ///
        /// - Parameters:
        ///   - words: the name as `NameKey.make` writes it.
        ///   - client: asked for only where it matters.
        @inline(never)
        func holds(_ query: Query, _ words: UnsafePointer<UInt64>, client: () -> IPAddress) -> Bool {
            if types.contains(query.type.rawValue) { return true }
            if !clients.isEmpty {
                let client = client()
                for ranges in clients where !ranges.contains(client) { return true }
            }
            return !tests.isEmpty && holds(UnsafeRawBufferPointer(start: words, count: query.nameLength))
        }

        /// Whether a query has an option that the stages must see; `packet` has been read by `QueryReader`.
        func holdsOption(of query: Query, in packet: UnsafeRawBufferPointer) -> Bool {
            guard !options.isEmpty else { return false }
            return ReplyOptions.contains(of: query, in: packet) { options.contains($0) }
        }

        /// - Parameter name: the lower-cased wire form.
        private func holds(_ name: UnsafeRawBufferPointer) -> Bool {
            withUnsafeTemporaryAllocation(byteCount: Self.textLength, alignment: 1) { memory in
                var start = 0
                for index in 0..<name.count {
                    var byte = name[index]
                    if index == start {
                        start += 1 + Int(byte)
                        byte = UInt8(ascii: ".")
                    } else if !Self.isPlain(byte) {
                        // Presentation forms escape it; such names are rare.
                        return true
                    }
                    memory[index] = byte
                }
                // `.` alone for the root, else a dot in front of every label and one at the end.
                let dotted = UnsafeRawBufferPointer(rebasing: memory[..<name.count])
                let text = name.count > 1 ? UnsafeRawBufferPointer(rebasing: dotted[1...]) : dotted
                return tests.contains { $0.fits(dotted: dotted, text: text) }
            }
        }

        private static func isPlain(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x61...0x7a, 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "*"): true
            default: false
            }
        }
    }

    /// One `ReadyPassage.NameTest`.
    fileprivate struct Test {
        enum Kind { case exact, prefix, suffix, substring, within, other }

        let kind: Kind
        let wanted: UnsafeRawBufferPointer
        let other: (@Sendable ([UInt8]) -> Bool)?

        func fits(dotted: UnsafeRawBufferPointer, text: UnsafeRawBufferPointer) -> Bool {
            switch kind {
            case .exact: text.count == wanted.count && stands(in: text, at: 0)
            case .prefix: stands(in: text, at: 0)
            case .suffix: stands(in: text, at: text.count - wanted.count)
            case .substring:
                text.count >= wanted.count && (0...(text.count - wanted.count)).contains { stands(in: text, at: $0) }
            case .within: stands(in: dotted, at: dotted.count - wanted.count)
            case .other: other?(Array(text)) ?? true
            }
        }

        private func stands(in text: UnsafeRawBufferPointer, at offset: Int) -> Bool {
            guard offset >= 0, offset + wanted.count <= text.count else { return false }
            for index in 0..<wanted.count where text[offset + index] != wanted[index] { return false }
            return true
        }
    }

    let view: View
    private let clients: [AddressRanges]
    private let counts: [ReadyPassage.Count]
    private let logs: [any ReadyLog]

    package init(_ passage: ReadyPassage) {
        clients = passage.clients
        counts = passage.counts
        logs = passage.logs
        var view = View(
            types: Self.copy(passage.heldTypes.map(\.rawValue)),
            options: Self.copy(passage.heldOptions.map(\.rawValue)),
            clients: Self.copy(passage.clients.map(\.view)), tests: Self.copy(passage.heldNames.map(Self.test)))
        view.kinds = passage.kinds
        view.passesSuccess = passage.kinds.contains(.success)
        view.passesDenial = passage.kinds.contains(.denial)
        view.passesFailure = passage.kinds.contains(.failure)
        view.isConditional = !view.types.isEmpty || !view.clients.isEmpty || !view.tests.isEmpty
        view.isCounted = !counts.isEmpty
        view.logged = logs.reduce(into: []) { $0.formUnion($1.kinds) }
        view.isLogging = !view.logged.isEmpty
        view.udpLimit = passage.udpLimit.map { max(512, $0) } ?? .max
        self.view = view
    }

    deinit {
        for test in view.tests { test.wanted.deallocate() }
        view.types.deallocate()
        view.options.deallocate()
        UnsafeMutableBufferPointer(mutating: view.clients).deinitialize().deallocate()
        UnsafeMutableBufferPointer(mutating: view.tests).deinitialize().deallocate()
    }

    /// Tells of answers that went past.
    func count(_ number: UInt64, server: String) {
        for count in counts { count(server, number) }
    }

    /// Writers for one thread to all logs, with the kinds that each takes.
    func makeLogWriters() -> [LogWriter] { logs.map { LogWriter(kinds: $0.kinds, writer: $0.makeWriter()) } }

    struct LogWriter {
        let kinds: ReadyPassage.Kinds
        let writer: any ReadyLogWriter
    }

    private static func copy<Element>(_ elements: [Element]) -> UnsafeBufferPointer<Element> {
        let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
        _ = memory.initialize(from: elements)
        return UnsafeBufferPointer(memory)
    }

    private static func test(_ test: ReadyPassage.NameTest) -> Test {
        func made(
            _ kind: Test.Kind, _ bytes: [UInt8], other: (@Sendable ([UInt8]) -> Bool)? = nil
        ) -> Test {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
            memory.copyBytes(from: bytes)
            return Test(kind: kind, wanted: UnsafeRawBufferPointer(memory), other: other)
        }
        switch test {
        case .exact(let text): return made(.exact, text)
        case .prefix(let text): return made(.prefix, text)
        case .suffix(let text): return made(.suffix, text)
        case .substring(let text): return made(.substring, text)
        case .other(let test): return made(.other, [], other: test)
        case .within(let zone):
            // Each label behind a dot, and a dot at the end, as names are written for the comparison.
            let dots = zone.lowercased.labels.flatMap { [UInt8(ascii: ".")] + $0 } + [UInt8(ascii: ".")]
            return made(.within, dots)
        }
    }
}
