import Corefile
import Registry
import TestSupport
import Testing

@testable import Forwarding

@Suite("What is known about upstreams")
struct UpstreamStateTests {
    @Test("An upstream is down when more checks failed than max_fails allows, and well after one that did not")
    func health() {
        var health = UpstreamHealth()
        let first = health.noteError(limit: 2)
        let second = health.noteError(limit: 2)
        #expect(first && !second, "the checks that the first error began are under way")
        for isDown in [false, false, true] {
            let goesOn = health.noteCheck(succeeded: false)
            #expect(goesOn && health.isDown(limit: 2) == isDown)
        }
        let goesOn = health.noteCheck(succeeded: true)
        let again = health.noteError(limit: 2)
        #expect(!goesOn && !health.isDown(limit: 2) && again)
    }

    @Test("With max_fails 0 an upstream is never checked and never down")
    func unchecked() {
        var health = UpstreamHealth()
        let begins = health.noteError(limit: 0)
        #expect(!begins)
        for _ in 0..<5 { _ = health.noteCheck(succeeded: false) }
        #expect(!health.isDown(limit: 0))
    }

    @Test("sequential keeps the order, round_robin puts each one first in turn")
    func fixedOrders() {
        var random = SeededGenerator(seed: 1)
        let sequential = UpstreamOrder(.sequential)
        let same = (0..<2).map { _ in sequential.indices(count: 3, &random) }
        #expect(same == [[0, 1, 2], [0, 1, 2]])
        let turns = UpstreamOrder(.roundRobin)
        let orders = (0..<4).map { _ in turns.indices(count: 3, &random) }
        #expect(orders == [[1, 0, 2], [2, 0, 1], [0, 1, 2], [1, 0, 2]])
    }

    @Test("random tries every upstream once, and each of them first about as often")
    func randomOrder() {
        var random = SeededGenerator(seed: 7)
        let order = UpstreamOrder(.random)
        var first = [0, 0, 0]
        for _ in 0..<3000 {
            let indices = order.indices(count: 3, &random)
            #expect(indices.sorted() == [0, 1, 2])
            first[indices[0]] += 1
        }
        #expect(first.allSatisfy { (900...1100).contains($0) })
    }

    @Test("No upstream and one upstream need no order", arguments: ForwardSettings.Policy.allCases)
    func fewUpstreams(_ policy: ForwardSettings.Policy) {
        var random = SeededGenerator(seed: 1)
        let orders = (0..<2).map { UpstreamOrder(policy).indices(count: $0, &random) }
        #expect(orders == [[], [0]])
    }

    @Test("nameserver lines of resolv.conf, each server once")
    func resolvConf() {
        let text = """
            # comment
            ; nameserver 192.0.2.9
            search svc.cluster.local
            nameserver 192.0.2.1
            nameserver\t2001:db8::1 trailing words
            nameserver fe80::1%eth0
            nameserver 192.0.2.1
            nameserver
            nameserver not-an-address
            options ndots:5
            """
        let places = ResolvConf.places(in: Array(text.utf8))
        #expect(places.map(\.description) == ["192.0.2.1:53", "[2001:db8::1]:53", "[fe80::1%eth0]:53"])
    }

    @Test("Addresses of sockets are those of upstreams; an interface that is not there has none")
    func socketAddress() {
        let v6 = UpstreamPlace(.v6(0x2001_0db8_0000_0000_0000_0000_0000_0001), port: 5300)
        #expect(SocketText.text(v6.socketAddress) == "[2001:db8::1]:5300" && v6.description == "[2001:db8::1]:5300")
        let v4 = UpstreamPlace(.v4(0xc000_0201))
        #expect(SocketText.text(v4.socketAddress) == "192.0.2.1:53")
        let linkLocal = UpstreamPlace(.v6(0xfe80_0000_0000_0000_0000_0000_0000_0001), interface: "no-such-link")
        #expect(linkLocal.socketAddress == nil)
    }

    @Test("One client gets its share, all together no more than there are places")
    func limits() {
        let limits = QuestionLimits(total: 3, share: 2)
        let (a, b, c) = (IPAddress.v4(1), IPAddress.v4(2), IPAddress.v4(3))
        #expect(limits.enter(a) == nil)
        #expect(limits.enter(a) == nil)
        #expect(limits.enter(a) == .client)
        #expect(limits.enter(b) == nil)
        #expect(limits.enter(c) == .all)
        limits.leave(a)
        #expect(limits.underWay == 2)
        #expect(limits.enter(c) == nil)
        limits.leave(b)
        limits.leave(c)
        limits.leave(a)
        #expect(limits.underWay == 0)
    }
}
