/// What becomes of an endpoint that a process registers for itself, as a value: outcomes in, the next step out.
///
/// A Lease and an EndpointSlice of one name are made and kept: the Lease is renewed three times before it runs out, the
/// slice is written behind each renewal, whoever may have changed it, and both are made again where they were removed.
/// Times count from any fixed instant.
package struct RegistrationPlan: Sendable {
    /// What the endpoint is to its clients (discovery.k8s.io/v1 EndpointConditions).
    package struct Conditions: Hashable, Sendable {
        package var isReady: Bool
        package var isServing: Bool
        package var isTerminating: Bool

        package init(isReady: Bool, isServing: Bool, isTerminating: Bool) {
            self.isReady = isReady
            self.isServing = isServing
            self.isTerminating = isTerminating
        }
    }

    package enum Step: Hashable, Sendable {
        case makeService
        case makeLease(name: String)
        case renewLease(name: String)
        case makeSlice(name: String, Conditions)
        case writeSlice(name: String, Conditions)
        case deleteSlice(name: String)
        case deleteLease(name: String)
    }

    package enum Action: Hashable, Sendable {
        case perform(Step)
        /// Nothing is to be done before an instant, unless something is told.
        case wait(until: Duration)
        /// Everything is withdrawn.
        case finished
    }

    package enum Outcome: Hashable, Sendable {
        case done
        /// The object, or the Namespace that it would be in, is not there.
        case missing
        /// The name belongs to somebody else; another one to try instead.
        case taken(newName: String)
        /// It may succeed later.
        case failed
    }

    /// The longest pause between two attempts.
    static let longestPause = Duration.seconds(10)

    /// The name of Lease and slice.
    package private(set) var name: String
    private let renewal: Duration
    private var isReady: Bool
    private var isDraining = false
    private var isWithdrawing = false
    private var hasService = false
    /// Whether the Service is to be looked for, and made where somebody has removed it, once all else is done.
    private var looksForService = false
    private var hasLease = false
    private var hasSlice = false
    /// Whether an attempt at making one may have gone further than its answer.
    private var mayHaveLease = false
    private var mayHaveSlice = false
    /// What the slice says; nil where it is to be written anyhow.
    private var written: Conditions?
    private var renewAt = Duration.zero
    private var failures = 0
    private var retryAt: Duration?

    /// - Parameters:
    ///   - lease: How long the Lease lasts without being renewed.
    ///   - isReady: Whether clients may come from the beginning.
    package init(name: String, lease: Duration, isReady: Bool) {
        self.name = name
        renewal = lease / 3
        self.isReady = isReady
    }

    /// Whether clients stay away, as was asked for: they are told to, or were never told to come.
    package var isDrained: Bool { isDraining && (!mayHaveSlice || written?.isTerminating == true) }

    /// What a probe has found.
    package mutating func setReady(_ isReady: Bool) { self.isReady = isReady }

    /// Has clients stay away from now on: the process is about to end.
    package mutating func drain() {
        isDraining = true
        retryAt = nil
    }

    /// Has everything removed.
    package mutating func withdraw() {
        isWithdrawing = true
        retryAt = nil
    }

    package func nextAction(at now: Duration) -> Action {
        if let retryAt, now < retryAt { return .wait(until: retryAt) }
        if isWithdrawing {
            if mayHaveSlice { return .perform(.deleteSlice(name: name)) }
            if mayHaveLease { return .perform(.deleteLease(name: name)) }
            return .finished
        }
        if isDrained { return .wait(until: now + renewal) }
        if !hasService { return .perform(.makeService) }
        if !hasLease { return .perform(.makeLease(name: name)) }
        // Before the slice: a Lease that runs out takes the endpoint away.
        if now >= renewAt { return .perform(.renewLease(name: name)) }
        if !hasSlice { return .perform(.makeSlice(name: name, conditions)) }
        if written != conditions { return .perform(.writeSlice(name: name, conditions)) }
        if looksForService { return .perform(.makeService) }
        return .wait(until: renewAt)
    }

    /// Takes note of what became of a step; `now` is when its answer came.
    package mutating func take(_ outcome: Outcome, of step: Step, at now: Duration) {
        switch step {
        case .makeLease: mayHaveLease = true
        case .makeSlice: mayHaveSlice = true
        case .makeService, .renewLease, .writeSlice, .deleteSlice, .deleteLease: break
        }
        switch outcome {
        case .done: succeed(step, at: now)
        case .missing: miss(step, at: now)
        case .taken(let newName): rename(newName, at: now)
        case .failed: fail(at: now)
        }
    }

    private var conditions: Conditions {
        Conditions(isReady: isReady && !isDraining, isServing: isReady, isTerminating: isDraining)
    }

    private mutating func succeed(_ step: Step, at now: Duration) {
        failures = 0
        retryAt = nil
        switch step {
        case .makeService:
            hasService = true
            looksForService = false
        case .makeLease, .renewLease:
            looksForService = hasLease
            hasLease = true
            renewAt = now + renewal
            written = nil
        case .makeSlice(_, let conditions), .writeSlice(_, let conditions):
            hasSlice = true
            written = conditions
        case .deleteSlice: mayHaveSlice = false
        case .deleteLease: mayHaveLease = false
        }
    }

    private mutating func miss(_ step: Step, at now: Duration) {
        switch step {
        case .renewLease: hasLease = false
        case .writeSlice: hasSlice = false
        case .deleteSlice: mayHaveSlice = false
        case .deleteLease: mayHaveLease = false
        case .makeService, .makeLease, .makeSlice:
            // The Namespace has gone, and the Service with it.
            hasService = false
            fail(at: now)
        }
    }

    /// Begins anew under another name; the Lease under the former runs out by itself.
    private mutating func rename(_ newName: String, at now: Duration) {
        name = newName
        (hasLease, hasSlice, mayHaveLease, mayHaveSlice) = (false, false, false, false)
        written = nil
        // Not at once: a server that takes every name for taken is to be asked slowly.
        fail(at: now)
    }

    private mutating func fail(at now: Duration) {
        let pause = min(.seconds(1) * (1 << min(failures, 5)), renewal, Self.longestPause)
        failures += 1
        retryAt = now + pause
    }
}
