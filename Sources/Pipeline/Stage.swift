import DNS

/// One directive at work: answers a question, hands it on, or changes what passes by.
///
/// Stages are shared by all threads; a stage that does not wait for anything runs on the thread that called it, so
/// that the answer is there when the call returns (hence `nonisolated(nonsending)`).
package protocol Stage: Sendable {
    /// The directive, as the Corefile and metrics name it.
    var directive: String { get }

    /// Which answers of a zone that are ready before a question comes may go past this stage; nil for none.
    ///
    /// Asked once, when the chain is made.
    ///
    /// - Parameter zone: the apex of a zone, names below it included: one of the cluster's, whose ready-made answers
    ///   these are, or the root for whatever a stage behind has kept.
    func readyPassage(of zone: DomainName) -> ReadyPassage?

    /// Whether the stage has what it needs to answer (`ready`).
    var isReady: Bool { get }

    /// Answers, or hands on to `next` (once or more) and passes back what comes.
    nonisolated(nonsending) func respond(to query: PipelineQuery, next: Chain) async -> Response

    /// What the stage does beside answering (health checks, following files), until its task is cancelled.
    ///
    /// Called once, when the chain goes into service; a stage with nothing to do returns at once.
    func run() async
}

extension Stage {
    package func readyPassage(of zone: DomainName) -> ReadyPassage? { .free }
    package var isReady: Bool { true }
    package func run() async {}
}

/// The stages that are still to come, in their order.
package struct Chain: Sendable {
    private let stages: [any Stage]
    /// The first of those that are still to come.
    private let place: Int

    package init(_ stages: [any Stage]) { self.init(stages, from: 0) }

    private init(_ stages: [any Stage], from place: Int) {
        self.stages = stages
        self.place = place
    }

    /// Asks the next stage; SERVFAIL where there is none, in CoreDNS's words, which name the one that asks.
    nonisolated(nonsending) package func respond(to query: PipelineQuery) async -> Response {
        if place < stages.count {
            return await stages[place].respond(to: query, next: Chain(stages, from: place + 1))
        }
        let asker = stages.last.map { "plugin/\($0.directive): " } ?? ""
        return .unanswered(.serverFailure, asker + "no next plugin found")
    }
}
