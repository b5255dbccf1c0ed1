import DNS

/// One name's ready-made answers in a single piece of memory that never changes once it is in the table.
///
/// Layout, in bytes, host order: hash (8), length of the name (2), number of types (2), zone (2), contents (2); then
/// 16 for each type, the lower-cased name padded to a multiple of eight, a service's `ServiceBlock`, and the bodies. A
/// body is what follows the question in a response: its compression pointers count on the 12-byte header and on a
/// question of this name.
@frozen
@usableFromInline
package struct Entry {
    @usableFromInline let memory: UnsafeRawPointer

    @inlinable
    init(_ memory: UnsafeRawPointer) { self.memory = memory }

    @usableFromInline static let headerLength = 16
    @usableFromInline static let typeLength = 16

    @inlinable
    package var hash: UInt64 { memory.load(as: UInt64.self) }

    @inlinable
    package var nameLength: Int { Int(memory.load(fromByteOffset: 8, as: UInt16.self)) }

    @inlinable
    package var typeCount: Int { Int(memory.load(fromByteOffset: 10, as: UInt16.self)) }

    /// The index in the directory of the zone that the name belongs to.
    @inlinable
    package var zone: Int { Int(memory.load(fromByteOffset: 12, as: UInt16.self)) }

    /// What an entry holds beside its own answers.
    enum Contents {
        /// A `ServiceBlock`.
        static let block: UInt16 = 1
        /// The names in the block exist.
        static let namesBelow: UInt16 = 2
        /// Only addresses lead to the entry.
        static let unnamed: UInt16 = 4
    }

    var contents: UInt16 { memory.load(fromByteOffset: 14, as: UInt16.self) }

    /// Where the block stands.
    @inlinable
    var blockOffset: Int {
        Entry.headerLength + typeCount &* Entry.typeLength + (nameLength &+ 7) & ~7
    }

    @inlinable
    var words: UnsafePointer<UInt64> {
        (memory + Entry.headerLength + typeCount &* Entry.typeLength).assumingMemoryBound(to: UInt64.self)
    }

    /// Whether this is the entry of the name made by `NameKey`.
    @inlinable
    func matches(_ other: UnsafePointer<UInt64>, length: Int, hash: UInt64) -> Bool {
        guard self.hash == hash, nameLength == length else { return false }
        let words = self.words
        var index = 0
        while index << 3 < length {
            if words[index] != other[index] { return false }
            index &+= 1
        }
        return true
    }

    /// The answer to one type; nil where the name has none (NODATA).
    @inlinable
    package func body(for type: RecordType) -> Body? {
        var slot = memory + Entry.headerLength
        var left = typeCount
        while left > 0 {
            if slot.load(as: UInt16.self) == type.rawValue { return Body(entry: memory, slot: slot) }
            slot += Entry.typeLength
            left &-= 1
        }
        return nil
    }
}

/// The records of one answer, ready to follow the question.
///
/// A slot of an entry holds: type (2), flags (2), answers (2), additionals (2), offset from the entry (4), length (4).
@frozen
@usableFromInline
package struct Body {
    // Within the entry's memory, which lives as long as the reader that looked it up has not left.
    @usableFromInline let entry: UnsafeRawPointer
    @usableFromInline let slot: UnsafeRawPointer

    @inlinable
    init(entry: UnsafeRawPointer, slot: UnsafeRawPointer) {
        self.entry = entry
        self.slot = slot
    }

    /// Facts about an answer that the one who sends it acts upon.
    @frozen
    @usableFromInline
    package struct Flags: OptionSet, Sendable {
        @usableFromInline package let rawValue: UInt16

        @inlinable
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        /// The answers are records of one length that may be sent in any order (addresses).
        @inlinable package static var rotates: Flags { Flags(rawValue: 1) }
        /// An alias, to be followed for the type asked: the body holds its CNAME.
        @inlinable package static var alias: Flags { Flags(rawValue: 2) }
        /// More records belong here than the largest message holds.
        @inlinable package static var cut: Flags { Flags(rawValue: 4) }
    }

    @inlinable package var flags: Flags { Flags(rawValue: slot.load(fromByteOffset: 2, as: UInt16.self)) }
    @inlinable package var answers: UInt16 { slot.load(fromByteOffset: 4, as: UInt16.self) }
    @inlinable package var additionals: UInt16 { slot.load(fromByteOffset: 6, as: UInt16.self) }
    @inlinable package var bytes: UnsafeRawPointer { entry + Int(slot.load(fromByteOffset: 8, as: UInt32.self)) }
    @inlinable package var length: Int { Int(slot.load(fromByteOffset: 12, as: UInt32.self)) }
}

extension Entry {
    /// The bytes that an entry without a block takes.
    static func size(nameLength: Int, answers: [PreparedAnswer]) -> Int {
        headerLength + answers.count * typeLength + (nameLength + 7) / 8 * 8
            + answers.reduce(0) { $0 + $1.body.count }
    }

    /// Makes the memory of an entry; the caller owns it.
    static func make(
        words: UnsafePointer<UInt64>, length: Int, hash: UInt64, zone: Int, answers: [PreparedAnswer]
    ) -> UnsafeMutableRawPointer {
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: size(nameLength: length, answers: answers), alignment: 8)
        write(to: memory, words: words, length: length, hash: hash, zone: zone, answers: answers)
        return memory
    }

    /// Writes an entry without a block to memory of its `size`.
    static func write(
        to memory: UnsafeMutableRawPointer, words: UnsafePointer<UInt64>, length: Int, hash: UInt64, zone: Int,
        answers: [PreparedAnswer]
    ) {
        writeHeader(
            to: memory, words: words, length: length, hash: hash, zone: zone, types: answers.count, contents: 0)
        var offset = headerLength + answers.count * typeLength + (length + 7) / 8 * 8
        for (index, answer) in answers.enumerated() {
            writeType(
                to: memory, index, type: answer.type, flags: answer.flags, answers: answer.answers,
                additionals: answer.additionals, offset: offset, length: answer.body.count)
            answer.body.withUnsafeBytes { body in
                guard let base = body.baseAddress else { return }
                (memory + offset).copyMemory(from: base, byteCount: body.count)
            }
            offset += answer.body.count
        }
    }

    /// Writes all but the types, the bodies and what else the entry holds.
    static func writeHeader(
        to memory: UnsafeMutableRawPointer, words: UnsafePointer<UInt64>, length: Int, hash: UInt64, zone: Int,
        types: Int, contents: UInt16
    ) {
        memory.storeBytes(of: hash, as: UInt64.self)
        memory.storeBytes(of: UInt16(truncatingIfNeeded: length), toByteOffset: 8, as: UInt16.self)
        memory.storeBytes(of: UInt16(truncatingIfNeeded: types), toByteOffset: 10, as: UInt16.self)
        memory.storeBytes(of: UInt16(truncatingIfNeeded: zone), toByteOffset: 12, as: UInt16.self)
        memory.storeBytes(of: contents, toByteOffset: 14, as: UInt16.self)
        (memory + (headerLength &+ types &* typeLength)).copyMemory(from: words, byteCount: (length &+ 7) & ~7)
    }

    /// Writes what the entry says of the type with this index.
    static func writeType(
        to memory: UnsafeMutableRawPointer, _ index: Int, type: RecordType, flags: Body.Flags, answers: UInt16,
        additionals: UInt16, offset: Int, length: Int
    ) {
        let slot = memory + (headerLength &+ index &* typeLength)
        slot.storeBytes(of: type.rawValue, as: UInt16.self)
        slot.storeBytes(of: flags.rawValue, toByteOffset: 2, as: UInt16.self)
        slot.storeBytes(of: answers, toByteOffset: 4, as: UInt16.self)
        slot.storeBytes(of: additionals, toByteOffset: 6, as: UInt16.self)
        slot.storeBytes(of: UInt32(truncatingIfNeeded: offset), toByteOffset: 8, as: UInt32.self)
        slot.storeBytes(of: UInt32(truncatingIfNeeded: length), toByteOffset: 12, as: UInt32.self)
    }
}
