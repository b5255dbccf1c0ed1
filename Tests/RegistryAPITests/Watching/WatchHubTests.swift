import EmbeddedRegistry
import Logging
import Registry
import Testing

@testable import RegistryAPI

@Suite("Watches on the registry", .timeLimit(.minutes(1)))
struct WatchHubTests {
    @Test("Of all watches that there may be a user who is known has half")
    func shares() async throws {
        let store = try RegistryStore(location: .memory)
        let hub = WatchHub(
            store: store, maximumWatches: 10, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { await hub.run() }
        defer { running.cancel() }
        let scope = ObjectScope(.pod)
        func enter(_ user: String?) async -> Int? {
            await hub.enter(scope, user: user, wantsBookmarks: false, lasting: .seconds(600), cutOff: {})?.id
        }
        var greedy: [Int] = []
        for _ in 0..<5 { greedy.append(try #require(await enter("greedy"))) }
        #expect(await enter("greedy") == nil)
        for _ in 0..<4 { #expect(await enter("other") != nil) }
        #expect(await enter(nil) != nil)
        // All are taken; what one leaves is there for the next.
        #expect(await enter("third") == nil)
        hub.leave(greedy[0], scope: scope)
        hub.leave(greedy[0], scope: scope)
        #expect(await enter("greedy") != nil)
        #expect(await enter("third") == nil && hub.count == 10)
    }
}
