@testable import KubernetesRegistry
import Registry
import Testing

struct RegistryStatusTests {
    @Test("A state is synced once all kinds are complete, and in sync while all are followed")
    func kinds() {
        let manual = ManualTime()
        let status = RegistryStatus(time: manual.time)
        #expect(!status.hasSynced && !status.isInSync && status.source == .none)
        status.expect([.service, .namespace])
        status.completed(.service)
        #expect(!status.hasSynced && !status.isInSync && status.stateAge == nil && status.lastSync == nil)
        status.completed(.namespace)
        #expect(status.hasSynced && status.isInSync && status.source == .api && status.lastSync != nil)
        status.lost(.service)
        manual.advance(by: .seconds(30))
        #expect(status.hasSynced && !status.isInSync)
        #expect(status.stateAge == .seconds(30))
        // Losing it again says nothing new.
        status.lost(.service)
        #expect(status.stateAge == .seconds(30))
        status.following(.service)
        #expect(status.isInSync && status.stateAge == .zero)
    }

    @Test("A state of the file is as old as the file until its watches follow")
    func file() {
        let manual = ManualTime()
        let status = RegistryStatus(time: manual.time)
        status.expect([.service, .namespace])
        // A watch of a kind of which nothing is known follows nothing.
        status.following(.service)
        #expect(!status.isInSync)
        status.restored(.service, age: .seconds(100))
        status.restored(.namespace, age: .seconds(100))
        manual.advance(by: .seconds(5))
        #expect(status.hasSynced && status.source == .file && status.stateAge == .seconds(105))
        status.following(.service)
        #expect(status.source == .file && status.stateAge == .seconds(105))
        status.following(.namespace)
        #expect(status.source == .api && status.stateAge == .zero && status.isInSync)
    }

    @Test("Those who wait are told when all is synced, or when their time is over", .timeLimit(.minutes(1)))
    func waiting() async {
        let manual = ManualTime()
        let status = RegistryStatus(time: manual.time)
        status.expect([.service])
        async let late = status.waitUntilSynced(within: .seconds(5))
        await manual.pass(.seconds(5))
        #expect(await late == false)
        async let early = status.waitUntilSynced(within: .seconds(6))
        async let other = status.waitUntilSynced(within: .seconds(7))
        await manual.sleeper(lasting: .seconds(6))
        await manual.sleeper(lasting: .seconds(7))
        status.completed(.service)
        #expect(await early)
        #expect(await other)
        #expect(await status.waitUntilSynced(within: .zero))
        let cancelled = Task { await RegistryStatus(time: manual.time).waitUntilSynced(within: .seconds(8)) }
        await manual.sleeper(lasting: .seconds(8))
        cancelled.cancel()
        #expect(await cancelled.value == false)
    }
}
