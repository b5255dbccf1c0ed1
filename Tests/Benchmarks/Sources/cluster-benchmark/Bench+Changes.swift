import BenchmarkSupport
import Foundation
import ScriptedCluster

/// How fast a server's answers follow its API, in milliseconds (medians).
struct ChangeTimes {
    var service: Double?
    var endpoint: Double?

    /// That of CoreDNS 1.14 with the large cluster, as the issue has it.
    static let issue = Self(service: 1, endpoint: 1)
}

extension Bench {
    private static let timedChanges = 200
    /// Changes of a burst, whose CPU time is shared out among them.
    private static let burst = 1000

    /// From a change that is written into the watch until it is answered, asking all the while.
    ///
    /// - Parameters:
    ///   - peer: the same of the server to compare with, where that was measured.
    ///   - small: the same of this server with the small cluster.
    func measureChanges(beside peer: ChangeTimes?, small: ChangeTimes?) throws -> ChangeTimes {
        var times = ChangeTimes()
        let limits = peer ?? .issue
        let (changedServices, changedSlices) = (changedServices, changedSlices)
        try measureChange(
            "change of a Service's address until it is answered, median", limit: limits.service, small: small?.service
        ) { number in
            let service = changedServices[number % changedServices.count]
            return (
                { self.renumber(service: service) }, { self.cluster.question(aboutService: service) }
            )
        } then: {
            times.service = $0
        }
        try measureChange(
            "change of an endpoint of a headless Service until it is answered, median", limit: limits.endpoint,
            small: small?.endpoint
        ) { number in
            let (slice, place) = (changedSlices[number % changedSlices.count], number % Cluster.endpointsPerSlice)
            return (
                { self.renumber(endpoint: place, ofSlice: slice) },
                { self.cluster.question(aboutEndpoint: place, ofSlice: slice) }
            )
        } then: {
            times.endpoint = $0
        }
        try measureWork()
        return times
    }

    private func measureChange(
        _ subject: String, limit: Double?, small: Double?,
        _ change: (Int) -> (make: () -> Void, question: () -> Question), then: (Double) -> Void
    ) throws {
        let target = target(limit.map { .atMost($0, unit: " ms") })
        try measure(subject, target: target) {
            let probe = try DNSProbe(port: server.port)
            var times = Times()
            for number in 0..<Self.timedChanges {
                try Interruption.check()
                let (make, ask) = change(number)
                let start = ContinuousClock.now
                make()
                let question = ask()
                while probe.ask(question)?.meets(question.expectation) != true {
                    guard ContinuousClock.now - start < .seconds(10) else {
                        throw BenchmarkError.badRun("\(question.name) was not answered rightly within 10 s")
                    }
                }
                times.add(.now - start)
                // Else the changes come as one burst.
                usleep(5000)
            }
            let median = times.median ?? 0
            figure(
                subject, median,
                "\(Report.number(median)) ms (99 %: \(Report.number(times.percentile99 ?? 0)) ms)", target: target)
            then(median)
            guard let small, small > 0 else { return }
            figure(
                subject + ", as a multiple of that in the small cluster", median / small,
                Report.number(median / small), target: self.target(.under(1.5, unit: "")))
        }
    }

    /// The CPU time of a change, without the questions.
    private func measureWork() throws {
        let (changedServices, changedSlices) = (changedServices, changedSlices)
        try measureWork("CPU time for a change of a Service") { number in
            let service = changedServices[number % changedServices.count]
            renumber(service: service)
            return cluster.question(aboutService: service)
        }
        try measureWork("CPU time for a change of one of the 100 endpoints of a headless Service") { number in
            let (slice, place) = (changedSlices[number % changedSlices.count], number % Cluster.endpointsPerSlice)
            renumber(endpoint: place, ofSlice: slice)
            return cluster.question(aboutEndpoint: place, ofSlice: slice)
        }
    }

    private func measureWork(_ subject: String, _ change: (Int) -> Question) throws {
        try measure(subject) {
            let before = try CPUReading(ofProcessTree: server.processIdentifier)
            let start = ContinuousClock.now
            var last: Question?
            for number in 0..<Self.burst {
                last = change(number)
                // About a thousand a second: a rollout of a large cluster.
                usleep(1000)
            }
            if let last { _ = try server.awaitAnswers(to: [last], since: start) }
            let used = try CPUReading(ofProcessTree: server.processIdentifier).since(before)
            let each = Double(used.nanoseconds) / 1e6 / Double(Self.burst)
            figure(subject, each, "\(Report.number(each)) ms")
        }
    }
}
