import BenchmarkSupport
import Foundation
import ScriptedCluster

extension Suite {
    private static let timedChanges = 200
    private static let wide = 5000

    // MARK: Latency

    /// From a change in the API until it is answered, and what it costs, with few and with many Services.
    func printLatency() throws {
        let swiftlet = try peers.measuredProgram()
        say("### From a change to its answer")
        var report = Report()
        var small: (service: Double?, endpoint: Double?, count: Int) = (nil, nil, 0)
        for size in [ClusterSize.small, .large] {
            let cluster = Cluster(size, ports: 1)
            let name = "\(Report.number(Double(size.services))) Services"
            let isLarge = size == .large
            try withRun(cluster, swiftlet, pinned: false) { run in
                let all = cluster.addressedServices
                let slices = cluster.headlessSlices
                let service = try add(
                    to: &report, "\(name), a Service's address", run, comparedWith: nil,
                    median: isLarge ? 1 : nil, percentile: isLarge ? 5 : nil
                ) { run.change(service: all[$0 % all.count]) }
                if isLarge, let former = small.service {
                    // As many different ones as in the small cluster, from all over the large one: else the one would
                    // be changed out of the processor's caches, and the other out of memory.
                    let few = Self.spread(all, small.count)
                    let again = try run.costOfChange(Self.timedChanges) { run.change(service: few[$0 % few.count]) }
                    report.add(
                        Self.comparison(
                            "\(name), the address of one of \(small.count) Services: CPU time", again, former))
                }
                let endpoint = try add(
                    to: &report, "\(name), one of 100 endpoints of a headless Service", run,
                    comparedWith: small.endpoint, median: isLarge ? 1 : nil, percentile: isLarge ? 5 : nil
                ) { run.change(endpoint: $0 % Cluster.endpointsPerSlice, ofSlice: slices[$0 % slices.count]) }
                if !isLarge { small = (service, endpoint, all.count) }
            }
        }
        let size = ClusterSize(services: 100, endpoints: 1000 + Self.wide, wideEndpoints: Self.wide)
        let cluster = Cluster(size, ports: 1)
        try withRun(cluster, swiftlet, pinned: false) { run in
            let slices = cluster.wideSlices
            _ = try add(
                to: &report, "one of 5,000 endpoints of a headless Service", run, comparedWith: nil, median: nil,
                percentile: nil, cost: 2
            ) { run.change(endpoint: $0 * 7 % Cluster.endpointsPerSlice, ofSlice: slices[$0 % slices.count]) }
        }
        say(report)
        say(
            "\(Self.timedChanges) changes each, from just before the event is written into the watch until the answer "
                + "shows it; one question follows the other meanwhile. CPU time: \(Self.timedChanges) changes a "
                + "millisecond apart, without questions. Compared are changes of as many different Services: each time "
                + "another one of many costs what memory outside of the caches does. API, server and questions share all "
                + "cores.")
    }

    /// So many of them, as far apart as may be.
    private static func spread(_ all: [Int], _ count: Int) -> [Int] {
        (0..<count).map { all[$0 * all.count / count] }
    }

    /// - Returns: The CPU time of a change, in milliseconds.
    private func add(
        to report: inout Report, _ subject: String, _ run: ClusterRun, comparedWith small: Double?, median: Double?,
        percentile: Double?, cost limit: Double? = nil, _ change: (Int) -> Question
    ) throws -> Double? {
        let times = try run.timeChanges(Self.timedChanges, change)
        let (middle, late) = (times.median ?? 0, times.percentile99 ?? 0)
        func milliseconds(_ value: Double) -> String { "\(Report.number(value)) ms" }
        report.add(
            Figure(
                "\(subject): answered, median", middle, milliseconds(middle),
                target: median.map { .under($0, unit: " ms") }))
        report.add(
            Figure(
                "\(subject): answered, 99 %", late, milliseconds(late),
                target: percentile.map { .under($0, unit: " ms") }))
        let cost = try run.costOfChange(Self.timedChanges, change)
        report.add(
            Figure(
                "\(subject): CPU time", cost, milliseconds(cost), target: limit.map { .under($0, unit: " ms") }))
        if let small, small > 0 {
            report.add(Self.comparison("\(subject): CPU time", cost, small))
        }
        return cost
    }

    private static func comparison(_ subject: String, _ cost: Double, _ small: Double) -> Figure {
        Figure(
            "\(subject), of that in the small cluster", cost / small, String(format: "%.2f ×", cost / small),
            target: .atMost(1.1, unit: " ×"))
    }

    // MARK: Load and changes together

    /// A thousand changes a second at half of the full load.
    func printChange() throws {
        let swiftlet = try peers.measuredProgram()
        let cluster = Cluster(.large, ports: 1)
        let questions = Self.steadyQuestions(cluster)
        let workload = Workload(questions)
        let files = try WorkloadFiles(writing: workload)
        defer { files.remove() }
        say("### Under change")
        var report = Report()
        try withRun(cluster, swiftlet, pinned: true) { run in
            let place = Place(port: run.server.port, securePort: 0, files: files, folder: files.folder)
            let full = try load.run(at: place, seconds: 3)
            let rate = Int(full.queriesPerSecond / 2)
            var quiet: [HalfLoad] = []
            var busy: [HalfLoad] = []
            for _ in 0..<options.rounds {
                quiet.append(try halfLoad(run, place, rate: rate, questions, isChanging: false))
                busy.append(try halfLoad(run, place, rate: rate, questions, isChanging: true))
            }
            let ratios = zip(busy, quiet).map { $0.cost / $1.cost }
            let (costs, former) = (busy.map(\.cost).median ?? 0, quiet.map(\.cost).median ?? 0)
            let changes = busy.map(\.changesPerSecond).median ?? 0
            let ratio = ratios.median ?? 0
            report.add(
                Figure(
                    "CPU time per query while the registry changes", ratio,
                    String(format: "%.2f × (%.2f µs; %.2f µs while it is quiet)", ratio, costs, former),
                    target: .atMost(1.3, unit: " ×")))
            if changes > 0 {
                let cost = (costs - former) * Double(rate) / changes / 1000
                report.add(Figure("CPU time of a change, from the difference", cost, "\(Report.number(cost)) ms"))
            }
            let lost = Double(busy.map(\.lost).reduce(0, +))
            report.add(
                Figure("queries without an answer", lost, Report.number(lost), target: .atMost(0, unit: "")))
            let (late, formerly) = (busy.map(\.late).median ?? 0, quiet.map(\.late).median ?? 0)
            report.add(
                Figure(
                    "time to an answer, 99 %", formerly > 0 ? late / formerly : 0,
                    String(format: "%.2f × (%.2f ms; %.2f ms while it is quiet)", late / formerly, late, formerly),
                    target: .atMost(2, unit: " ×")))
            report.add(
                Figure(
                    "changes a second", changes, Report.number(changes.rounded()), target: .atLeast(950, unit: "")))
            say(report)
            say(
                "\(cluster.size.description); \(rate) queries a second, half of what was answered at full load; half "
                    + "of the changes are of a Service, half of one of the 100 endpoints of a headless Service. The "
                    + "CPU time holds the changes' own. The times to an answer are of a separate client that asks "
                    + "about each millisecond; it shares its core with dnsperf and the API.")
        }
    }

    /// What came of some seconds at half load.
    private struct HalfLoad {
        /// Microseconds of CPU time for a query, changes included.
        let cost: Double
        let lost: Int
        /// The time that 99 % of the answers stay within, in milliseconds.
        let late: Double
        let changesPerSecond: Double
    }

    private func halfLoad(
        _ run: ClusterRun, _ place: Place, rate: Int, _ questions: [Question], isChanging: Bool
    ) throws -> HalfLoad {
        let services = Self.changing(run.cluster.addressedServices)
        let slices = Self.changing(run.cluster.headlessSlices)
        let before = try CPUReading(ofProcessTree: run.server.processIdentifier)
        let asker = try SteadyAsker(questions, port: run.server.port)
        let dnsperf = try load.start(at: place, seconds: options.seconds, rate: rate)
        let start = ContinuousClock.now
        var changes = 0
        while dnsperf.isRunning, ContinuousClock.now - start < .seconds(options.seconds) {
            if isChanging {
                _ = run.changeNext(services: services, slices: slices)
                changes += 1
            }
            let next = start + .milliseconds(isChanging ? changes : 100 + Int((.now - start) / .milliseconds(1)))
            let rest = next - .now
            if rest > .zero { usleep(UInt32(rest / .microseconds(1))) }
            try Interruption.check()
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let report = try LoadRun.read(dnsperf.finish(withinSeconds: 60))
        let tally = asker.stop()
        guard run.server.program.isRunning else { throw run.server.program.causeOfEnd() }
        if let fault = report.fault(nameErrorShare: 0) { throw fault }
        guard tally.wrong == 0 else { throw BenchmarkError.badRun("a wrong answer: \(tally.example ?? "")") }
        let used = try CPUReading(ofProcessTree: run.server.processIdentifier).since(before)
        let answered = report.completed + tally.asked - tally.missing
        return HalfLoad(
            cost: Double(used.nanoseconds) / 1000 / Double(max(1, answered)), lost: report.lost + tally.missing,
            late: tally.times.percentile99 ?? 0, changesPerSecond: Double(changes) / seconds)
    }

    /// What is changed: each second one. The others keep their answers, so that wrong ones are seen.
    private static func changing(_ all: [Int]) -> [Int] {
        all.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    }

    private static func steadyQuestions(_ cluster: Cluster) -> [Question] {
        func steady(_ all: [Int]) -> [Int] { all.enumerated().filter { $0.offset % 2 == 1 }.map(\.element) }
        return steady(cluster.addressedServices).map { cluster.question(aboutService: $0) }
            + steady(cluster.headlessSlices).flatMap { slice in
                stride(from: 0, to: Cluster.endpointsPerSlice, by: 10).map {
                    cluster.question(aboutEndpoint: $0, ofSlice: slice)
                }
            }
    }

    // MARK: Runs

    /// Calls with a running server and ends it afterwards.
    func withRun<Result>(
        _ cluster: Cluster, _ swiftlet: String, pinned: Bool, _ body: (ClusterRun) throws -> Result
    ) throws -> Result {
        try withFolder { folder in
            let run = try ClusterRun(
                cluster, swiftlet: swiftlet, core: pinned ? options.serverCore : nil, folder: folder)
            defer { run.stop() }
            return try body(run)
        }
    }
}
