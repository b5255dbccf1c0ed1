import BenchmarkSupport
import Foundation
import Glibc

/// Asks a server in every way it can be asked, the same for a time and again, and looks whether what it holds in memory
/// grows from one time to the next, and whether it rests when it is left alone.
///
/// What a program leaks may depend on how it was compiled: this is for the one that is released.
struct Soak {
    /// Growth of a time that is nothing yet: what is kept is kept in pieces.
    private static let slack = 0.5
    /// Growth must stop within so many times more; a leak does not.
    private static let extraTimes = 4
    /// The part of a core that nobody's questions may take.
    private static let restingShare = 0.05

    /// A way to ask.
    private struct Way {
        let name: String
        /// Times that fill what is bounded: caches, histories, pools.
        var warmUp = 2
        let run: (ContinuousClock.Instant) throws -> Int
    }

    let executable: String
    let seconds: Int
    let seed: UInt64

    /// - Returns: One figure for each way, and whether all are as they should be.
    func run(folder: URL) throws -> (report: Report, hasFailed: Bool) {
        var report = Report()
        for isEmbedded in [false, true] {
            let place = folder.appending(path: isEmbedded ? "embedded" : "cluster")
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            let around = Surroundings(executable: executable, folder: place, seed: seed)
            let world = isEmbedded ? try EmbeddedWorld(around) : try ClusterWorld(around)
            defer {
                world.stop()
                around.run("ip", ["link", "delete", World.interface])
            }
            guard try world.awaitRecovery(within: 60) != nil else {
                throw BenchmarkError.badRun("nothing was right within 60 s of the start: \(world.laggard)")
            }
            (world as? ClusterWorld)?.changes.rest(true)
            for way in isEmbedded ? Self.ways(of: world) : try Self.ways(of: world as? ClusterWorld) {
                let figure = try measure(way, world)
                note("\(figure.subject): \(figure.missesTarget ? "grows" : "well")")
                report.add(figure)
            }
            let share = try rest(world)
            report.add(
                Figure(
                    "\(type(of: world).name): CPU time in two seconds after all this, nobody asking", share,
                    String(format: "%.1f %% of a core", share * 100), target: .atMost(Self.restingShare, unit: "")))
        }
        return (report, report.figures.contains(where: \.missesTarget))
    }

    private func measure(_ way: Way, _ world: World) throws -> Figure {
        var (resident, answered) = ([Double](), 0)
        func once() throws {
            let count = try way.run(.now + .seconds(seconds))
            guard count > 0, let process = world.server.processIdentifier, world.server.complaint == nil else {
                throw BenchmarkError.badRun("\(way.name): no answer; \(world.server.output.suffix(500))")
            }
            answered += count
            try Interruption.sleep(milliseconds: 100)
            resident.append(try MemoryReading(of: process).resident)
        }
        for _ in 0..<way.warmUp { try once() }
        var growth = Double.infinity
        for _ in 0..<Self.extraTimes where growth > Self.slack {
            try once()
            growth = resident[resident.count - 1] - resident[resident.count - 2]
        }
        let text = resident.map(Report.number).joined(separator: ", ")
        return Figure(
            "\(type(of: world).name): \(way.name)", growth,
            "\(Report.number(Double(answered))) answers; \(text) MiB after each time",
            target: .atMost(Self.slack, unit: " MiB in the last"))
    }

    /// The part of a core that is used when nobody asks.
    private func rest(_ world: World) throws -> Double {
        // Connections are closed by now, and what they left is cleared away.
        try Interruption.sleep(milliseconds: 500)
        let before = world.server.processorSeconds ?? 0
        try Interruption.sleep(milliseconds: 2000)
        return ((world.server.processorSeconds ?? .infinity) - before) / 2
    }

    // MARK: Ways

    private static func ways(of world: ClusterWorld?) throws -> [Way] {
        guard let world else { return [] }
        var generator = SeededGenerator(seed: world.around.seed)
        let known = world.truth.keys.map { Packet.question($0.name, $0.type) }
        var number = generator.next() % 1_000_000_000
        func hammer(_ end: ContinuousClock.Instant) -> Hammer { Hammer(port: world.server.port, end: end) }
        func next() -> [UInt8] {
            number += 1
            return known[Int(number % UInt64(known.count))]
        }
        func other() -> [UInt8] {
            number += 1
            return Packet.question("n\(number).example.", .a)
        }
        func kept() -> [UInt8] {
            number += 1
            return Packet.question("n\(number % 100).example.", .a)
        }
        func forwarding(_ mood: Upstream.Mood) -> Way {
            Way(name: "forwarded by UDP, upstreams \(mood.name)") { end in
                for upstream in world.upstreams { try upstream.behave(mood) }
                defer { for upstream in world.upstreams { try? upstream.behave(.well) } }
                return hammer(end).datagrams(other)
            }
        }
        return [
            Way(name: "names of the cluster, UDP") { hammer($0).datagrams(next) },
            Way(name: "names of the cluster, one connection") { hammer($0).connections(each: .max, next) },
            Way(name: "names of the cluster, a connection for two") { hammer($0).connections(each: 2, next) },
            Way(name: "names from the cache, UDP") { hammer($0).datagrams(kept) },
            forwarding(.well), forwarding(.twice), forwarding(.truncated), forwarding(.extraRecords),
            Way(name: "TLS handshakes") { end in
                let rest = max(1, Int((end - .now) / .seconds(1)))
                let output = world.around.run(
                    "openssl", ["s_time", "-connect", "127.0.0.1:\(ClusterWorld.tlsPort)", "-new", "-time", "\(rest)"])
                // `1234 connections in 0.56s; …`, twice.
                return (output ?? "").split(separator: "\n").compactMap { line in
                    line.contains("connections in") ? line.split(separator: " ").first.flatMap { Int($0) } : nil
                }.max() ?? 0
            },
            Way(name: "metrics, health") { end in
                hammer(end).requests {
                    HTTP.get(ClusterWorld.metricsPort, "/metrics")?.status == 200
                        && HTTP.get(ClusterWorld.readyPort, "/ready")?.status == 200
                }
            },
            Way(name: "changes of the cluster, each answered") { end in
                try hammer(end).requests {
                    for _ in 0..<20 { world.api.change(using: &generator) }
                    return try world.awaitRecovery(within: 10) != nil
                }
            },
        ]
    }

    private static func ways(of world: World) -> [Way] {
        let port = EmbeddedWorld.apiPort
        func hammer(_ end: ContinuousClock.Instant) -> Hammer { Hammer(port: port, end: end) }
        func request(_ method: String, _ path: String, _ body: String = "") -> Int? {
            guard case .reply(let reply) = HTTP.exchange(port, method, path, body: body) else { return nil }
            return reply.status
        }
        return [
            // The history of changes is kept up to its bound.
            Way(name: "Services written and deleted", warmUp: 6) { end in
                hammer(end).requests {
                    request("POST", Writer.services, Writer.service("soak", address: nil)) == 201
                        && request("DELETE", "\(Writer.services)/soak") == 200
                }
            },
            Way(name: "lists") { end in hammer(end).requests { request("GET", Writer.services) == 200 } },
            Way(name: "refused writes") { end in
                hammer(end).requests { request("POST", Writer.services, "{\"metadata\":{}}") == 422 }
            },
            Way(name: "watches, begun and left") { end in
                hammer(end).requests {
                    let socket = Sockets.connected(SOCK_STREAM, "127.0.0.1", port, seconds: 2)
                    guard socket >= 0 else { return false }
                    defer { close(socket) }
                    let head = "GET \(Writer.services)?watch=true HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
                    return Sockets.sendAll(head.utf8, to: socket) && Sockets.receive(12, from: socket) != nil
                }
            },
        ]
    }
}
