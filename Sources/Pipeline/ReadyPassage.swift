import DNS
import Registry

/// Which answers that are ready before a question comes may go past a stage: those that it would hand back as they are.
///
/// A stage whose passage lets an answer by neither sees, logs nor changes it, and counts it by `counts` only. What a
/// passage holds goes through the stages, so a passage may hold more than it must, and never less.
@usableFromInline
package struct ReadyPassage: Sendable {
    /// Kinds of answers, as `log` tells them apart.
    @frozen
    @usableFromInline
    package struct Kinds: OptionSet, Hashable, Sendable {
        @usableFromInline package let rawValue: UInt8

        @inlinable
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        @inlinable package static var success: Kinds { Kinds(rawValue: 1) }
        /// NXDOMAIN and NODATA.
        @inlinable package static var denial: Kinds { Kinds(rawValue: 2) }
        /// SERVFAIL and the like.
        @inlinable package static var failure: Kinds { Kinds(rawValue: 4) }
        @inlinable package static var all: Kinds { Kinds(rawValue: 7) }
    }

    /// What a name is held by. Texts are presentation forms in lower case, the name's with its last dot.
    package enum NameTest: Sendable {
        case exact([UInt8])
        case prefix([UInt8])
        case suffix([UInt8])
        case substring([UInt8])
        /// The zone's apex and all names below.
        case within(DomainName)
        /// Whatever else; costs memory with each question.
        case other(@Sendable (_ text: [UInt8]) -> Bool)
    }

    /// Takes note of answers that went past, on behalf of a server block.
    package typealias Count = @Sendable (_ server: String, _ number: UInt64) -> Void

    /// Which kinds of answers go past.
    package var kinds = Kinds.all
    /// Questions of these types are held.
    package var heldTypes: Set<RecordType> = []
    /// Questions with one of these EDNS options are held.
    package var heldOptions: Set<OptionCode> = []
    /// Questions for names that fit one of these are held.
    package var heldNames: [NameTest] = []
    /// Questions of other clients are held; empty for none. An address must be in each of them.
    package var clients: [AddressRanges] = []
    /// The most bytes an answer may have over UDP, where a stage says so; at least 512 are sent in any case.
    package var udpLimit: Int?
    package var counts: [Count] = []
    /// Logs that are told of the answers.
    package var logs: [any ReadyLog] = []

    package init() {}

    /// Everything goes past.
    package static let free = ReadyPassage()

    /// Everything but names of some zones goes past.
    ///
    /// - Parameter zone: where the answers are from; nil where all of it is within one of `zones`.
    package static func sparing(_ zones: some Sequence<DomainName>, of zone: DomainName) -> ReadyPassage? {
        var passage = ReadyPassage()
        for other in zones {
            if zone.isWithin(other) { return nil }
            if other.isWithin(zone) { passage.heldNames.append(.within(other)) }
        }
        return passage
    }

    /// Whether everything goes past, and nobody counts it.
    package var isFree: Bool {
        kinds == .all && heldTypes.isEmpty && heldOptions.isEmpty && heldNames.isEmpty && clients.isEmpty
            && udpLimit == nil && counts.isEmpty && logs.isEmpty
    }

    /// Narrows this passage to what goes past another stage as well.
    package mutating func join(_ other: ReadyPassage) {
        kinds.formIntersection(other.kinds)
        heldTypes.formUnion(other.heldTypes)
        heldOptions.formUnion(other.heldOptions)
        heldNames += other.heldNames
        clients += other.clients
        if let limit = other.udpLimit { udpLimit = min(udpLimit ?? limit, limit) }
        counts += other.counts
        logs += other.logs
    }
}
