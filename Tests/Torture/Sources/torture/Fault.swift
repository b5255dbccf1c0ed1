import BenchmarkSupport

/// Something to break, and to mend again.
struct Fault {
    /// What is broken; two faults at once are of two areas.
    enum Area: Hashable { case process, source, upstreams, configuration, descriptors, network, disk, clock }

    let kind: String
    let area: Area
    let excuses: Set<Excuse>
    /// How far back outdated answers may reach.
    var reach = Duration.zero
    /// How long it lasts, in milliseconds.
    let hold: UInt32
    var inject: () throws -> Void
    /// What is not as it should be while it lasts, looked at before the end; nil for nothing.
    var complaint: () throws -> String? = { nil }
    var heal: () throws -> Void
    /// Whether it is of two areas, and so never one of two.
    var isAlone = false
    /// Once all is right again.
    var recovered: () -> Void = {}
}
