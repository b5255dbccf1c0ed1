import AnswerTable
import DNS

/// Answers made ready, and names made short.
enum WritingOperations {
    static func all() throws -> [Operation] {
        let apex = try SampleCluster.name("svc.cluster.local.")
        let owner = try SampleCluster.name("_http._tcp." + HeadlessService.name)
        let addressed = try SampleCluster.name(HeadlessService.name)
        let targets = try (0..<20).map { try SampleCluster.name("pod-\($0).\(HeadlessService.name)") }
        let pointers = try (0..<20).map {
            Record(owner: owner, ttl: 5, data: .ptr(try SampleCluster.name("a.pod-\($0).other.\(apex)")))
        }
        let services = targets.map {
            Record(owner: owner, ttl: 5, data: .srv(priority: 0, weight: 5, port: 80, target: $0))
        }
        let addresses = targets.map { Record(owner: $0, ttl: 5, data: .address([10, 0, 0, 1])) }
        let plain = (0..<20).map { Record(owner: addressed, ttl: 5, data: .address([10, 0, 0, $0])) }
        return [
            Operation("compression writer: 20 PTR", count: 500) { count in
                for _ in 0..<count {
                    var writer = MessageWriter(for: owner)
                    for record in pointers { keep(writer.append(record)) }
                    keep(writer.bytes.count)
                }
            },
            Operation("ready answer: 20 SRV and their addresses", count: 500) { count in
                for _ in 0..<count {
                    keep(PreparedAnswer(to: owner, type: .srv, answers: services, additionals: addresses))
                }
            },
            Operation("ready answer: 20 A", count: 2000) { count in
                for _ in 0..<count { keep(PreparedAnswer(to: addressed, type: .a, answers: plain)) }
            },
        ]
    }
}
