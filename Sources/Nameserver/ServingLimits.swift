import Pipeline

/// Bounds of what serving may cost, over all listeners of the process.
package struct ServingLimits: Hashable, Sendable {
    /// Queries that wait for a stage at a time; further ones are answered SERVFAIL at once.
    package var queriesUnderWay = 10_000
    /// How long a query may take before it is answered SERVFAIL and its task cancelled.
    package var queryTime: Duration = .seconds(10)
    /// Connections at a time, where the system lets the process have so many descriptors; further ones are closed at
    /// once. An idle one costs some 200 bytes over TCP, 22 KiB over TLS and up to 45 KiB over HTTPS, beside what the
    /// kernel keeps: NIOSSL makes each with 48 KiB of buffers, of which few pages are touched, and 13 KiB of state. One
    /// whose request does not end may cost some 120 KiB, which `streamBytes` bounds.
    package var connections = 16_384
    /// Connections of one client address at a time: a quarter, so that none takes all. Not fewer, since all pods of a
    /// node come from one address where the node translates addresses or runs a cache of its own.
    package var connectionsPerClient = 4096
    /// Bytes of queries and replies that the connections of one listener may keep, all together; one that would need more
    /// is ended. Each thread has its part.
    package var streamBytes = 64 << 20
    /// The smallest part of it that a thread has, on however many there are: a client that is alone may keep half of it,
    /// and a request over HTTPS has 64 KiB.
    package var leastStreamBytes = 256 << 10
    /// Bytes that connections over TLS and HTTPS may cost in all by being open, a client's a quarter of them.
    package var encryptedBytes = Int.max
    /// Queries of one connection that may be under way at a time; no more is read from it meanwhile.
    package var queriesPerConnection = 128
    /// How long a listener that ends waits for what is under way.
    package var endTime: Duration = .seconds(5)

    /// - Parameter memory: what the process may have in all, in bytes; nil for no bound that is known.
    package init(memory: Int? = nil) {
        guard let memory else { return }
        // A Corefile has listeners of three kinds, mostly, each on addresses of both families: three eighths. A client
        // that is alone still has room for its largest request.
        streamBytes = max(min(streamBytes, memory / 16), leastStreamBytes)
        encryptedBytes = memory / 4
    }

    /// What a connection costs by being open, beside what its queries and replies do; in bytes. Over TCP it is little.
    static func cost(of transport: Transport) -> Int {
        switch transport {
        case .tls: 24 << 10
        case .https: 48 << 10
        default: 0
        }
    }

    /// What the connections of a listener on one of its threads may keep, in bytes.
    func streamBytes(ofEach threads: Int) -> Int { max(streamBytes / max(1, threads), leastStreamBytes) }
}
