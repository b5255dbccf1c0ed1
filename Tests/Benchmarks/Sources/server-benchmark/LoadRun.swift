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
        // Of few answers the share is not known to a hundredth.
        let unrest = 4 * (nameErrorShare * (1 - nameErrorShare) / Double(completed)).squareRoot()
        guard abs(share - nameErrorShare) < max(0.01, unrest) else {
            let (found, expected) = (String(format: "%.1f", share * 100), String(format: "%.0f", nameErrorShare * 100))
            return .badRun("\(found) % of the answers were NXDOMAIN where \(expected) % are right")
        }
        return nil
    }
}

/// dnsperf, and how it asks.
struct LoadGenerator {
    /// How the questions reach the server.
    enum Transport: String {
        case udp, tcp, dot, doh

        /// Whether the server's other port is asked.
        var isSecure: Bool { self == .dot || self == .doh }
    }

    /// Queries on their way at once. With 8 sockets of dnsperf's the replies cannot overflow a socket's buffer.
    static let outstandingQueries = 200

    let executable: String
    let core: Int
    var transport = Transport.udp
    /// Further options, such as `-e` for EDNS.
    var options: [String] = []
    /// Sockets or connections.
    var clients = 8

    /// Loads a server for a number of seconds.
    ///
    /// - Parameter rate: the most queries a second; nil for as many as there are answers.
    func run(at place: Place, seconds: Int, rate: Int? = nil) throws -> LoadRun {
        try LoadRun.read(start(at: place, seconds: seconds, rate: rate).finish(withinSeconds: seconds + 60))
    }

    /// Begins to load a server, and does not wait for the end.
    func start(at place: Place, seconds: Int, rate: Int? = nil) throws -> Program {
        var arguments = [
            "-f", "inet", "-s", "127.0.0.1", "-m", transport.rawValue,
            "-p", String(transport.isSecure ? place.securePort : place.port),
            "-d", place.files.queryFile.path, "-l", String(seconds), "-c", String(clients), "-T", "1",
            "-q", String(Self.outstandingQueries),
        ]
        if transport == .doh { arguments += ["-O", "doh-uri=https://localhost/dns-query"] }
        if let rate { arguments += ["-Q", String(rate)] }
        return try Program(
            name: "dnsperf", executable: executable, arguments: arguments + options, core: core,
            folder: place.folder)
    }
}

extension LoadRun {
    /// Reads what dnsperf wrote.
    static func read(_ report: String) throws(BenchmarkError) -> LoadRun {
        guard let run = LoadRun(report: report) else {
            throw .program("dnsperf", reason: "its report could not be read: \(report.suffix(300))")
        }
        return run
    }
}
