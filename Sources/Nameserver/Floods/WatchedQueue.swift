/// The queue of a socket, as metrics see it; read by any thread.
protocol WatchedQueue: AnyObject, Sendable {
    /// How many datagrams the kernel has dropped: for want of room, or beyond the share of their source.
    var dropped: UInt32 { get }
    /// The number of sources of which less is taken than they send (`QueuePressure`).
    var limitedSourceCount: Int { get }
}
