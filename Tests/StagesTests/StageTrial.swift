import Corefile
import DNS
import LDNS
import Pipeline
import Registry
import Synchronization
import Testing

@testable import Stages

/// A stage, what stands behind it, and questions to it.
struct StageTrial {
    var stage: any Stage
    /// What the next stage says; SERVFAIL as without one where it is nil.
    var next: (@Sendable (PipelineQuery) -> Response)?
    var lookups: any Lookups = ScriptedLookups { _ in Response(.refused) }

    /// Asks `www.example.org. A`.
    func ask(_ question: String, _ change: (inout PipelineQuery) -> Void = { _ in }) async throws -> Response {
        var query = try PipelineQuery.trial(question, lookups: lookups)
        change(&query)
        let rest = next.map { [ScriptedStage(answer: $0) as any Stage] } ?? []
        return await Chain([stage] + rest).respond(to: query)
    }

    /// The settings of a directive in a block for `zone`.
    static func settings<Settings: DirectiveSettings>(
        _ type: Settings.Type, _ text: String, zone: String = "."
    ) throws -> Settings {
        let corefile = try CorefileParser.corefile(Array("\(zone) {\n\(text)\n}\n".utf8), file: "Corefile")
        let block = try #require(corefile.blocks.first)
        return try #require(try block.settings(type))
    }
}

/// A stage that answers as told.
struct ScriptedStage: Stage {
    var directive: String { "scripted" }
    let answer: @Sendable (PipelineQuery) -> Response

    nonisolated(nonsending) func respond(to query: PipelineQuery, next: Chain) async -> Response { answer(query) }
}

/// The server itself, as told.
struct ScriptedLookups: Lookups {
    let answer: @Sendable (PipelineQuery) -> Response

    nonisolated(nonsending) func respond(to query: PipelineQuery) async -> Response { answer(query) }
}

/// Lines of the log, kept.
final class LogLines: LogSink {
    private let state = Mutex<[String]>([])

    var lines: [String] { state.withLock { $0 } }

    func write(_ line: String) { state.withLock { $0.append(line) } }
}

extension PipelineQuery {
    /// A question in words, from 10.0.0.1.
    static func trial(_ question: String, lookups: any Lookups) throws -> PipelineQuery {
        let words = question.split(separator: " ")
        return PipelineQuery(
            name: try #require(DomainName(words[0])), type: try #require(Mnemonic.type(String(words[1]))),
            client: Peer(.v4(0x0a00_0001), port: 40212), server: Peer(.v4(0x0a00_00fe), port: 53), transport: .udp,
            received: .now, lookups: lookups)
    }
}

extension Response {
    /// An answer of records in presentation form, authorities behind `?`, additional ones behind `+`.
    static func trial(_ code: ResponseCode = .noError, _ lines: String...) throws -> Response {
        var response = Response(code, isAuthoritative: true)
        for line in lines {
            let record = try RecordText.record(line.trimmingPrefix { "?+ ".contains($0) }.description)
            switch line.first {
            case "?": response.authorities.append(record)
            case "+": response.additionals.append(record)
            default: response.answers.append(record)
            }
        }
        return response
    }

    /// The code and the records, as `trial` takes them.
    var lines: [String] {
        [code.description] + answers.map(RecordText.text) + authorities.map { "? " + RecordText.text($0) }
            + additionals.map { "+ " + RecordText.text($0) }
    }
}

extension Stage {
    /// Whether every answer of a zone goes past this stage, and none is counted here.
    func passesReadyAnswers(of zone: DomainName) -> Bool { readyPassage(of: zone)?.isFree ?? false }

    var passesReadyAnswers: Bool { passesReadyAnswers(of: .root) }
}
