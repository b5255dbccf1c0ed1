import ClusterServing
import ClusterZone
import Registry

/// A change in a cluster until its answers are in the table: zone and table together.
enum RebuildOperations {
    static func all() async throws -> [Operation] {
        [
            try await address(),
            try await endpoint(of: 1, count: 1000),
            try await endpoint(of: 100, count: 200),
            try await endpoint(of: 5000, count: 20),
        ]
    }

    /// A Service whose virtual IP changes.
    private static func address() async throws -> Operation {
        let events = try ["10.96.1.1", "10.96.1.2"].map { text in
            guard let address = IPAddress(text) else { throw SetupError("\(text) is no address") }
            return DiscoveryEvent.changes([
                .put(
                    .service(
                        DiscoveryService(
                            NamespacedName(namespace: "shop", name: "web"), target: .virtualIPs([address]),
                            ports: [
                                DiscoveryPort(name: "http", number: 80), DiscoveryPort(name: "https", number: 443),
                            ])))
            ])
        }
        let publisher = try SampleCluster.makePublisher()
        await publish([.put(.namespace("shop"))], by: publisher)
        return operation("rebuild: a Service's address", count: 1000, events, publisher)
    }

    /// One endpoint of a headless Service of some; its slice has 100 of them at most.
    private static func endpoint(of endpoints: Int, count: Int) async throws -> Operation {
        let publisher = try SampleCluster.makePublisher()
        let service = HeadlessService(endpoints: endpoints, selection: publisher.selection)
        await publish([.put(.namespace("shop"))] + service.everything, by: publisher)
        let events = [true, false].map { DiscoveryEvent.changes([service.slice(0, changed: $0)]) }
        return operation("rebuild: one of \(endpoints) endpoints", count: count, events, publisher)
    }

    private static func publish(_ changes: [DiscoveryChange], by publisher: ZonePublisher) async {
        let kinds = publisher.selection.kinds
        await publisher.start()
        await publisher.apply(.snapshotBegins(kinds))
        await publisher.apply(.changes(changes))
        await publisher.apply(.snapshotEnds(kinds))
    }

    private static func operation(
        _ name: String, count: Int, _ events: [DiscoveryEvent], _ publisher: ZonePublisher
    ) -> Operation {
        Operation(name, count: count) { count in
            for number in 0..<count { await publisher.apply(events[number % events.count]) }
        }
    }
}
