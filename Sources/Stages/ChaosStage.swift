import Corefile
import DNS
import Pipeline

/// `chaos`: answers TXT questions of class CH for the names that ask about the server itself; others of that class
/// are refused (RFC 4892 §2 gives `id.server`; the rest is BIND's habit).
package struct ChaosStage: Stage {
    package var directive: String { ChaosSettings.directive }

    private static let chaos = RecordClass(rawValue: 3)

    private let texts: [DomainName: [String]]

    /// - Parameters:
    ///   - program: name and version where the Corefile has none, as in `Swiftlet-1.0.0`.
    ///   - authors: where the Corefile has none.
    ///   - host: the server's own name.
    package init(_ settings: ChaosSettings, program: String, authors: [String] = ["The Swiftlet authors"]) {
        self.init(settings, program: program, authors: authors, host: HostName.current)
    }

    init(_ settings: ChaosSettings, program: String, authors: [String], host: String) {
        let version = [settings.version ?? program]
        let texts = [
            "version.bind": version, "version.server": version, "hostname.bind": [host], "id.server": [host],
            "authors.bind": settings.authors.isEmpty ? authors : settings.authors,
        ]
        self.texts = Dictionary(
            texts.compactMap { name, texts in DomainName(name).map { ($0, texts) } }, uniquingKeysWith: { $1 })
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        guard query.recordClass == Self.chaos else { return await next.respond(to: query) }
        guard query.type == .txt, let texts = texts[query.name] else {
            var response = Response(.refused)
            response.source = directive
            return response
        }
        var response = Response(.noError)
        response.source = directive
        response.answers = texts.map { Record(owner: query.name, ttl: 0, data: Self.text($0)) }
        return response
    }

    /// A TXT record of one string, cut to the 255 bytes it may have (RFC 1035 §3.3.14).
    private static func text(_ text: String) -> RecordData {
        let bytes = text.utf8.prefix(255)
        return RecordData(type: .txt, bytes: [UInt8(truncatingIfNeeded: bytes.count)] + bytes)
    }
}
