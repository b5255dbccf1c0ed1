import Testing

@testable import Registry

@Suite("A registry as a source of what names are made of")
struct RegistryDiscoveryTests {
    private struct Told: RegistrySource {
        let events: [RegistryEvent]
        let error: (any Error)?

        func events() async throws -> AsyncThrowingStream<RegistryEvent, any Error> {
            let (stream, continuation) = AsyncThrowingStream<RegistryEvent, any Error>.makeStream()
            for event in events { continuation.yield(event) }
            continuation.finish(throwing: error)
            return stream
        }
    }

    private struct Broken: Error {}

    @Test("Every event comes in its order, in the other form; an error ends both")
    func events() async throws {
        let namespace = RegistryObject.namespace(Namespace(metadata: ObjectMetadata(name: "prod")))
        let version = ResourceVersion(rawValue: 1)
        let events: [RegistryEvent] = [
            .snapshot([namespace], at: version), .changes([.delete(namespace.key)], to: version),
        ]
        let source = RegistryDiscovery(Told(events: events, error: Broken()))
        let selection = DiscoverySelection()
        var told: [DiscoveryEvent] = []
        await #expect(throws: Broken.self) {
            for try await event in try await source.events(of: selection) { told.append(event) }
        }
        #expect(told == events.flatMap { $0.discovery(selection) })
        #expect(told.count == 4)
    }
}
