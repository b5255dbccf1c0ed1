import BenchmarkSupport
import Foundation

extension Bench {
    /// Writes whose way to the watches is timed.
    private static let watchedWrites = 200

    /// What watches cost that nothing happens on, and whether each of them works: one write reaches all.
    func measureIdleWatches() throws {
        let subject = "\(options.watches) idle watches"
        let target = Target.under(30, unit: " MiB")
        try measure(subject, target: target) {
            let path = try watchPath()
            let before = try MemoryReading(of: server.processIdentifier)
            try FileLimit.withRoom(for: options.watches) {
                let fleet = try WatchFleet(count: options.watches, of: path, port: port)
                // Buffers of the start of a watch may still be given back.
                try Interruption.sleep(milliseconds: 1000)
                let cost = try MemoryReading(of: server.processIdentifier).resident - before.resident
                let connection = try HTTPConnection(port: port)
                let start = ContinuousClock.now
                let arrival = try write(number: 0, over: connection, reaching: fleet)
                let time = (arrival.last - start) / .milliseconds(1)
                add(
                    Figure(
                        subject, cost,
                        "\(Report.number(cost)) MiB, \(Report.number(cost * 1024 / Double(options.watches))) KiB each; "
                            + "a write then reached all of them within \(Report.number(time)) ms",
                        target: target))
            }
        }
    }

    /// From the request of a write until the last watch has its event.
    func measureWatchers() throws {
        let subject = "write until the last of \(options.watchers) watches has it, median"
        let target = Target.under(20, unit: " ms")
        try measure(subject, target: target) {
            let path = try watchPath()
            try FileLimit.withRoom(for: options.watchers) {
                let fleet = try WatchFleet(count: options.watchers, of: path, port: port)
                let connection = try HTTPConnection(port: port)
                var (fromRequest, fromReply) = (Times(), Times())
                for number in 1...Self.watchedWrites {
                    let start = ContinuousClock.now
                    let arrival = try write(number: number, over: connection, reaching: fleet)
                    fromRequest.add(arrival.last - start)
                    fromReply.add(arrival.last - arrival.reply)
                }
                let median = fromRequest.median ?? 0
                add(
                    Figure(
                        subject, median,
                        "\(Report.number(median)) ms from the request (99 %: "
                            + "\(Report.number(fromRequest.percentile99 ?? 0)) ms), "
                            + "\(Report.number(fromReply.median ?? 0)) ms from the reply (99 %: "
                            + "\(Report.number(fromReply.percentile99 ?? 0)) ms)",
                        target: target))
            }
        }
    }

    /// Annotates a Service, another one each time, and waits for the event everywhere.
    private func write(
        number: Int, over connection: HTTPConnection, reaching fleet: WatchFleet
    ) throws -> WatchFleet.Arrival {
        let mark = "mark-\(number)-\(UInt64.random(in: 0...UInt64.max))"
        let request = HTTPRequest(
            "PATCH", Self.path(ofService: number % options.services), contentType: "application/merge-patch+json",
            body: #"{"metadata":{"annotations":{"example.org/mark":"\#(mark)"}}}"#)
        return try fleet.arrival(of: mark, sentBy: request, over: connection)
    }

    /// A watch of all Services from now on.
    private func watchPath() throws -> String {
        let list = try ObjectList(
            HTTPConnection(port: port).exchange(HTTPRequest("GET", "\(Self.services.path)?limit=1"), expecting: 200))
        return "\(Self.services.path)?watch=true&resourceVersion=\(list.version)&allowWatchBookmarks=true"
            + "&timeoutSeconds=3600"
    }
}
