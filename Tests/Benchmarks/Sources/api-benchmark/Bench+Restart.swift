import BenchmarkSupport
import Foundation
import Synchronization

extension Bench {
    /// Seconds a server may take until both its services answer rightly.
    private static let restartLimit = 60

    /// A start after an orderly end and one after SIGKILL, on the data of the run; nothing may be missing.
    func measureRestarts() throws {
        try measureRestart("start with that data, after SIGTERM") { $0.stop() }
        try measureRestart("start with that data, after SIGKILL") { $0.crash() }
    }

    private func measureRestart(_ subject: String, ending: (RegistryServer) -> Void) throws {
        try measure(subject) {
            let last = options.services - 1
            let address = try clusterIP(of: last)
            let (before, ports) = (server, server.ports)
            ending(before)

            let start = ContinuousClock.now
            let restarted = try RegistryServer.restarted(
                executable: executable, data: Self.data(in: folder), folder: folder, ports: ports)
            replaceServer(by: restarted)
            let question = Question(name: Workload.domainName(of: last), type: .a, expectation: .address(address))
            let path = Self.path(ofService: last)
            let times = Mutex<(dns: Duration?, api: Duration?)>((nil, nil))
            let deadline = start + .seconds(Self.restartLimit)
            try Parallel.run(2) { number in
                if number == 0 {
                    let probe = try DNSProbe(port: ports.dns)
                    try Self.await(until: deadline, what: "the DNS") {
                        probe.ask(question)?.meets(question.expectation) == true
                    }
                    times.withLock { $0.dns = .now - start }
                } else {
                    try Self.await(until: deadline, what: "the API") {
                        try? HTTPConnection(port: ports.api).exchange(HTTPRequest("GET", path)).status == 200
                    }
                    times.withLock { $0.api = .now - start }
                }
            }
            let memory = try MemoryReading(of: restarted.processIdentifier)
            try Self.check(try count(of: Self.services), is: options.services, in: "Services after the start")
            try Self.check(
                try count(of: Self.slices), is: options.services,
                in: "EndpointSlices after the start")
            guard case (let dns?, let api?) = times.withLock({ $0 }) else { return }
            add(
                Figure(
                    subject, api / .milliseconds(1),
                    "right DNS answer after \(Report.number(dns / .milliseconds(1))) ms, API after "
                        + "\(Report.number(api / .milliseconds(1))) ms, \(Report.number(memory.resident)) MiB resident then; "
                        + "everything there"))
        }
    }

    /// Tries every millisecond.
    private static func await(
        until deadline: ContinuousClock.Instant, what: String, _ isThere: () throws -> Bool?
    ) throws {
        while try isThere() != true {
            guard ContinuousClock.now < deadline else {
                throw BenchmarkError.badRun("\(what) did not answer rightly within \(restartLimit) s")
            }
            try Interruption.sleep(milliseconds: 1)
        }
    }

    static func path(ofService index: Int) -> String {
        "/api/v1/namespaces/\(Workload.namespace(of: index))/services/\(Workload.serviceName(index))"
    }

    private func clusterIP(of index: Int) throws -> IPv4Address {
        try CreatedService(
            HTTPConnection(port: port).exchange(HTTPRequest("GET", Self.path(ofService: index)), expecting: 200)
        ).clusterIP
    }
}

/// What the benchmark looks at in a Service.
struct CreatedService {
    let clusterIP: IPv4Address

    init(_ body: [UInt8]) throws {
        let document = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        guard let spec = document?["spec"] as? [String: Any], let text = spec["clusterIP"] as? String,
            let address = IPv4Address(text)
        else {
            throw BenchmarkError.wrongAnswer(
                question: "a Service with a virtual IP", reply: String(decoding: body.prefix(300), as: UTF8.self))
        }
        clusterIP = address
    }
}
