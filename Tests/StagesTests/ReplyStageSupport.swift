import Corefile
import DNS
import Pipeline
import Registry
import Synchronization
import Testing

/// The stage behind: answers by a function of the question, and remembers what it was asked.
final class AnsweringStage: Stage {
    let directive = "file"
    private let answer: @Sendable (PipelineQuery) -> Response
    private let asked = Mutex<[PipelineQuery]>([])

    init(_ answer: @escaping @Sendable (PipelineQuery) -> Response) {
        self.answer = answer
    }

    var queries: [PipelineQuery] { asked.withLock { $0 } }

    nonisolated(nonsending) func respond(to query: PipelineQuery, next: Chain) async -> Response {
        asked.withLock { $0.append(query) }
        return answer(query)
    }
}

private struct Unreachable: Lookups {
    nonisolated(nonsending) func respond(to query: PipelineQuery) async -> Response {
        .failed("", "nobody is asked here")
    }
}

func replyQuery(_ name: String, _ type: RecordType = .a, from client: String = "10.0.0.1") throws -> PipelineQuery {
    var query = PipelineQuery(
        name: try #require(DomainName(name)), type: type,
        client: .init(try #require(IPAddress(client)), port: 5353), server: .init(.v4(1), port: 53), transport: .udp,
        received: .now, lookups: Unreachable())
    query.serverLabel = "dns://:53"
    return query
}

/// Settings as a file has them.
func replySettings<Settings: DirectiveSettings>(_ text: String, _ type: Settings.Type) throws -> Settings {
    let bytes = Array(". {\n\(text)\n}\n".utf8)
    let block = try #require(try CorefileParser.corefile(bytes, file: "Corefile").blocks.first)
    return try #require(try block.settings(type))
}

/// Records in a short form.
enum Brief {
    static func address(_ owner: String, _ address: String, ttl: UInt32 = 60) -> Record {
        record(owner, .address(IPAddress(address)?.bytes ?? []), ttl)
    }

    static func cname(_ owner: String, _ target: String, ttl: UInt32 = 60) -> Record {
        record(owner, .cname(DomainName(target) ?? .root), ttl)
    }

    static func mx(_ owner: String, _ target: String) -> Record {
        record(owner, RecordData(type: .mx, bytes: [0, 10] + (DomainName(target) ?? .root).wire), 60)
    }

    static func srv(_ owner: String, _ target: String) -> Record {
        record(owner, .srv(priority: 0, weight: 1, port: 80, target: DomainName(target) ?? .root), 60)
    }

    static func soa(ttl: UInt32) -> Record {
        let soa = StartOfAuthority(
            primary: .root, mailbox: .root, serial: 1, refresh: 1, retry: 1, expire: 1, minimum: ttl)
        return record(".", soa.data, ttl)
    }

    private static func record(_ owner: String, _ data: RecordData, _ ttl: UInt32) -> Record {
        Record(owner: DomainName(owner) ?? .root, ttl: ttl, data: data)
    }
}
