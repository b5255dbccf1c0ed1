/// Memory that an entry is written to before its length is known; grows, and is used again.
///
/// For the table's one writer.
struct EntryBuffer: ~Copyable {
    private(set) var bytes: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    init() {
        capacity = 4096
        bytes = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { bytes.deallocate() }

    mutating func clear() {
        // One great service should not hold its memory for good.
        if capacity > 1 << 20 {
            bytes.deallocate()
            capacity = 4096
            bytes = .allocate(byteCount: capacity, alignment: 16)
        }
        count = 0
    }

    /// Makes room for so many bytes more, and eight that may be read behind them.
    @inline(__always)
    mutating func reserve(_ length: Int) {
        if count &+ length &+ 8 > capacity { grow(length) }
    }

    @inline(never)
    private mutating func grow(_ length: Int) {
        capacity = max(capacity * 2, count + length + 8)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: bytes, byteCount: count)
        bytes.deallocate()
        bytes = larger
    }

    /// Adds zeros and returns where they begin.
    mutating func zeros(_ length: Int) -> Int {
        reserve(length)
        (bytes + count).initializeMemory(as: UInt8.self, repeating: 0, count: length)
        count &+= length
        return count &- length
    }

    /// Adds zeros up to the next multiple of eight.
    mutating func align() { _ = zeros((8 &- count & 7) & 7) }

    /// Adds a number in host order.
    @inline(__always)
    mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        reserve(MemoryLayout<Number>.size)
        bytes.storeBytes(of: number, toByteOffset: count, as: Number.self)
        count &+= MemoryLayout<Number>.size
    }

    @inline(__always)
    mutating func append(_ source: UnsafeRawPointer, _ length: Int) {
        reserve(length)
        (bytes + count).copyMemory(from: source, byteCount: length)
        count &+= length
    }

    /// Puts a number in host order where zeros were.
    @inline(__always)
    func store<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
        bytes.storeBytes(of: number, toByteOffset: offset, as: Number.self)
    }

    /// Adds the fixed part of a record whose owner is a pointer.
    @inline(__always)
    mutating func appendRecord(owner: Int, type: UInt16, ttl: UInt32, length: Int) {
        reserve(12)
        let target = bytes + count
        target.storeBytes(of: UInt16(truncatingIfNeeded: 0xc000 | owner).bigEndian, as: UInt16.self)
        target.storeBytes(of: type.bigEndian, toByteOffset: 2, as: UInt16.self)
        target.storeBytes(of: UInt16(1).bigEndian, toByteOffset: 4, as: UInt16.self)
        target.storeBytes(of: ttl.bigEndian, toByteOffset: 6, as: UInt32.self)
        target.storeBytes(of: UInt16(truncatingIfNeeded: length).bigEndian, toByteOffset: 10, as: UInt16.self)
        count &+= 12
    }

    /// A copy of what has been written; the caller owns it.
    func copy() -> UnsafeMutableRawPointer {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 8)
        memory.copyMemory(from: bytes, byteCount: count)
        return memory
    }
}
