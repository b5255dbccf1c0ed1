import Foundation

/// A file as it was read last.
struct LoadedFile: Sendable {
    private(set) var bytes: [UInt8] = []
    private(set) var fingerprint: ManifestFile.Fingerprint?
    private var reader: ManifestReader
    /// What the file held when it parsed last; nil where it never did.
    private(set) var contents: ManifestContents?
    /// Why the file cannot be read or parsed; nil while it can.
    private(set) var failure: ManifestProblem?

    var problems: [ManifestProblem] { failure.map { [$0] } ?? contents?.problems ?? [] }

    struct Job: Sendable {
        let path: String
        let former: LoadedFile?
        /// Whether a file that looks unchanged from outside is taken to be so.
        let trustsFingerprint: Bool
    }

    enum Outcome: Sendable {
        case missing
        case unchanged
        /// - Parameter isRenewed: Whether there is anything to take note of.
        case loaded(LoadedFile, isRenewed: Bool)
    }

    struct Result: Sendable {
        let path: String
        let outcome: Outcome
    }

    /// Does the jobs, on all processors where there are many; the results come in the order of the jobs.
    static func load(_ jobs: [Job]) async -> [Result] {
        let share = 32
        guard jobs.count > share else { return jobs.map { Result(path: $0.path, outcome: load($0)) } }
        return await withTaskGroup(of: (Int, [Result]).self) { group in
            var results = [[Result]](repeating: [], count: (jobs.count + share - 1) / share)
            var next = 0
            func addShare() {
                guard next < results.count else { return }
                let number = next
                let part = jobs[number * share..<min(jobs.count, (number + 1) * share)]
                group.addTask { (number, part.map { Result(path: $0.path, outcome: load($0)) }) }
                next += 1
            }
            for _ in 0..<ProcessInfo.processInfo.activeProcessorCount { addShare() }
            while let (number, part) = await group.next() {
                results[number] = part
                addShare()
            }
            return results.flatMap { $0 }
        }
    }

    private static func load(_ job: Job) -> Outcome {
        var file = job.former ?? LoadedFile(reader: ManifestReader(file: job.path))
        switch ManifestFile.read(job.path, unless: job.trustsFingerprint ? file.fingerprint : nil) {
        case .missing:
            return .missing
        case .unchanged:
            return .unchanged
        case .unreadable(let reason):
            let failure = ManifestProblem(file: job.path, reason: reason)
            let isRenewed = file.failure != failure
            file.failure = failure
            file.fingerprint = nil
            // The next good reading is news even if the content is what it was.
            file.bytes = []
            return .loaded(file, isRenewed: isRenewed)
        case .bytes(let bytes, let fingerprint):
            let isRenewed = file.fingerprint == nil || bytes != file.bytes
            file.fingerprint = fingerprint
            if isRenewed { file.take(bytes, of: job.path) }
            return .loaded(file, isRenewed: isRenewed)
        }
    }

    private init(reader: ManifestReader) {
        self.reader = reader
    }

    private mutating func take(_ bytes: [UInt8], of path: String) {
        self.bytes = bytes
        do throws(ManifestProblem) {
            contents = try reader.read(bytes)
            failure = nil
        } catch {
            failure = error
        }
    }
}
