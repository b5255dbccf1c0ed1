import BenchmarkSupport
import Foundation

/// What dnsperf reports of one run.
struct LoadRun: Equatable {
    let sent: Int
    let completed: Int
    let lost: Int
    let queriesPerSecond: Double
    /// Replies by response code, such as `NXDOMAIN`.
    let responseCodes: [String: Int]

    /// Reads dnsperf's closing statistics; nil when they are not complete.
    init?(report: String) {
        var values: [Substring: Substring] = [:]
        for line in report.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let key = line[..<colon].drop(while: { $0 == " " })
            values[key] = line[line.index(after: colon)...].drop(while: { $0 == " " })
        }
        func count(_ key: Substring) -> Int? {
            values[key]?.split(separator: " ").first.flatMap { Int($0) }
        }
        guard let sent = count("Queries sent"), let completed = count("Queries completed"),
            let lost = count("Queries lost"), let rate = values["Queries per second"].flatMap({ Double($0) })
        else { return nil }
        self.sent = sent
        self.completed = completed
        self.lost = lost
        queriesPerSecond = rate

        // "NOERROR 850 (85.00%), NXDOMAIN 150 (15.00%)"
        var codes: [String: Int] = [:]
        for part in values["Response codes"]?.split(separator: ",") ?? [] {
            let words = part.split(separator: " ")
            guard words.count >= 2, let count = Int(words[1]) else { return nil }
            codes[String(words[0])] = count
        }
        responseCodes = codes
    }

    /// Why the run is no basis for a figure; nil when it is one.
    ///
    /// - Parameter nameErrorShare: the share of NXDOMAIN a correct server gives, or nil not to look at the answers.
    func fault(nameErrorShare: Double?) -> BenchmarkError? {
        guard completed > 0 else { return .badRun("no query was answered") }
        guard Double(lost) < 0.01 * Double(sent) else { return .badRun("\(lost) of \(sent) queries were lost") }
        guard let nameErrorShare else { return nil }

        let others = responseCodes.filter { $0.key != "NOERROR" && $0.key != "NXDOMAIN" }
        if let (code, count) = others.max(by: { $0.value < $1.value }) {
            return .badRun("\(count) of \(completed) answers were \(code)")
        }
        let share = Double(responseCodes["NXDOMAIN"] ?? 0) / Double(completed)
        guard abs(share - nameErrorShare) < 0.01 else {
            let (found, expected) = (String(format: "%.1f", share * 100), String(format: "%.0f", nameErrorShare * 100))
            return .badRun("\(found) % of the answers were NXDOMAIN where \(expected) % are right")
        }
        return nil
    }
}

/// dnsperf with the settings all servers are measured with.
struct LoadGenerator {
    /// Queries on their way at once. With 8 sockets of dnsperf's the replies cannot overflow a socket's buffer.
    static let outstandingQueries = 200
    static let clients = 8

    let executable: String
    let core: Int
    let edns: Bool
    let files: WorkloadFiles

    /// Loads the server for a number of seconds.
    func run(port: UInt16, seconds: Int) throws -> LoadRun {
        var arguments = [
            "-f", "inet", "-s", "127.0.0.1", "-p", String(port), "-d", files.queryFile.path, "-l", String(seconds),
            "-c", String(Self.clients), "-T", "1", "-q", String(Self.outstandingQueries),
        ]
        if edns { arguments.append("-e") }
        let dnsperf = try Program(
            name: "dnsperf", executable: executable, arguments: arguments, core: core, folder: files.folder)
        let report = try dnsperf.finish(withinSeconds: seconds + 30)
        guard let run = LoadRun(report: report) else {
            throw BenchmarkError.program("dnsperf", reason: "its report could not be read: \(report.suffix(300))")
        }
        return run
    }
}
