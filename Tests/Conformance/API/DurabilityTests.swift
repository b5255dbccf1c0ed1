import Foundation
import Synchronization
import TestSupport
import Testing

/// What was acknowledged is there after the server was killed, whenever that was.
@Suite("Durability")
struct DurabilityTests {
    /// What a client knows of the Services it has written.
    private struct Ledger {
        struct Entry {
            var address: String
            var label: Int
        }

        /// Acknowledged as stored.
        var stored: [String: Entry] = [:]
        /// Acknowledged as removed.
        var removed: Set<String> = []
        /// Asked for when the server died: done or not.
        var unsettled: String?
        var writes = 0
    }

    private static let clients = 4
    /// 200 kills, and more by `SWIFTLET_KILLS`.
    private static let kills = ProcessInfo.processInfo.environment["SWIFTLET_KILLS"].flatMap { Int($0) } ?? 200

    @Test("Acknowledged writes survive kill -9 at any moment; addresses stay, the audit is clean, watches resume")
    func kill() throws {
        var generator = SeededGenerator.announced()
        let data = FileManager.default.temporaryDirectory.appending(path: "durable-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: data) }
        var ledgers = [Ledger](repeating: Ledger(), count: Self.clients)
        var version = ""
        var resumed = 0
        var writesInRound = 0
        for round in 0..<Self.kills {
            let server = try APIServerUnderTest(arguments: ["--data", data, "--quarantine", "0"])
            defer { server.stop() }
            let port = try #require(URL(string: server.url)?.port.flatMap { UInt16(exactly: $0) })
            // Only where something was acknowledged behind that version is there surely something to be told.
            if writesInRound > 0 { resumed += try Self.checkWatch(from: version, port: port) ? 1 : 0 }
            version = try Self.check(&ledgers, port: port, round: round)
            let writes = ledgers.map(\.writes).reduce(0, +)
            Self.run(
                &ledgers, port: port, server: server, seed: generator.next(), acknowledged: round % 4 == 0 ? 0 : 2,
                microseconds: Int.random(in: 2_000...60_000, using: &generator))
            writesInRound = ledgers.map(\.writes).reduce(0, +) - writes
            let audit = try server.shell("swiftlet vip audit --data \(data)")
            #expect(audit.status == 0, "round \(round): \(audit.output)\(audit.errors)")
        }
        let writes = ledgers.map(\.writes).reduce(0, +)
        print("durability: \(Self.kills) kills, \(writes) acknowledged writes, \(resumed) watches resumed")
        #expect(writes > Self.kills)
        #expect(resumed > 0)
    }

    /// Compares what the server has with what was acknowledged; takes over what became of unsettled writes.
    private static func check(_ ledgers: inout [Ledger], port: UInt16, round: Int) throws -> String {
        let reply = try HTTPConnection(port: port).request("GET", "/api/v1/namespaces/default/services")
        #expect(reply.status == 200)
        let items = try #require(reply.object["items"] as? [[String: Any]])
        var found: [String: Ledger.Entry] = [:]
        for item in items {
            let metadata = item["metadata"] as? [String: Any] ?? [:]
            let spec = item["spec"] as? [String: Any] ?? [:]
            let label = (metadata["labels"] as? [String: String])?["n"].flatMap { Int($0) } ?? 0
            found[metadata["name"] as? String ?? ""] = Ledger.Entry(
                address: spec["clusterIP"] as? String ?? "", label: label)
        }
        for index in ledgers.indices {
            if let name = ledgers[index].unsettled {
                if let former = ledgers[index].stored[name], let present = found[name] {
                    #expect(present.address == former.address, "round \(round): the address of \(name) has moved")
                }
                ledgers[index].stored[name] = found[name]
                if found[name] == nil {
                    ledgers[index].removed.insert(name)
                } else {
                    ledgers[index].removed.remove(name)
                }
                ledgers[index].unsettled = nil
            }
            for (name, entry) in ledgers[index].stored {
                #expect(
                    found[name]?.address == entry.address,
                    "round \(round): \(name) was acknowledged with \(entry.address)")
                #expect(
                    found[name]?.label == entry.label, "round \(round): \(name) was acknowledged with \(entry.label)")
            }
            for name in ledgers[index].removed {
                #expect(found[name] == nil, "round \(round): \(name) was acknowledged as removed")
            }
        }
        let addresses = found.values.map(\.address).filter { !$0.isEmpty && $0 != "None" }
        #expect(Set(addresses).count == addresses.count, "round \(round): an address was given twice")
        return (reply.object["metadata"] as? [String: Any])?["resourceVersion"] as? String ?? ""
    }

    /// Whether a watch goes on from a version that an earlier life of the server gave; 410 is the other right answer.
    private static func checkWatch(from version: String, port: UInt16) throws -> Bool {
        let connection = try HTTPConnection(port: port)
        let status = try connection.open(
            "/api/v1/services?watch=1&resourceVersion=\(version)&timeoutSeconds=5&allowWatchBookmarks=1")
        #expect(status == 200)
        // The writes that came after that version are still to be told: one of them at least.
        let line = try connection.line()
        if line.contains("\"code\":410") { return false }
        #expect(line.hasPrefix("{\"type\":\""), "\(line)")
        #expect(!line.hasPrefix("{\"type\":\"ERROR\""), "\(line)")
        return true
    }

    /// Lets all clients write until the server is killed: some microseconds after so many writes were acknowledged.
    private static func run(
        _ ledgers: inout [Ledger], port: UInt16, server: APIServerUnderTest, seed: UInt64, acknowledged: Int,
        microseconds: Int
    ) {
        let results = Mutex(ledgers)
        let acknowledgement = DispatchSemaphore(value: 0)
        let group = DispatchGroup()
        for index in ledgers.indices {
            let start = ledgers[index]
            group.enter()
            Thread.detachNewThread {
                var generator = SeededGenerator(seed: seed &+ UInt64(index))
                var ledger = start
                write(&ledger, client: index, port: port, &generator) { acknowledgement.signal() }
                results.withLock { $0[index] = ledger }
                group.leave()
            }
        }
        for _ in 0..<acknowledged where acknowledgement.wait(timeout: .now() + 30) != .success {
            Issue.record("no write was acknowledged")
        }
        usleep(UInt32(microseconds))
        Foundation.kill(server.process.processIdentifier, SIGKILL)
        group.wait()
        ledgers = results.withLock { $0 }
    }

    private static func write(
        _ ledger: inout Ledger, client: Int, port: UInt16, _ generator: inout SeededGenerator,
        acknowledged: () -> Void
    ) {
        guard let connection = try? HTTPConnection(port: port) else { return }
        while true {
            let names = ledger.stored.keys.sorted()
            let choice = Int.random(in: 0..<10, using: &generator)
            let path = "/api/v1/namespaces/default/services"
            do {
                if names.isEmpty || (choice < 5 && names.count < 200) {
                    let name = "s\(client)-\(UInt32.random(in: .min ... .max, using: &generator))"
                    ledger.unsettled = name
                    let body =
                        "{\"metadata\":{\"name\":\"\(name)\",\"labels\":{\"n\":\"0\"}},\"spec\":{\"ports\":[{\"port\":80}]}}"
                    let reply = try connection.request("POST", path, body)
                    guard reply.status == 201 else {
                        Issue.record("POST: \(reply.status) \(reply.object)")
                        return
                    }
                    let spec = reply.object["spec"] as? [String: Any]
                    ledger.stored[name] = Ledger.Entry(address: spec?["clusterIP"] as? String ?? "", label: 0)
                } else if choice < 8, let name = names.randomElement(using: &generator) {
                    ledger.unsettled = name
                    let label = (ledger.stored[name]?.label ?? 0) + 1
                    let reply = try connection.request(
                        "PATCH", "\(path)/\(name)", type: "application/merge-patch+json",
                        "{\"metadata\":{\"labels\":{\"n\":\"\(label)\"}}}")
                    guard reply.status == 200 else {
                        Issue.record("PATCH: \(reply.status) \(reply.object)")
                        return
                    }
                    ledger.stored[name]?.label = label
                } else if let name = names.randomElement(using: &generator) {
                    ledger.unsettled = name
                    let reply = try connection.request("DELETE", "\(path)/\(name)")
                    guard reply.status == 200 else {
                        Issue.record("DELETE: \(reply.status) \(reply.object)")
                        return
                    }
                    ledger.stored[name] = nil
                    ledger.removed.insert(name)
                }
            } catch {
                return
            }
            ledger.unsettled = nil
            ledger.writes += 1
            acknowledged()
        }
    }
}
