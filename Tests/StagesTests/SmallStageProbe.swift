import Corefile
import DNS
import Pipeline
import Registry

/// Asks one stage, with a next one that answers as it is told.
enum SmallStageProbe {
    /// The end of a chain: answers with what it was given.
    struct End: Stage {
        var response = Response(.refused)
        var directive: String { "end" }

        nonisolated(nonsending) func respond(to query: PipelineQuery, next: Chain) async -> Response { response }
    }

    struct NoLookups: Lookups {
        nonisolated(nonsending) func respond(to query: PipelineQuery) async -> Response { Response(.refused) }
    }

    static func name(_ text: String) -> DomainName { DomainName(text) ?? .root }

    static func query(
        _ name: String, _ type: RecordType, client: IPAddress = .v4(0x0af4_0014), transport: Transport = .udp
    ) -> PipelineQuery {
        PipelineQuery(
            name: self.name(name), type: type, client: .init(client, port: 40212),
            server: .init(.v4(0x0a60_000a), port: 53), transport: transport, received: .now, lookups: NoLookups())
    }

    static func ask(_ stage: any Stage, _ query: PipelineQuery, then next: any Stage = End()) async -> Response {
        await stage.respond(to: query, next: Chain([next]))
    }

    /// The settings of a directive written on one line.
    static func settings<Settings: DirectiveSettings>(_ type: Settings.Type, _ line: String) throws -> Settings {
        let corefile = try CorefileParser.corefile(Array(". {\n\(line)\n}\n".utf8), file: "Corefile")
        guard let settings = try corefile.blocks.first?.settings(type) else { throw Missing() }
        return settings
    }

    struct Missing: Error {}
}
