import FileReading
import Foundation

/// A file as it was read last.
final class LoadedFile: Sendable {
    private let bytes: [UInt8]
    /// nil where the file could not be read.
    private let stamp: FileStamp?
    private let reader: ManifestReader
    /// What the file held when it parsed last; nil where it never did.
    let contents: ManifestContents?
    /// Why the file cannot be read or parsed; nil while it can.
    let failure: ManifestProblem?

    var problems: [ManifestProblem] { failure.map { [$0] } ?? contents?.problems ?? [] }

    struct Job: Sendable {
        let path: String
        let former: LoadedFile?
        /// Whether a file that looks unchanged from outside is taken to be so.
        let trustsStamp: Bool
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
        let share = 128
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

    /// What is to be made of a file that is being written: of one that was read before nothing, until it is whole.
    static func unfinished(_ path: String, former: LoadedFile?) -> Outcome {
        guard former == nil else { return .unchanged }
        let failure = ManifestProblem(file: path, reason: "is being written")
        return .loaded(LoadedFile(unreadable: failure, path: path, former: nil), isRenewed: true)
    }

    private static func load(_ job: Job) -> Outcome {
        let former = job.former
        switch ManifestFile.read(job.path, unless: job.trustsStamp ? former?.stamp : nil) {
        case .missing:
            return .missing
        case .unchanged:
            return .unchanged
        case .unreadable(let reason):
            let failure = ManifestProblem(file: job.path, reason: reason)
            return .loaded(
                LoadedFile(unreadable: failure, path: job.path, former: former), isRenewed: former?.failure != failure)
        case .bytes(let bytes, let stamp):
            if let former, former.stamp != nil, former.bytes == bytes {
                return .loaded(LoadedFile(former, stamp: stamp), isRenewed: false)
            }
            return .loaded(
                LoadedFile(bytes, stamp: stamp, path: job.path, former: former), isRenewed: true)
        }
    }

    private init(_ bytes: [UInt8], stamp: FileStamp, path: String, former: LoadedFile?) {
        self.bytes = bytes
        self.stamp = stamp
        var reader = former?.reader ?? ManifestReader(file: path)
        do throws(ManifestProblem) {
            contents = try reader.read(bytes)
            failure = nil
        } catch {
            contents = former?.contents
            failure = error
        }
        self.reader = reader
    }

    /// The same content with other marks on the file.
    private init(_ former: LoadedFile, stamp: FileStamp) {
        bytes = former.bytes
        self.stamp = stamp
        reader = former.reader
        contents = former.contents
        failure = former.failure
    }

    /// Without bytes: the next good reading is news even where the content is what it was.
    private init(unreadable failure: ManifestProblem, path: String, former: LoadedFile?) {
        bytes = []
        stamp = nil
        reader = former?.reader ?? ManifestReader(file: path)
        contents = former?.contents
        self.failure = failure
    }
}
