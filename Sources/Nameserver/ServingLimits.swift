/// Bounds of what serving may cost, over all listeners of the process.
package struct ServingLimits: Hashable, Sendable {
    /// Queries that wait for a stage at a time; further ones are answered SERVFAIL at once.
    package var queriesUnderWay = 10_000
    /// How long a query may take before it is answered SERVFAIL and its task cancelled.
    package var queryTime: Duration = .seconds(10)
    /// Connections at a time; further ones are closed at once.
    package var connections = 4096
    /// Connections of one client address at a time: a quarter, so that none takes all. Not fewer, since all pods of a
    /// node come from one address where the node translates addresses or runs a cache of its own.
    package var connectionsPerClient = 1024
    /// Queries of one connection that may be under way at a time; no more is read from it meanwhile.
    package var queriesPerConnection = 128
    /// How long a listener that ends waits for what is under way.
    package var endTime: Duration = .seconds(5)

    package init() {}
}
