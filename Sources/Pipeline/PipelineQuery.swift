import DNS
import Registry

/// One question on its way through the stages, with all that an answer may depend on.
package struct PipelineQuery: Sendable {
    /// An address and a port, as sockets have them.
    package struct Peer: Hashable, Sendable {
        package var address: IPAddress
        package var port: UInt16

        package init(_ address: IPAddress, port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    /// The owner name asked for; stages may rewrite it and must then put the answer back under the former one.
    package var name: DomainName
    package var type: RecordType
    package var recordClass = RecordClass.internet
    package var id: UInt16 = 0
    package var opcode = Opcode.query
    /// RD.
    package var isRecursionDesired = true
    /// AD in a query: the asker understands AD in the answer (RFC 6840 §5.7).
    package var isAuthenticDataWanted = false
    /// CD (RFC 4035 §3.2.2).
    package var isCheckingDisabled = false
    /// nil where the query had no OPT record.
    package var edns: EDNS?
    package var client: Peer
    /// The address the query was sent to.
    package var server: Peer
    package var transport: Transport
    /// Whether the answer is not for the client alone: it is wanted whole, whatever the client can take.
    package var isForKeeping = false
    /// The query's length in bytes.
    package var size = 0
    /// When it was received.
    package var received: ContinuousClock.Instant
    /// The server block it is answered by, as metrics name it (`dns://:53`).
    package var serverLabel = ""
    /// The zone of the server block.
    package var zone = DomainName.root
    /// The directives' shared knowledge about the query, by key (`kubernetes/namespace`): what `log`, `rewrite` and
    /// `template` put in place of `{/key}`.
    package var metadata: [String: String] = [:]
    /// Asks the server itself, through all its zones, as for targets of aliases.
    package var lookups: any Lookups
    /// The rules that the question has passed; nil where there are none.
    package var access: (any AccessRules)?
    /// How many questions of our own this one descends from; bounded by `maximumDepth`.
    package private(set) var depth = 0
    /// How many aliases led from the client's question to this one; bounded by `AliasChain.maximum`.
    package private(set) var aliasCount = 0

    /// The most questions that may descend from each other.
    package static let maximumDepth = 9

    package init(
        name: DomainName, type: RecordType, client: Peer, server: Peer, transport: Transport,
        received: ContinuousClock.Instant, lookups: any Lookups
    ) {
        self.name = name
        self.type = type
        self.client = client
        self.server = server
        self.transport = transport
        self.received = received
        self.lookups = lookups
    }

    /// Whether DNSSEC records are wanted.
    package var isDNSSECOK: Bool { edns?.isDNSSECOK ?? false }

    /// Asks the server itself another question on behalf of the same client.
    ///
    /// - Parameter aliases: how many aliases of this question lead to that one.
    /// - Returns: SERVFAIL where questions descend from each other without an end.
    nonisolated(nonsending) package func ask(
        _ name: DomainName, _ type: RecordType, aliases: Int = 0
    ) async -> Response {
        guard depth < Self.maximumDepth else { return .failed("", "too many lookups of our own for one question") }
        var question = self
        question.name = name
        question.type = type
        question.depth += 1
        question.aliasCount += max(0, aliases)
        // It meets those of the server block that it comes to.
        question.access = nil
        return await lookups.respond(to: question)
    }
}

/// Who may ask for which names (`acl`).
package protocol AccessRules: AnyObject, Sendable {
    /// Whether a question's client may ask for the target of an alias, and whether that goes by the client.
    func verdict(onTarget name: DomainName, of query: PipelineQuery) -> (isAllowed: Bool, dependsOnAsker: Bool)
}

/// A way to ask the server itself, from the choice of the server block on.
package protocol Lookups: Sendable {
    nonisolated(nonsending) func respond(to query: PipelineQuery) async -> Response
}
