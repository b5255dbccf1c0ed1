/// Messages of a stream: each has its length in front, two bytes (RFC 1035 §4.2.2).
enum StreamFraming {
    static let lengthBytes = 2
    static let maximumMessage = 65535
    /// The largest message with its length.
    static let maximumFrame = lengthBytes + maximumMessage

    /// The bytes of the message that the stream begins with, its length not counted; nil while not all of it is here.
    @inline(__always)
    static func length(in stream: UnsafeRawBufferPointer) -> Int? {
        guard stream.count >= lengthBytes else { return nil }
        let length = Int(stream[0]) << 8 | Int(stream[1])
        return stream.count >= lengthBytes + length ? length : nil
    }

    /// Writes the length of a message, at most `maximumMessage`, in front of it.
    @inline(__always)
    static func store(length: Int, at frame: UnsafeMutableRawPointer) {
        frame.storeBytes(of: UInt16(truncatingIfNeeded: length).bigEndian, as: UInt16.self)
    }
}
