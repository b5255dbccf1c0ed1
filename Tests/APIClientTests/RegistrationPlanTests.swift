import APIClient
import Registry
import Testing

@Suite("The plan of a registration")
struct RegistrationPlanTests {
    typealias Plan = RegistrationPlan
    typealias Conditions = RegistrationPlan.Conditions

    static let notReady = Conditions(isReady: false, isServing: false, isTerminating: false)
    static let ready = Conditions(isReady: true, isServing: true, isTerminating: false)
    static let draining = Conditions(isReady: false, isServing: true, isTerminating: true)

    /// A plan that has come so far that all is registered, at second 0.
    static func registered(isReady: Bool = true) -> Plan {
        var plan = Plan(name: "web-1", lease: .seconds(15), isReady: isReady)
        for step in [Plan.Step.makeService, .makeLease(name: "web-1")] { plan.take(.done, of: step, at: .zero) }
        plan.take(.done, of: .makeSlice(name: "web-1", isReady ? ready : notReady), at: .zero)
        return plan
    }

    @Test("Service, Lease and slice are made in this order; then the Lease is renewed every third of its time")
    func order() {
        var plan = Plan(name: "web-1", lease: .seconds(15), isReady: true)
        let steps: [Plan.Step] = [
            .makeService, .makeLease(name: "web-1"), .makeSlice(name: "web-1", Self.ready),
        ]
        for step in steps {
            #expect(plan.nextAction(at: .zero) == .perform(step))
            plan.take(.done, of: step, at: .zero)
        }
        #expect(plan.nextAction(at: .zero) == .wait(until: .seconds(5)))
        #expect(plan.nextAction(at: .milliseconds(4_999)) == .wait(until: .seconds(5)))
        #expect(plan.nextAction(at: .seconds(5)) == .perform(.renewLease(name: "web-1")))
        plan.take(.done, of: .renewLease(name: "web-1"), at: .seconds(6))
        #expect(
            plan.nextAction(at: .seconds(6)) == .perform(.writeSlice(name: "web-1", Self.ready)),
            "somebody may have changed it")
        plan.take(.done, of: .writeSlice(name: "web-1", Self.ready), at: .seconds(6))
        #expect(plan.nextAction(at: .seconds(6)) == .perform(.makeService), "somebody may have removed it")
        plan.take(.done, of: .makeService, at: .seconds(6))
        #expect(plan.nextAction(at: .seconds(6)) == .wait(until: .seconds(11)))
    }

    @Test("A look for the Service that fails keeps no Lease from being renewed")
    func lookFails() {
        var plan = Self.registered()
        plan.take(.done, of: .renewLease(name: "web-1"), at: .seconds(5))
        plan.take(.done, of: .writeSlice(name: "web-1", Self.ready), at: .seconds(5))
        #expect(plan.nextAction(at: .seconds(5)) == .perform(.makeService))
        plan.take(.failed, of: .makeService, at: .seconds(5))
        #expect(plan.nextAction(at: .seconds(6)) == .perform(.makeService))
        #expect(plan.nextAction(at: .seconds(10)) == .perform(.renewLease(name: "web-1")))
    }

    @Test("A change of readiness is written at once, behind a renewal that is due")
    func readiness() {
        var plan = Self.registered(isReady: false)
        plan.setReady(true)
        #expect(plan.nextAction(at: .seconds(1)) == .perform(.writeSlice(name: "web-1", Self.ready)))
        #expect(plan.nextAction(at: .seconds(5)) == .perform(.renewLease(name: "web-1")))
        plan.setReady(false)
        #expect(plan.nextAction(at: .seconds(1)) == .wait(until: .seconds(5)))
    }

    @Test("What was removed is made again under the same name")
    func removed() {
        var plan = Self.registered()
        plan.take(.missing, of: .renewLease(name: "web-1"), at: .seconds(5))
        #expect(plan.nextAction(at: .seconds(5)) == .perform(.makeLease(name: "web-1")))
        plan.take(.done, of: .makeLease(name: "web-1"), at: .seconds(5))
        plan.take(.missing, of: .writeSlice(name: "web-1", Self.ready), at: .seconds(5))
        #expect(plan.nextAction(at: .seconds(5)) == .perform(.makeSlice(name: "web-1", Self.ready)))
    }

    @Test("Without its Namespace the Service is looked for again, after a pause")
    func namespaceGone() {
        var plan = Self.registered()
        plan.take(.missing, of: .renewLease(name: "web-1"), at: .seconds(5))
        plan.take(.missing, of: .makeLease(name: "web-1"), at: .seconds(5))
        #expect(plan.nextAction(at: .seconds(5)) == .wait(until: .seconds(6)))
        #expect(plan.nextAction(at: .seconds(6)) == .perform(.makeService))
    }

    @Test("A name that somebody else has is given up for another")
    func taken() {
        var plan = Plan(name: "web-1", lease: .seconds(15), isReady: true)
        plan.take(.done, of: .makeService, at: .zero)
        plan.take(.taken(newName: "web-2"), of: .makeLease(name: "web-1"), at: .zero)
        #expect(plan.nextAction(at: .zero) == .wait(until: .seconds(1)))
        #expect(plan.nextAction(at: .seconds(1)) == .perform(.makeLease(name: "web-2")))
        plan.withdraw()
        #expect(plan.nextAction(at: .seconds(1)) == .finished, "what somebody else has is left alone")
    }

    static let pauses: [(lease: Int, pauses: [Int])] = [
        (60, [1000, 2000, 4000, 8000, 10000, 10000, 10000]), (15, [1000, 2000, 4000, 5000, 5000, 5000]),
        (3, [1000, 1000, 1000]),
    ]

    @Test(
        "While the server is away it is asked more and more seldom, but as often as a Lease is renewed",
        arguments: pauses)
    func backOff(lease: Int, pauses: [Int]) {
        var plan = Plan(name: "web-1", lease: .seconds(lease), isReady: true)
        var now = Duration.zero
        for pause in pauses {
            #expect(plan.nextAction(at: now) == .perform(.makeService))
            plan.take(.failed, of: .makeService, at: now)
            #expect(plan.nextAction(at: now) == .wait(until: now + .milliseconds(pause)))
            now += .milliseconds(pause)
        }
        plan.take(.done, of: .makeService, at: now)
        plan.take(.failed, of: .makeLease(name: "web-1"), at: now)
        #expect(plan.nextAction(at: now) == .wait(until: now + .seconds(1)), "a success makes pauses short again")
    }

    @Test("Clients are told to stay away before the end, even behind a failure")
    func drain() {
        var plan = Self.registered()
        plan.take(.failed, of: .renewLease(name: "web-1"), at: .seconds(5))
        plan.drain()
        #expect(!plan.isDrained)
        plan.take(.done, of: .renewLease(name: "web-1"), at: .seconds(5))
        #expect(plan.nextAction(at: .seconds(5)) == .perform(.writeSlice(name: "web-1", Self.draining)))
        plan.take(.done, of: .writeSlice(name: "web-1", Self.draining), at: .seconds(5))
        #expect(plan.isDrained)
    }

    @Test("What was never registered is not registered in order to be taken back")
    func drainBefore() {
        var plan = Plan(name: "web-1", lease: .seconds(15), isReady: true)
        plan.drain()
        #expect(plan.isDrained)
        #expect(plan.nextAction(at: .seconds(1)) == .wait(until: .seconds(6)))
        plan.withdraw()
        #expect(plan.nextAction(at: .seconds(1)) == .finished)
    }

    @Test("At the end the slice goes first, then its Lease, then nothing is left to do")
    func withdrawal() {
        var plan = Self.registered()
        plan.take(.failed, of: .renewLease(name: "web-1"), at: .seconds(5))
        plan.withdraw()
        #expect(plan.nextAction(at: .seconds(5)) == .perform(.deleteSlice(name: "web-1")))
        plan.take(.failed, of: .deleteSlice(name: "web-1"), at: .seconds(5))
        #expect(plan.nextAction(at: .seconds(5)) == .wait(until: .seconds(7)))
        plan.take(.missing, of: .deleteSlice(name: "web-1"), at: .seconds(7))
        #expect(plan.nextAction(at: .seconds(7)) == .perform(.deleteLease(name: "web-1")))
        plan.take(.done, of: .deleteLease(name: "web-1"), at: .seconds(7))
        #expect(plan.nextAction(at: .seconds(7)) == .finished)
    }

    @Test("What an attempt without an answer may have made is removed as well")
    func uncertain() {
        var plan = Plan(name: "web-1", lease: .seconds(15), isReady: true)
        plan.take(.done, of: .makeService, at: .zero)
        plan.take(.failed, of: .makeLease(name: "web-1"), at: .zero)
        plan.withdraw()
        #expect(plan.nextAction(at: .zero) == .perform(.deleteLease(name: "web-1")))
    }

    static let counts: [(results: String, want: String)] = [
        ("", ""), ("+", "+"), ("---", "---"), ("+--+--", "++++++"), ("+---", "+++-"), ("+----+", "+++--+"),
    ]

    @Test("One success makes ready, three failures in a row make not ready", arguments: counts)
    func counter(results: String, want: String) {
        var counter = ReadinessCounter()
        #expect(!counter.isReady)
        let states = results.map { result in
            counter.take(isSuccess: result == "+")
            return counter.isReady ? "+" : "-"
        }
        #expect(states.joined() == want)
    }
}
