import DNS
import Pipeline
import Synchronization
import Testing

@testable import Nameserver

/// Asks over UDP from many ports, one question at a time on each, and counts what comes back.
private final class Load: Sendable {
    private struct Results {
        var replies: [[UInt8]: Int] = [:]
        var lost = 0
    }

    private let results = Mutex(Results())
    private let isOver = Atomic(false)

    var replies: [[UInt8]: Int] { results.withLock { $0.replies } }
    var lost: Int { results.withLock { $0.lost } }

    func stop() { isOver.store(true, ordering: .releasing) }

    /// Asks from four threads until `stop`; `onReply` hears of each reply.
    func run(to server: ListenAddress, onReply: @escaping @Sendable () -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { await self.runOne(to: server, onReply: onReply) } }
        }
    }

    private func runOne(to server: ListenAddress, onReply: @escaping @Sendable () -> Void) async {
        await onThread { [self] in
            var number = 0
            while !isOver.load(ordering: .acquiring) {
                number += 1
                // A port of its own for each question: the kernel picks a socket of the group by it.
                guard let client = try? TestSocket(.datagram, to: server) else { continue }
                client.send(TestQuery("n\(number).test.").bytes)
                let reply = try? TestReply(client.receive())
                client.close()
                results.withLock { results in
                    if let data = reply?.answers.first?.data.bytes {
                        results.replies[data, default: 0] += 1
                    } else {
                        results.lost += 1
                    }
                }
                onReply()
            }
        }
    }
}

/// Lets a test wait until so many things have happened.
private final class Progress: Sendable {
    private let state = Mutex<(count: Int, waiters: [(Int, CheckedContinuation<Void, Never>)])>((0, []))

    func note() {
        let ready = state.withLock { state in
            state.count += 1
            let ready = state.waiters.filter { $0.0 <= state.count }
            state.waiters.removeAll { $0.0 <= state.count }
            return ready
        }
        for (_, continuation) in ready { continuation.resume() }
    }

    /// Waits for `count` more.
    func wait(for count: Int) async { await wait(until: state.withLock { $0.count + count }) }

    /// Waits until there have been `count` in all.
    func wait(until count: Int) async {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if state.count < count { state.waiters.append((count, continuation)) }
                return state.count >= count
            }
            if isReady { continuation.resume() }
        }
    }
}

@Suite("Exchange and take-over", .timeLimit(.minutes(3)))
struct ExchangeTests {
    @Test("Content exchanged under load loses no query; what is under way ends with what it began with")
    func exchange() async throws {
        let gate = Gate()
        let held = try TestServer.name("held.test.")
        func content(_ last: UInt8) -> ListenerContent {
            NameserverTests.content(
                StubStage { query, _ in
                    if query.name == held { await gate.pass(held) }
                    return .address(last, for: query)
                })
        }
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(
            ListenerSettings(.dns, [Loopback.address], workers: 2), content(1))
        let waiting = try TestSocket(.datagram, to: listener.addresses[0])
        let stream = try TestSocket(.stream, to: listener.addresses[0])
        defer { for socket in [waiting, stream] { socket.close() } }
        waiting.send(TestQuery("held.test.").bytes)
        await gate.wait(for: 1)

        let load = Load()
        let progress = Progress()
        async let loaded: Void = load.run(to: listener.addresses[0]) { progress.note() }
        for round in 0..<50 {
            await progress.wait(for: 20)
            try listener.exchange(content(round % 2 == 0 ? 2 : 1))
            // A connection that was there before takes the new content too.
            stream.send(TestSocket.framed(TestQuery("stream.test.").bytes))
            let reply = try TestReply(await onThread { stream.receiveMessage() })
            #expect(reply.answers.map(\.data.bytes) == [[192, 0, 2, round % 2 == 0 ? 2 : 1]])
        }
        load.stop()
        await loaded
        #expect(load.lost == 0)
        #expect(Set(load.replies.keys) == [[192, 0, 2, 1], [192, 0, 2, 2]])
        #expect(load.replies.values.reduce(0, +) >= 1000)

        try listener.exchange(content(3))
        gate.open()
        let reply = try TestReply(await onThread { waiting.receive() })
        #expect(reply.answers.map(\.data.bytes) == [[192, 0, 2, 1]])
        await listeners.stop()
    }

    /// Tells of its end.
    private final class Kept: Sendable {
        let progress: Progress

        init(_ progress: Progress) { self.progress = progress }

        deinit { progress.note() }
    }

    @Test("Former content goes, though nobody asks any more", arguments: [ListenerSettings.Scheme.dns, .tls, .https])
    func release(_ scheme: ListenerSettings.Scheme) async throws {
        let released = Progress()
        func content(_ last: UInt8) -> ListenerContent {
            let kept = Kept(released)
            return NameserverTests.content(
                StubStage { query, _ in withExtendedLifetime(kept) { .address(last, for: query) } })
        }
        let certificate = scheme == .dns ? nil : try await TestCertificate(serial: 1)
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(
            ListenerSettings(scheme, [Loopback.address], workers: 2), content(1), tls: certificate?.configuration)
        let options = [ListenerSettings.Scheme.dns: "+tcp", .tls: "+tls", .https: "+https"]
        let output = try await run(
            "kdig", ["@127.0.0.1", "-p", "\(listener.addresses[0].port)", options[scheme] ?? "", "a.test.", "A"])
        #expect(output.contains("192.0.2.1"), "\(output)")
        for last: UInt8 in 2...4 {
            try listener.exchange(content(last), tls: certificate?.configuration)
            await released.wait(until: Int(last) - 1)
        }
        await listeners.stop()
    }

    @Test("A server that takes over from one that ends loses no query")
    func takeOver() async throws {
        // Two sets of listeners, as two processes have them.
        var current = Listeners(limits: .patient)
        var listener = try await current.open(
            ListenerSettings(.dns, [Loopback.address], workers: 2), content(.address(0)))
        let address = listener.addresses[0]
        let load = Load()
        let progress = Progress()
        async let loaded: Void = load.run(to: address) { progress.note() }
        for round in 1...8 {
            await progress.wait(for: 100)
            let next = Listeners(limits: .patient)
            listener = try await next.open(
                ListenerSettings(.dns, [address], workers: 2, takesOver: true), content(.address(UInt8(round))))
            await current.stop()
            current = next
        }
        await progress.wait(for: 100)
        load.stop()
        await loaded
        #expect(load.lost == 0)
        #expect(load.replies.count == 9, "each server has answered")
        #expect(listener.addresses == [address])
        await current.stop()
    }
}
