import DNS

/// Queries in wire form, one behind the other in memory.
struct Packets {
    private let memory: UnsafeMutableRawBufferPointer
    private let ranges: [Range<Int>]

    /// The memory is kept as long as the process runs.
    init(_ packets: [[UInt8]]) {
        // Names are hashed eight bytes at a time, so a little more is read.
        memory = .allocate(byteCount: packets.reduce(16) { $0 + $1.count }, alignment: 16)
        var ranges: [Range<Int>] = []
        var start = 0
        for packet in packets {
            memory[start..<start + packet.count].copyBytes(from: packet)
            ranges.append(start..<start + packet.count)
            start += packet.count
        }
        self.ranges = ranges
    }

    /// The packet of that number, counted round and round.
    subscript(number: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: memory[ranges[number % ranges.count]])
    }

    /// The queries about many Services.
    static func questions(
        _ type: RecordType, prefix: String = "", edns: EDNS? = nil, recursion: Bool = true
    ) throws -> Packets {
        Packets(
            try (0..<SampleCluster.serviceCount).map { index in
                DNSMessage.query(
                    id: UInt16(index), name: try SampleCluster.name(prefix + SampleCluster.serviceName(index)),
                    type: type, flags: DNSMessage.QueryFlags(isRecursionDesired: recursion), edns: edns)
            })
    }
}
