import BenchmarkSupport
import Foundation

/// Breaks things in one world, one or two at a time, and waits for each recovery.
struct Sequence {
    static let start = "start"
    /// Seconds within which everything is to be right again.
    private static let limit = 60
    let number: Int
    let options: Options

    func run(into outcome: inout Outcome, folder: URL) throws {
        let seed = SeededGenerator.seed(options.seed, part: number)
        var generator = SeededGenerator(seed: seed)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let around = Surroundings(executable: options.executable, folder: folder, seed: generator.next())
        let isEmbedded = options.world.map(EmbeddedWorld.name.contains) ?? (generator.next() % 5 < 2)
        let world = isEmbedded ? try EmbeddedWorld(around) : try ClusterWorld(around)
        var isStopped = false
        defer {
            if !isStopped { world.stop() }
            around.run("ip", ["link", "delete", World.interface])
        }
        note("sequence \(number): \(type(of: world).name)")
        if let time = try world.awaitRecovery(within: Self.limit) {
            outcome.recoveries[Self.start, default: Times()].add(time)
            world.beginLoad()
            for _ in 0..<Int.random(in: 3...5, using: &generator) {
                guard try step(world, &generator, &outcome) else { break }
            }
        } else {
            world.complain(
                "nothing was right within \(Self.limit) s of the start: \(world.laggard); \(world.server.output.suffix(500))"
            )
        }
        isStopped = true
        world.stop()
        let tally = world.examiner.tally
        outcome.tally += tally
        outcome.complaints += (world.complaints + tally.examples).map { "sequence \(number): \($0)" }
        outcome.lostWrites += world.lostWrites
        outcome.acknowledgedWrites += world.acknowledgedWrites
        let name = type(of: world).name
        outcome.peaks[name] = max(outcome.peaks[name] ?? 0, world.server.peak)
        outcome.sequences += 1
        for example in world.complaints + tally.examples { note("sequence \(number): \(example)") }
    }

    /// - Returns: Whether all was right again in time.
    private func step(_ world: World, _ generator: inout SeededGenerator, _ outcome: inout Outcome) throws -> Bool {
        let faults = choose(world, &generator)
        let name = faults.map(\.kind).joined(separator: " + ")
        for fault in faults {
            outcome.injected[fault.kind, default: 0] += 1
            world.excuses.open(fault.excuses, reach: fault.reach)
        }
        for fault in faults { try fault.inject() }
        try Interruption.sleep(milliseconds: faults.map(\.hold).max() ?? 0)
        if faults.count == 1, let complaint = try faults[0].complaint() { world.complain("\(name): \(complaint)") }
        for fault in faults.reversed() { try fault.heal() }
        let time = try world.awaitRecovery(within: Self.limit)
        for fault in faults {
            world.excuses.close(fault.excuses)
            fault.recovered()
        }
        guard let time else {
            outcome.unrecovered += 1
            world.complain(
                "\(name): not right within \(Self.limit) s: \(world.laggard); \(world.server.output.suffix(500))")
            return false
        }
        outcome.recoveries[faults.count == 1 ? name : "two at once", default: Times()].add(time)
        note("  \(name): \(Report.number(time / .milliseconds(1))) ms")
        try world.verify()
        world.server.noteMemory()
        return true
    }

    /// One fault, or two of different areas.
    private func choose(_ world: World, _ generator: inout SeededGenerator) -> [Fault] {
        var chosen: [Fault] = []
        let count = generator.next() % 4 == 0 ? 2 : 1
        var kinds = world.faults.map { make in
            // Each has numbers of its own, so that those left out change nothing.
            make(SeededGenerator(seed: generator.next()))
        }
        if !options.faults.isEmpty {
            kinds = kinds.filter { kind in options.faults.contains { kind.kind.contains($0) } }
        }
        kinds = kinds.filter { kind in !options.without.contains { kind.kind.contains($0) } }
        // An area first, as some have many kinds: each counts as three at most.
        var areas: [Fault.Area] = []
        for kind in kinds where areas.count(where: { $0 == kind.area }) < 3 { areas.append(kind.area) }
        while chosen.count < count, let area = areas.randomElement(using: &generator) {
            areas.removeAll { $0 == area }
            // A server cannot be started where it cannot listen.
            if area == .process { areas.removeAll { $0 == .network } }
            if area == .network { areas.removeAll { $0 == .process } }
            let fitting = kinds.filter { $0.area == area && (chosen.isEmpty || !$0.isAlone) }
            guard let kind = fitting.randomElement(using: &generator) else { continue }
            chosen.append(kind)
            if kind.isAlone { break }
        }
        return chosen
    }
}
