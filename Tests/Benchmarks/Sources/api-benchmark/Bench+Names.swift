import BenchmarkSupport

extension Bench {
    /// From the reply to the creation of a Service until the DNS answers its address.
    func measureNames() throws {
        let subject = "reply to a creation until the DNS answers it, median"
        let target = Target.under(5, unit: " ms")
        try measure(subject, target: target) {
            let connection = try HTTPConnection(port: port)
            let probe = try DNSProbe(port: server.ports.dns)
            var (times, late) = (Times(), 0)
            for index in options.services..<options.services + Options.nameProbes {
                try Interruption.check()
                let body = try connection.exchange(workload.serviceCreation(index), expecting: 201)
                let reply = ContinuousClock.now
                let question = Question(
                    name: Workload.domainName(of: index), type: .a,
                    expectation: .address(try CreatedService(body).clusterIP))
                var questions = 1
                while probe.ask(question)?.meets(question.expectation) != true {
                    guard ContinuousClock.now - reply < .seconds(10) else {
                        throw BenchmarkError.badRun("\(question.name) was not answered within 10 s")
                    }
                    questions += 1
                }
                times.add(.now - reply)
                if questions > 1 { late += 1 }
            }
            let median = times.median ?? 0
            add(
                Figure(
                    subject, median,
                    "\(Report.number(median)) ms (99 %: \(Report.number(times.percentile99 ?? 0)) ms); "
                        + "\(times.count - late) of \(times.count) at the first question",
                    target: target))
        }
    }
}
