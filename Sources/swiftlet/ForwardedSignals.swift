import Dispatch
import Glibc

/// The signals that `swiftlet register` takes in place of the process it has started.
struct ForwardedSignals {
    /// Those after which a process ends.
    static let ending = [SIGTERM, SIGINT]
    private static let passing = [SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2]

    /// The signals that are taken. What the caller has ignored (as `nohup` does) stays ignored, here and in the child.
    let numbers: [Int32]
    private let sources: [any DispatchSourceSignal]

    /// Takes the signals from now on.
    init(_ take: @escaping @Sendable (Int32) -> Void) {
        numbers = (Self.ending + Self.passing).filter { number in
            var present = sigaction()
            guard sigaction(number, nil, &present) == 0 else { return true }
            let handler = present.__sigaction_handler.sa_handler
            // Two pointers to functions, compared as the addresses they are: C knows no other equality of them.
            return unsafeBitCast(handler, to: Int.self) != unsafeBitCast(SIG_IGN, to: Int.self)
        }
        sources = numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { take(number) }
            source.resume()
            return source
        }
    }

    func cancel() {
        for source in sources { source.cancel() }
    }

    /// Whether a terminal has sent the signal to the child as well: what one types reaches the whole foreground group.
    static func reachesChildByItself(_ number: Int32) -> Bool {
        (number == SIGINT || number == SIGQUIT) && tcgetpgrp(STDIN_FILENO) == getpgrp()
    }
}
