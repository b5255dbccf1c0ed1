import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@Suite("The end of the API", .timeLimit(.minutes(3)))
struct OwnAPIEndTests {
    @Test("Connections that come as the API ends do not end the process")
    func connections() async throws {
        let folder = try TemporaryFolder()
        let api = try OwnAPI(folder: folder.path("data"), retainedEvents: 10)
        for _ in 0..<10 {
            try await api.start()
            let clients = Clients(port: UInt16(await api.port), number: 4)
            await clients.waitForSome()
            await api.stop()
            await clients.stop()
        }
    }
}

/// Threads that connect and go again, one connection after the other.
private final class Clients: Sendable {
    private let isOver = Atomic(false)
    private let made = Atomic(0)
    private let running: Atomic<Int>

    init(port: UInt16, number: Int) {
        running = Atomic(number)
        for _ in 0..<number { Thread.detachNewThread { self.connect(port) } }
    }

    private func connect(_ port: UInt16) {
        defer { running.subtract(1, ordering: .releasing) }
        while !isOver.load(ordering: .acquiring) {
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard client >= 0 else { continue }
            defer { close(client) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            let status = withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if status == 0 { made.add(1, ordering: .relaxed) }
        }
    }

    func waitForSome() async {
        while made.load(ordering: .relaxed) < 100 { await Task.yield() }
    }

    func stop() async {
        isOver.store(true, ordering: .releasing)
        while running.load(ordering: .acquiring) > 0 { await Task.yield() }
    }
}
