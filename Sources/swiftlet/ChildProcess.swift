import Foundation
import Glibc
import PodEnvironment
import Synchronization

/// A process that a command has started and waits for.
final class ChildProcess: Sendable {
    private let pid: pid_t
    private let hasEnded = Mutex(false)
    private let status = OneShot<Int32>()

    private init(_ pid: pid_t) { self.pid = pid }

    /// Starts a command, found along the PATH of the environment it gets.
    ///
    /// - Parameters:
    ///   - arguments: The first one is the command.
    ///   - handled: The signals that this process handles and the child is to take as every process does.
    ///   - hasOwnGroup: Whether signals reach the child's own children without reaching this process.
    static func start(
        _ arguments: [[UInt8]], environment: [[UInt8]], handled: [Int32] = [], hasOwnGroup: Bool = false
    ) throws(CommandFailure) -> ChildProcess {
        var pid: pid_t = 0
        let failure = CommandProcess.firstRunnable(arguments, environment: environment) { path, argv, envp in
            spawn(&pid, path, argv, envp, handled: handled, hasOwnGroup: hasOwnGroup)
        }
        if let failure { throw failure }
        let child = ChildProcess(pid)
        child.waitInBackground()
        return child
    }

    /// What a shell would say of the end: the exit status, or 128 and the number of the signal.
    func exitCode() async -> Int32? {
        guard let status = await status.value() else { return nil }
        // The macros of wait(2): a signal in the low seven bits, else the exit status above them.
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }

    /// Sends a signal; nothing happens once the process has ended.
    func send(_ signal: Int32) {
        hasEnded.withLock { hasEnded in
            if !hasEnded { kill(pid, signal) }
        }
    }

    /// Ends the process and those that it has started, where it was given a group of its own.
    func killGroup() {
        hasEnded.withLock { hasEnded in
            if !hasEnded { kill(-pid, SIGKILL) }
        }
    }

    private func waitInBackground() {
        Thread.detachNewThread {
            var info = siginfo_t()
            // The process stays a zombie until no signal can be sent to its number any more.
            while waitid(P_PID, id_t(self.pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
            var status: Int32 = 0
            self.hasEnded.withLock { hasEnded in
                while waitpid(self.pid, &status, 0) < 0, errno == EINTR {}
                hasEnded = true
            }
            self.status.set(status)
        }
    }

    /// The error number; 0 where the process runs.
    private static func spawn(
        _ pid: inout pid_t, _ path: UnsafePointer<CChar>, _ argv: [UnsafeMutablePointer<CChar>?],
        _ envp: [UnsafeMutablePointer<CChar>?], handled: [Int32], hasOwnGroup: Bool
    ) -> Int32 {
        var attributes = posix_spawnattr_t()
        guard posix_spawnattr_init(&attributes) == 0 else { return ENOMEM }
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in handled { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        // The threads of Swift's pool block most signals, and a child inherits that.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        if hasOwnGroup { flags |= POSIX_SPAWN_SETPGROUP }
        posix_spawnattr_setflags(&attributes, Int16(flags))
        return posix_spawn(&pid, path, nil, &attributes, argv, envp)
    }
}
