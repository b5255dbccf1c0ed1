import Foundation
import Synchronization

/// Runs work on a thread with a stack that holds the release of nodes as deep as `ManifestAliases` lets them be.
enum ManifestStack {
    /// A kilobyte for each level; only what is used takes memory.
    private static let size = (ManifestAliases.maximumChain + 1) * 1000 * 1024

    private final class Outcome<Value: Sendable>: Sendable {
        let result = Mutex<Result<Value, ManifestSyntaxError>?>(nil)
    }

    static func run<Value: Sendable>(
        _ body: @Sendable @escaping () throws(ManifestSyntaxError) -> Value
    ) throws(ManifestSyntaxError) -> Value {
        let outcome = Outcome<Value>()
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            let result = Result { () throws(ManifestSyntaxError) in try body() }
            outcome.result.withLock { $0 = result }
            done.signal()
        }
        thread.stackSize = size
        thread.start()
        done.wait()
        guard let result = outcome.result.withLock({ $0 }) else { throw ManifestSyntaxError("cannot be parsed") }
        return try result.get()
    }
}
