import AnswerTable
import Synchronization

/// Readers of a table for callers without a thread of their own: stages run on whichever thread asks them.
final class ReaderPool: Sendable {
    /// A reader on loan.
    ///
    /// `@unchecked Sendable`: a reader is used by one thread at a time, since the pool hands it to one borrower at a
    /// time and both ways lead through its lock.
    private struct Loan: @unchecked Sendable {
        let reader: AnswerReader
    }

    private let table: AnswerTable
    private let idle = Mutex<[Loan]>([])
    /// As many as there may be threads at work; further ones are made for one use.
    private static let capacity = 64

    init(_ table: AnswerTable) {
        self.table = table
    }

    /// Calls with a reader that is inside the table for that long; nothing of the table may be kept.
    func withReader<Result>(_ body: (AnswerReader) -> Result) -> Result {
        let loan = idle.withLock { $0.popLast() } ?? Loan(reader: table.makeReader())
        loan.reader.enter()
        let result = body(loan.reader)
        loan.reader.leave()
        idle.withLock { if $0.count < Self.capacity { $0.append(loan) } }
        return result
    }
}
