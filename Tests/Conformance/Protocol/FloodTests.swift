import Foundation
import LDNS
import Synchronization
import Testing

@Suite("One source that floods, and all others", .serialized, .timeLimit(.minutes(5)))
struct FloodTests {
    /// What is flooded with.
    enum Load: String, CaseIterable, Sendable {
        /// Each query costs the server much more than its sender.
        case costly = "queries that are dear to answer"
        /// Each query would be a task that waits.
        case waiting = "queries whose upstream is silent"

        func message(_ number: Int) -> [UInt8] {
            let name = self == .costly ? "n\(number).costly.test" : "n\(number).dead.test"
            return (try? RawQuery(name: name, type: "A").bytes) ?? []
        }
    }

    private static let environment = ProcessInfo.processInfo.environment
    /// Whether the program is built with a sanitizer (`deploy/test --sanitize`): it takes many times as long, and keeps
    /// what it has freed; what is looked for then is another thing.
    private static let isSanitized = environment["SWIFTLET_SANITIZER"] != nil
    /// The most bytes that a flood may cost, beside a fifth of what the idle process has: 10,000 queries may be under way
    /// (`ServingLimits.queriesUnderWay`), each a task and what it holds.
    private static let bound = isSanitized ? 512 << 20 : 10_000 * 4096
    /// The least part of the others' questions that is answered. The binary built for debugging takes many times as long
    /// for a query, so that on busy processors its queue is full before it finds out who fills it.
    private static let part = isSanitized ? 0.1 : environment["SWIFTLET_BINARY"] == nil ? 0.7 : 0.95
    private static let askers = 8
    private static let questions = 250

    private static func corefile(_ silent: UInt16) -> String {
        let rules = (0..<8).map { "rewrite name regex (.*)[0-9]+([a-z]+)\\.never\($0)\\.test x.test" }
        return """
            costly.test {
                bind 127.0.0.1
                \(rules.joined(separator: "\n    "))
                template IN A costly.test {
                    answer "{{ .Name }} 60 IN A 192.0.2.1"
                }
            }
            . {
                bind 127.0.0.1
                prometheus 127.0.0.1:0
                hosts {
                    192.0.2.10 host.test
                    fallthrough
                }
                forward dead.test 127.0.0.1:\(silent) {
                    max_fails 0
                }
            }
            """
    }

    /// Bytes that the process has in memory.
    private static func resident(_ server: CorefileServer) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(server.process.processIdentifier)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }) << 10
    }

    /// Has askers of an address each ask so many questions one after the other; how many were answered, and rightly.
    private static func answered(port: UInt16, meanwhile: () throws -> Void) throws -> Int {
        let right = Atomic(0)
        let busy = Atomic(askers)
        let done = DispatchGroup()
        for asker in 0..<askers {
            let socket = try LoopbackSocket(from: 0x7f00_0201 + UInt32(asker), to: port)
            done.enter()
            Thread.detachNewThread {
                for _ in 0..<questions {
                    guard let query = try? RawQuery(name: "host.test", type: "A"),
                        let reply = socket.answer(to: query.bytes), let seen = try? WireWitness(reply)
                    else { continue }
                    if seen.answer.count == 1 { right.wrappingAdd(1, ordering: .relaxed) }
                }
                busy.wrappingSubtract(1, ordering: .relaxed)
                done.leave()
            }
        }
        while busy.load(ordering: .relaxed) > 0 { try meanwhile() }
        done.wait()
        return right.load(ordering: .relaxed)
    }

    @Test(
        "Others are answered, 95 % by the program as it is released, memory is bounded, and afterwards all is as before",
        arguments: Load.allCases
    )
    func flood(_ load: Load) throws {
        let silent = try LoopbackSocket(from: 0x7f00_0001, to: nil)
        let server = try CorefileServer(Self.corefile(silent.port), arguments: ["--dns-port", "0", "--workers", "1"])
        defer { server.stop() }
        let port = server.port
        let all = Self.askers * Self.questions
        #expect(try Self.answered(port: port) { sched_yield() } == all)
        _ = try server.get("metrics")
        let idle = try Self.resident(server)
        var peak = 0

        let flood = try Flood(port: port) { load.message($0) }
        let answered = try Self.answered(port: port) { peak = max(peak, try Self.resident(server)) }
        flood.end()
        #expect(Double(answered) >= Self.part * Double(all), "\(answered) of \(all), \(flood.sent) of the flood")
        #expect(peak <= idle + idle / 5 + Self.bound, "\(peak) bytes, \(idle) when idle")
        let dropped = try #require(try server.metric("swiftlet_dns_queue_dropped_total"))
        let refused = try server.metric(#"swiftlet_forward_rejects_total{bound="client"}"#) ?? 0
        #expect(dropped + refused > 0, "\(flood.sent) queries were no flood")

        // Soon nothing is limited any more, and nobody passed over.
        while try server.metric("swiftlet_dns_limited_sources") != 0 {}
        let former = try LoopbackSocket(from: Flood.source, to: port)
        let query = try RawQuery(name: "host.test", type: "A").bytes
        #expect((0..<100).allSatisfy { _ in former.answer(to: query) != nil })
        #expect(try Self.answered(port: port) { sched_yield() } == all)
        #expect(try Self.resident(server) <= idle + idle / 5 + Self.bound)
    }
}
