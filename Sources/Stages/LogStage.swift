import Corefile
import DNS
import Pipeline
import Registry

/// `log`: a line for each query, in CoreDNS's form: `[INFO] 10.0.0.1:40212 - 1234 "A IN …" NOERROR qr,aa,rd 106 0.0001s`.
package struct LogStage: Stage {
    package var directive: String { LogSettings.directive }

    /// All answers, where their lines are of the usual form; else those of the kinds that are not logged.
    package func readyPassage(of zone: DomainName) -> ReadyPassage? {
        var passage = ReadyPassage()
        if let rule = rules.first, rules.count == 1, rule.zone.isRoot, rule.format == LogFormat(LogFormat.common) {
            let kinds = rule.classes.reduce(into: ReadyPassage.Kinds()) { $0.formUnion(Self.kinds($1)) }
            passage.logs = [ReadyLogLines(kinds: kinds, sink: sink)]
            return passage
        }
        for rule in rules {
            if zone.isWithin(rule.zone) {
                for logged in rule.classes { passage.kinds.subtract(Self.kinds(logged)) }
            } else if rule.zone.isWithin(zone) {
                passage.heldNames.append(.within(rule.zone))
            }
        }
        return passage.kinds.isEmpty ? nil : passage
    }

    private static func kinds(_ logged: LogSettings.Class) -> ReadyPassage.Kinds {
        switch logged {
        case .success: .success
        case .denial: .denial
        case .error: .failure
        case .all: .all
        }
    }

    private let rules: [LogSettings.Rule]
    private let sink: any LogSink
    private let now: @Sendable () -> ContinuousClock.Instant

    /// - Parameter now: the clock that `received` of queries was read from.
    package init(
        _ settings: LogSettings, sink: any LogSink,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        rules = settings.rules
        self.sink = sink
        self.now = now
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        let response = await next.respond(to: query)
        guard let rule = rules.first(where: { query.name.isWithin($0.zone) }),
            rule.classes.contains(.all) || rule.classes.contains(Self.class(of: response))
        else { return response }
        let line = LogLine(query: query, response: response, duration: query.received.duration(to: now()))
        sink.write("[INFO] " + line.text(rule.format))
        return response
    }

    /// What kind of answer one is, as CoreDNS sorts them: a denial has an SOA record.
    static func `class`(of response: Response) -> LogSettings.Class {
        guard !response.isSilent else { return .error }
        let hasSOA = response.authorities.contains { $0.type == .soa }
        switch response.code {
        case .noError: return response.answers.isEmpty && hasSOA ? .denial : .success
        case .nxDomain: return hasSOA ? .denial : .error
        default: return .error
        }
    }
}

/// One line of the query log.
struct LogLine {
    let query: PipelineQuery
    let response: Response
    let duration: Duration

    func text(_ format: LogFormat) -> String {
        format.pieces.reduce(into: "") { line, piece in
            switch piece {
            case .text(let text): line += text
            case .field(let field):
                let value = value(field)
                line += value.isEmpty ? "-" : value
            case .metadata(let key):
                let value = LogText.line(query.metadata[key] ?? "")
                line += value.isEmpty ? "-" : value
            }
        }
    }

    private func value(_ field: LogFormat.Field) -> String {
        switch field {
        case .type: Mnemonic.name(of: query.type)
        case .name: LogText.name(query.name)
        case .recordClass: Mnemonic.name(of: query.recordClass)
        case .transport: query.transport == .udp ? "udp" : "tcp"
        case .size: "\(query.size)"
        case .client: Self.text(query.client)
        case .clientPort: "\(query.client.port)"
        case .server: Self.text(query.server)
        case .code: response.isSilent ? "" : response.code.description
        case .answerSize: "\(answerSize)"
        case .duration: seconds
        case .id: "\(query.id)"
        case .opcode: "\(query.opcode.rawValue)"
        case .isDNSSECOK: query.isDNSSECOK ? "true" : "false"
        case .udpPayload: "\(query.transport.isStream ? 65535 : max(512, Int(query.edns?.udpPayload ?? 512)))"
        case .answerFlags: flags
        }
    }

    private static func text(_ peer: PipelineQuery.Peer) -> String {
        peer.address.family == .ipv6 ? "[\(peer.address)]" : "\(peer.address)"
    }

    private var flags: String {
        guard !response.isSilent else { return "" }
        let flags = [
            ("qr", true), ("aa", response.isAuthoritative), ("tc", response.isTruncated),
            ("rd", query.isRecursionDesired), ("ra", response.isRecursionAvailable),
            ("ad", response.isAuthenticData), ("cd", query.isCheckingDisabled),
        ]
        return flags.lazy.filter(\.1).map(\.0).joined(separator: ",")
    }

    /// The length of the answer in bytes, names compressed, before the listener cuts it to what the asker takes.
    private var answerSize: Int {
        guard !response.isSilent else { return 0 }
        var writer = MessageWriter(for: query.name)
        for record in response.answers + response.authorities + response.additionals {
            guard writer.append(record) else { break }
        }
        guard query.edns != nil else { return writer.bytes.count }
        let error = response.extendedError.map { 6 + $0.text.utf8.count } ?? 0
        return writer.bytes.count + 11 + error + response.options.reduce(0) { $0 + 4 + $1.data.count }
    }

    /// With as many digits as there are, as Go writes them.
    private var seconds: String {
        let (whole, attoseconds) = duration.components
        guard whole >= 0, attoseconds >= 0 else { return "0s" }
        let nanoseconds = attoseconds / 1_000_000_000
        guard nanoseconds > 0 else { return "\(whole)s" }
        var digits = "\(nanoseconds)"
        digits = String(repeating: "0", count: max(0, 9 - digits.utf8.count)) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(whole).\(digits)s"
    }
}
