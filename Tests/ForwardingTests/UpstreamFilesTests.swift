import Corefile
import DNS
import Glibc
import Pipeline
import Synchronization
import TestSupport
import Testing

@testable import Forwarding

@Suite("Upstreams from files")
struct UpstreamFilesTests {
    @Test("A file that is not there, or names nobody, stops the start and is named")
    func missing() throws {
        let folder = try TemporaryFolder()
        try folder.write("empty.conf", "search example.org\n")
        #expect(throws: CorefileError.self) { try Asker("forward . \(folder.path("none.conf"))") }
        do {
            _ = try Asker("forward . \(folder.path("empty.conf"))")
            Issue.record("an empty file names no upstream")
        } catch let error as CorefileError {
            #expect(error.line == 2 && error.reason == "names no upstream")
        }
    }

    @Test("A FIFO in place of a file with upstreams, or of one of tls, stops the start and is named")
    func fifo() throws {
        let folder = try TemporaryFolder()
        let fifo = folder.path("fifo")
        try #require(mkfifo(fifo, 0o600) == 0)
        for (lines, reason) in [
            ("forward . \(fifo)", "is no file that can be read"),
            ("forward . tls://192.0.2.1 {\ntls \(fifo)\n}", "is no regular file"),
            ("forward . tls://192.0.2.1 {\ntls \(fifo) \(fifo)\n}", "is no regular file"),
        ] {
            let error = #expect(throws: CorefileError.self) { try Asker(lines) }
            #expect(error?.reason == reason && error?.token == fifo, "\(lines)")
        }
    }

    @Test("The files are read again when they change; one that names nobody changes nothing")
    func change() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("resolv.conf")
        try folder.write("resolv.conf", "nameserver 192.0.2.1\n")
        let reads = Mutex(0)
        let (changes, changed) = AsyncStream.makeStream(of: String.self)
        let forwarders = try Self.forwarder(path) { text in
            reads.withLock { $0 += 1 }
            changed.yield(text)
        }
        let (forwarder, surroundings) = forwarders
        let follow = Task { await UpstreamFiles.follow(forwarder, surroundings) }
        defer { follow.cancel() }
        var iterator = changes.makeAsyncIterator()
        // The reading at start, and the one when the watch stands.
        _ = await iterator.next()
        _ = await iterator.next()
        try folder.write("resolv.conf", "nameserver 192.0.2.2\nnameserver 192.0.2.1\n")
        while let text = await iterator.next(), !text.contains("192.0.2.2") {}
        await until { forwarder.places.count == 2 }
        #expect(forwarder.places.map(\.description) == ["192.0.2.2:53", "192.0.2.1:53"])
        try folder.write("new.conf", "# nobody\n")
        try folder.rename("new.conf", "resolv.conf")
        while let text = await iterator.next(), !text.contains("nobody") {}
        #expect(forwarder.places.count == 2)
    }

    @Test("An upstream that is asked no more is checked no more, though it never answers")
    func retired() async throws {
        let folder = try TemporaryFolder()
        try folder.write("resolv.conf", "nameserver 127.0.0.1\nnameserver 127.0.0.2\n")
        let (forwarder, _) = try Self.forwarder(folder.path("resolv.conf")) { _ in }
        let upstreams = forwarder.upstreams.withLock { $0 }
        #expect(upstreams.count == 2)
        // Checks have begun for the one, and not for the other.
        #expect(upstreams[0].noteError(limit: 2))
        for upstream in upstreams { upstream.retire() }
        #expect(await !upstreams[0].check(forwarder.line.healthCheck, overStream: false))
        #expect(!upstreams[1].noteError(limit: 2))
    }

    private static func forwarder(
        _ path: String, _ read: @escaping @Sendable (String) -> Void
    ) throws -> (Forwarder, ForwardStage.Surroundings) {
        let corefile = try CorefileParser.corefile(Array(". {\nforward . \(path)\n}".utf8), file: "Corefile")
        let settings = try #require(try corefile.blocks.first?.settings(ForwardSettings.self))
        var surroundings = ForwardStage.Surroundings(metrics: .init(), logger: .init(label: "test"))
        surroundings.clock = SteppedClock()
        surroundings.readFile = { path in
            let bytes = ForwardStage.Surroundings.contents(path)
            read(String(decoding: bytes ?? [], as: UTF8.self))
            return bytes
        }
        return (try Forwarder(try #require(settings.lines.first), surroundings), surroundings)
    }
}
