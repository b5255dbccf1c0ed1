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
        try withRun(Cluster(.small, ports: 1), swiftlet, pinned: false) { small in
            try addLatency(to: &report, small, median: nil, percentile: nil)
            try withRun(Cluster(.large, ports: 1), swiftlet, pinned: false) { large in
                try addLatency(to: &report, large, median: 1, percentile: 5)
                try addComparison(to: &report, small, large)
            }
        }
        let size = ClusterSize(services: 100, endpoints: 1000 + Self.wide, wideEndpoints: Self.wide)
        let cluster = Cluster(size, ports: 1)
        try withRun(cluster, swiftlet, pinned: false) { run in
            let slices = cluster.wideSlices
            try add(
                to: &report, "one of 5,000 endpoints of a headless Service", run, median: nil, percentile: nil, cost: 2
            ) { run.change(endpoint: $0 * 7 % Cluster.endpointsPerSlice, ofSlice: slices[$0 % slices.count]) }
        }
        say(report)
        say(
            "\(Self.timedChanges) changes each, from just before the event is written into the watch until the answer "
                + "shows it; one question follows the other meanwhile. CPU time: \(Self.timedChanges) changes a "
                + "millisecond apart, without questions. Compared are changes of as many different Services and slices: "
                + "each time another one of many costs what memory outside of the caches does. Both servers are changed "
                + "in turn, \(comparisons) times, and the median of the ratios is shown. API, server and questions share "
                + "all cores.")
    }

    /// One round says little: a wake-up more or less is a tenth of what a change costs.
    private var comparisons: Int { max(9, options.rounds) }

    private func addLatency(
        to report: inout Report, _ run: ClusterRun, median: Double?, percentile: Double?
    ) throws {
        let name = "\(Report.number(Double(run.cluster.size.services))) Services"
        let (all, slices) = (run.cluster.addressedServices, run.cluster.headlessSlices)
        try add(to: &report, "\(name), a Service's address", run, median: median, percentile: percentile) {
            run.change(service: all[$0 % all.count])
        }
        try add(
            to: &report, "\(name), one of 100 endpoints of a headless Service", run, median: median,
            percentile: percentile
        ) { run.change(endpoint: $0 % Cluster.endpointsPerSlice, ofSlice: slices[$0 % slices.count]) }
    }

    /// What a change costs in the large cluster, of what it costs in the small one.
    ///
    /// As many different objects are changed in both, those of the large one from all over it: else the one would be
    /// changed in the processor's caches, and the other in memory.
    private func addComparison(to report: inout Report, _ small: ClusterRun, _ large: ClusterRun) throws {
        let services = min(small.cluster.addressedServices.count, large.cluster.addressedServices.count)
        let slices = min(small.cluster.headlessSlices.count, large.cluster.headlessSlices.count)
        let costs = try (0..<comparisons).map { _ in
            try [small, large].map { run in
                let changed = Self.spread(run.cluster.addressedServices, services)
                let touched = Self.spread(run.cluster.headlessSlices, slices)
                return (
                    service: try run.costOfChange(Self.timedChanges) { run.change(service: changed[$0 % services]) },
                    endpoint: try run.costOfChange(Self.timedChanges) {
                        run.change(endpoint: $0 % Cluster.endpointsPerSlice, ofSlice: touched[$0 % slices])
                    }
                )
            }
        }
        func add(_ subject: String, _ ratio: Double?) {
            guard let ratio, ratio.isFinite else { return }
            report.add(
                Figure(
                    "\(subject): CPU time, of that in the small cluster", ratio, String(format: "%.2f ×", ratio),
                    target: .atMost(1.1, unit: " ×")))
        }
        let name = "\(Report.number(Double(large.cluster.size.services))) Services"
        add("\(name), the address of one of \(services)", costs.map { $0[1].service / $0[0].service }.median)
        add(
            "\(name), one of 100 endpoints of one of \(slices) slices",
            costs.map { $0[1].endpoint / $0[0].endpoint }.median)
    }

    /// So many of them, as far apart as may be.
    private static func spread(_ all: [Int], _ count: Int) -> [Int] {
        (0..<count).map { all[$0 * all.count / count] }
    }

    private func add(
        to report: inout Report, _ subject: String, _ run: ClusterRun, median: Double?, percentile: Double?,
        cost limit: Double? = nil, _ change: (Int) -> Question
    ) throws {
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
