import BenchmarkSupport
import Foundation

/// One run: the server, its data, and the figures so far.
///
/// Main thread only, as the programs it starts are.
final class Bench {
    let options: Options
    let executable: String
    let folder: URL
    let workload: Workload
    private(set) var report = Report()
    private(set) var server: RegistryServer

    /// Starts the server on an empty data folder.
    init(options: Options, executable: String, folder: URL) throws {
        self.options = options
        self.executable = executable
        self.folder = folder
        workload = Workload(count: options.services, selectors: options.selectors)
        server = try RegistryServer(executable: executable, data: Self.data(in: folder), folder: folder)
    }

    /// Where the server keeps its registry.
    static func data(in folder: URL) -> URL { folder.appending(path: "data") }

    var port: UInt16 { server.ports.api }

    func stop() { server.stop() }

    /// How far the disk's figures lie apart, the largest as a multiple of the least; nil when there are none. The disk
    /// does the same each time, so this is the machine's unrest.
    private(set) var diskSpread: Double?

    func noteDisk(rates: [Double]) {
        guard let least = rates.min(), let most = rates.max(), least > 0 else { return }
        diskSpread = most / least
    }

    func replaceServer(by server: RegistryServer) { self.server = server }

    func add(_ figure: Figure) {
        report.add(figure)
        switch figure.result {
        case .measured(_, let text): note("\(figure.subject): \(text)")
        case .failed(let reason): note("\(figure.subject): failed: \(reason)")
        }
    }

    /// Takes one measurement; when it cannot be taken the row says why, and the run goes on.
    func measure(_ subject: String, target: Target? = nil, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch BenchmarkError.interrupted {
            throw BenchmarkError.interrupted
        } catch {
            add(Figure(subject, failed: "\(server.cause(of: error))", target: target))
        }
    }

    /// All measurements, in the order of the table.
    func run() throws {
        try measureWrites()
        try measureLists()
        try measureMemory()
        try measureRestarts()
        try measureIdleWatches()
        try measureWatchers()
        try measureNames()
        try measureMemoryAtTheEnd()
    }
}
