import BenchmarkSupport
import Foundation
import Glibc

/// A server with a registry of its own, which is written to through its API.
final class EmbeddedWorld: World {
    static let apiPort: UInt16 = 8001

    private let writers: [Writer]
    private var markers = 0

    override class var name: String { "embedded registry" }

    var registry: URL { data.appending(path: "registry") }

    init(_ around: Surroundings) throws {
        let truth = Truth()
        let excuses = Excuses()
        let strain = Strain()
        writers = (0..<2).map {
            Writer(number: $0, port: Self.apiPort, truth, excuses, strain, seed: around.seed &+ UInt64($0))
        }
        try super.init(
            around, truth, excuses, strain,
            arguments: [
                "serve", "--listen", ":53", "--api", "127.0.0.1:\(Self.apiPort)", "--data",
                around.data.appending(path: "registry").path, "--quarantine", "0",
            ])
        try addInterface()
        truth.set(Key("missing.default.svc.cluster.local.", .a), [.nameError])
        try server.start()
    }

    override func beginLoad() {
        for writer in writers { writer.begin() }
        super.beginLoad()
    }

    override func stop() {
        for writer in writers { writer.stop() }
        acknowledgedWrites = writers.map(\.acknowledged).reduce(0, +)
        for writer in writers { writer.complaints.forEach(complain) }
        super.stop()
    }

    // MARK: Recovery

    override func mark() -> Key? {
        markers += 1
        let name = "marker-\(markers)"
        let key = Key("\(name).default.svc.cluster.local.", .a)
        let outcome = HTTP.exchange(Self.apiPort, "POST", Writer.services, body: Writer.service(name, address: nil))
        guard case .reply(let reply) = outcome, reply.status == 201,
            let address = (reply.object["spec"] as? [String: Any])?["clusterIP"] as? String
        else {
            if case .reply(let reply) = outcome { laggard = "POST: \(reply.status) \(reply.text.prefix(300))" }
            return nil
        }
        truth.set(key, [.records([address])])
        return key
    }

    /// Compares what is stored with what was acknowledged.
    override func verify() throws {
        for writer in writers { writer.pause() }
        defer { for writer in writers { writer.resume() } }
        guard let found = stored() else { return complain("the API does not list Services") }
        let addresses = found.values.map(\.address).filter { !$0.isEmpty && $0 != "None" }
        if Set(addresses).count != addresses.count { complain("an address is given twice") }
        for writer in writers {
            let lost = writer.compare(found)
            lostWrites += lost.count
            lost.prefix(3).forEach(complain)
        }
    }

    /// All Services and EndpointSlices, by the names of the Services.
    private func stored() -> [String: Writer.Entry]? {
        var found: [String: Writer.Entry] = [:]
        for path in [Writer.services, Writer.slices] {
            guard let reply = HTTP.get(Self.apiPort, path, seconds: 20), reply.status == 200,
                let items = reply.object["items"] as? [[String: Any]]
            else { return nil }
            for item in items {
                let metadata = item["metadata"] as? [String: Any] ?? [:]
                let name = metadata["name"] as? String ?? ""
                let labels = metadata["labels"] as? [String: String] ?? [:]
                if path == Writer.services {
                    found[name] = Writer.Entry(
                        address: (item["spec"] as? [String: Any])?["clusterIP"] as? String ?? "",
                        label: labels["n"].flatMap { Int($0) } ?? 0)
                } else if let owner = labels["kubernetes.io/service-name"] {
                    let endpoints = item["endpoints"] as? [[String: Any]] ?? []
                    found[owner]?.endpoints = endpoints.flatMap { $0["addresses"] as? [String] ?? [] }
                }
            }
        }
        return found
    }

    override var connectionPorts: [UInt16] { [server.port, Self.apiPort] }

    override var faults: [(SeededGenerator) -> Fault] {
        commonFaults + [
            { [self] in diskFull([.refusedWrites], $0) }, { [self] in diskSlow([], $0) },
            { [self] in diskFailing([.refusedWrites], $0) }, readOnlyStart, fullStart, damaged,
        ]
    }

    /// Killed, and started again where nothing can be written: then writes are taken as soon as they can be.
    private func readOnlyStart(_ generator: SeededGenerator) -> Fault {
        let path = data.path
        return badStart(
            "disk read-only over a start, then writable", generator,
            spoil: { [self] in try around.mustRun("mount", ["-o", "remount,ro", path]) },
            mend: { [self] in try around.mustRun("mount", ["-o", "remount,rw", path]) })
    }

    /// The same for a disk without room.
    private func fullStart(_ generator: SeededGenerator) -> Fault {
        let full = diskFull([], generator)
        return badStart("disk full over a start, then room", generator, spoil: full.inject, mend: full.heal)
    }

    private func badStart(
        _ kind: String, _ generator: SeededGenerator, spoil: @escaping () throws -> Void,
        mend: @escaping () throws -> Void
    ) -> Fault {
        var fault = restarted(kind, generator) { $0.kill() }
        let (kill, start) = (fault.inject, fault.heal)
        fault.isAlone = true
        fault.inject = { [self] in
            try kill()
            try spoil()
            try start()
            // What was stored is answered all the same.
            if let late = try awaitAnswers(seconds: 60) { complain("\(kind): \(late)") }
        }
        fault.heal = mend
        return fault
    }

    /// The database is overwritten or cut while it is served; then a copy of it is put back, as from a backup.
    private func damaged(_ generator: SeededGenerator) -> Fault {
        var generator = generator
        let choice = generator.next()
        var fault = restarted("database damaged, backup put back", generator) { _ in }
        let start = fault.heal
        fault.isAlone = true
        let (registry, backup) = (registry.path, around.folder.appending(path: "backup").path)
        fault.inject = { [self] in
            for writer in writers { writer.pause() }
            server.kill()
            try? FileManager.default.removeItem(atPath: backup)
            try FileManager.default.copyItem(atPath: registry, toPath: backup)
            try start()
            if let late = try awaitAnswers(seconds: 60) { complain("before the damage: \(late)") }
            let files = choice % 3 == 0 ? ["registry.sqlite", "registry.sqlite-wal"] : ["registry.sqlite"]
            for name in files {
                guard let handle = FileHandle(forUpdatingAtPath: "\(registry)/\(name)") else { continue }
                defer { try? handle.close() }
                if choice % 2 == 0 {
                    try handle.truncate(atOffset: choice % 30_000)
                } else {
                    try handle.seek(toOffset: choice % 30_000)
                    try handle.write(contentsOf: Data(repeating: 0xA5, count: 60_000))
                }
            }
        }
        fault.complaint = { [self] in
            // DNS goes on from what is known.
            try awaitAnswers(seconds: 2).map { "after the damage: \($0)" }
        }
        fault.heal = { [self] in
            server.kill()
            try FileManager.default.removeItem(atPath: registry)
            try FileManager.default.copyItem(atPath: backup, toPath: registry)
            try start()
            for writer in writers { writer.resume() }
        }
        return fault
    }
}
