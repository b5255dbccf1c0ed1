/// A registry as a source of what names are made of.
package struct RegistryDiscovery: DiscoverySource {
    private let registry: any RegistrySource

    package init(_ registry: any RegistrySource) {
        self.registry = registry
    }

    /// The registry is read at the pace of the one who reads the events.
    package func events(of selection: DiscoverySelection) async throws -> AsyncThrowingStream<DiscoveryEvent, any Error>
    {
        let reader = Reader(try await registry.events(), selection)
        return AsyncThrowingStream { try await reader.next() }
    }

    /// Turns events one by one; a snapshot is held until the last part of it has been handed over.
    private actor Reader {
        private var iterator: AsyncThrowingStream<RegistryEvent, any Error>.Iterator
        private let selection: DiscoverySelection
        /// What has not been handed over yet, the last first.
        private var pending: [DiscoveryEvent] = []

        init(_ events: AsyncThrowingStream<RegistryEvent, any Error>, _ selection: DiscoverySelection) {
            iterator = events.makeAsyncIterator()
            self.selection = selection
        }

        func next() async throws -> DiscoveryEvent? {
            while true {
                if let event = pending.popLast() { return event }
                var iterator = iterator
                guard let event = try await iterator.next(isolation: self) else { return nil }
                self.iterator = iterator
                pending = event.discovery(selection).reversed()
            }
        }
    }
}
