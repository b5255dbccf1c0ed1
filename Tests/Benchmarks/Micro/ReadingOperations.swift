import AnswerTable
import DNS

/// Reading queries, and finding names.
enum ReadingOperations {
    private static let count = 20_000

    static func all(_ cluster: SampleCluster) throws -> [Operation] {
        [
            reading("query reader", try .questions(.a)),
            reading("query reader, EDNS", try .questions(.a, edns: EDNS(udpPayload: 1232))),
            try probing("table probe", cluster, prefix: ""),
            try probing("table probe, no such name", cluster, prefix: "x"),
        ]
    }

    private static func reading(_ name: String, _ packets: Packets) -> Operation {
        Operation(name, count: count) { count in
            for number in 0..<count {
                var query = Query()
                keep(QueryReader.read(packets[number], into: &query))
                keep(query)
            }
        }
    }

    private static func probing(_ name: String, _ cluster: SampleCluster, prefix: String) throws -> Operation {
        let names = Packets(
            try (0..<SampleCluster.serviceCount).map {
                try SampleCluster.name(prefix + SampleCluster.serviceName($0)).wire
            })
        let reader = cluster.table.makeReader()
        let words = UnsafeMutablePointer<UInt64>.allocate(capacity: NameKey.maximumWords)
        words.initialize(repeating: 0, count: NameKey.maximumWords)
        return Operation(name, count: count) { count in
            reader.enter()
            for number in 0..<count {
                let packet = names[number]
                guard let base = packet.baseAddress else { continue }
                let hash = NameKey.make(base, length: packet.count, seed: reader.seed, into: words)
                keep(reader.entry(words, length: packet.count, hash: hash) != nil)
            }
            reader.leave()
        }
    }
}
