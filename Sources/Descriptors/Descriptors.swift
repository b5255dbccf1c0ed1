import Glibc
import Synchronization

/// The descriptors that the process may have open, and those kept free of connections.
///
/// They should not run out: the system's libraries open files of their own while the process runs. Where they do all the
/// same, libdispatch, which watches its threads by files, goes on without (`CDescriptors`).
package enum Descriptors {
    /// The most that are kept, for all but connections of clients.
    private static let largestReserve: rlim_t = 256

    /// What the process has open beside connections, at most: listeners, event loops, the registry's files.
    private static let ownDescriptors: rlim_t = 64

    /// Raises the soft limit to the hard one. The soft one is 1024 in most places, for the sake of programs that wait by
    /// `select`.
    package static func raiseLimit() {
        guard var limit = limit(), limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Connections that are open, of all servers that count theirs.
    private static let connections = Atomic(0)

    /// Counts a connection that is taken; `noteConnectionEnd` is to follow. Any thread.
    package static func noteConnection() { connections.wrappingAdd(1, ordering: .relaxed) }

    /// A connection that was counted has ended. Any thread.
    package static func noteConnectionEnd() { connections.wrappingSubtract(1, ordering: .relaxed) }

    /// Whether no more connections are to be taken: what is left is for files, upstreams and the registry.
    ///
    /// Costs a few system calls. Any thread.
    ///
    /// - Parameter forProbes: whether it is about health checks and the like, which may have half of what is kept.
    package static func areScarce(forProbes: Bool = false) -> Bool {
        // The lowest number that is free.
        let next = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard next >= 0 else { return errno == EMFILE || errno == ENFILE }
        close(next)
        guard let most = limit()?.rlim_cur else { return false }
        return areScarce(
            next: next, connections: connections.load(ordering: .relaxed), limit: most, forProbes: forProbes)
    }

    /// - Parameters:
    ///   - next: the lowest number that is free. Not enough alone: connections that are refused one by one leave free
    ///     numbers among those that are in use.
    ///   - connections: how many there are.
    ///   - limit: how many descriptors may be open.
    static func areScarce(next: Int32, connections: Int, limit: rlim_t, forProbes: Bool) -> Bool {
        let kept = min(largestReserve, limit / 4)
        let free = limit - (forProbes ? kept / 2 : kept)
        return rlim_t(max(0, next)) >= free || rlim_t(max(0, connections)) >= free - min(ownDescriptors, limit / 8)
    }

    /// How many connections a server may take whose accepting runs ahead of its refusing: an eighth at most.
    package static func connections(upTo maximum: Int) -> Int {
        guard let most = limit()?.rlim_cur else { return maximum }
        return min(maximum, max(8, Int(clamping: most / 8)))
    }

    private static func limit() -> rlimit? {
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? limit : nil
    }
}
