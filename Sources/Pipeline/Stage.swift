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
    private let stages: ArraySlice<any Stage>

    package init(_ stages: [any Stage]) {
        self.stages = stages[...]
    }

    private init(_ stages: ArraySlice<any Stage>) {
        self.stages = stages
    }

    /// Asks the next stage; SERVFAIL where there is none.
    nonisolated(nonsending) package func respond(to query: PipelineQuery) async -> Response {
        guard let first = stages.first else { return .unanswered(.serverFailure, "no next plugin found") }
        return await first.respond(to: query, next: Chain(stages.dropFirst()))
    }
}
