import BenchmarkSupport
import Foundation
import Glibc

/// Faults that any server may meet.
extension World {
    var commonFaults: [(SeededGenerator) -> Fault] {
        [killed, terminated, frozen, outOfDescriptors, interfaceGone, loopbackDown, clockJumped]
    }

    private func killed(_ generator: SeededGenerator) -> Fault {
        restarted("killed, started again", generator) { $0.kill() }
    }

    private func terminated(_ generator: SeededGenerator) -> Fault {
        restarted("ended, started again", generator) { [self] server in
            // Before it is ready it is ended by the signal.
            let wasReady = server.hasSaidReady
            if let complaint = server.terminate(), wasReady { complain(complaint) }
        }
    }

    /// What is answered from the state on disk at first may be as old as that: it is written every ten seconds.
    func restarted(_ kind: String, _ generator: SeededGenerator, _ end: @escaping (Server) -> Void) -> Fault {
        var generator = generator
        return Fault(
            kind: kind, area: .process,
            excuses: [.silence, .outdated, .outdatedConfiguration, .failure, .failedForwarding, .refusedWrites],
            reach: .seconds(15), hold: UInt32.random(in: 0...1500, using: &generator),
            inject: { [self] in end(server) }, heal: { [self] in try server.start() })
    }

    private func frozen(_ generator: SeededGenerator) -> Fault {
        var generator = generator
        return Fault(
            kind: "frozen (SIGSTOP)", area: .process,
            excuses: [.silence, .outdated, .outdatedConfiguration, .failedForwarding, .refusedWrites],
            hold: UInt32.random(in: 100...3000, using: &generator),
            inject: { [self] in server.signal(SIGSTOP) }, heal: { [self] in server.signal(SIGCONT) })
    }

    /// More connections than the server may have descriptors, from many addresses and to all that it listens on.
    private func outOfDescriptors(_ generator: SeededGenerator) -> Fault {
        var generator = generator
        let hold = UInt32.random(in: 500...3000, using: &generator)
        let ports = connectionPorts
        var sockets: [Int32] = []
        var spent = 0.0
        return Fault(
            kind: "descriptors used up", area: .descriptors,
            excuses: [.silentConnections, .failedForwarding, .refusedWrites, .outdatedConfiguration], hold: hold,
            inject: { [self] in
                for number in 0..<Server.descriptors * 3 / 2 {
                    let port = ports[number % ports.count]
                    sockets.append(Sockets.connecting("127.0.0.1", port, from: "127.0.1.\(number % 200 + 1)"))
                }
                spent = server.processorSeconds ?? 0
            },
            complaint: { [self] in
                // A loop of accepting in vain would take all of the time.
                guard hold >= 1000, let now = server.processorSeconds else { return nil }
                let share = (now - spent) / (Double(hold) / 1000)
                return share > 0.9 ? "\(Report.number(share)) cores were busy while descriptors were used up" : nil
            },
            heal: {
                for socket in sockets where socket >= 0 { close(socket) }
                sockets = []
            })
    }

    private func interfaceGone(_ generator: SeededGenerator) -> Fault {
        var generator = generator
        return Fault(
            kind: "interface gone and back", area: .network, excuses: [.silentInterface],
            hold: UInt32.random(in: 0...2000, using: &generator),
            inject: { [self] in try around.mustRun("ip", ["link", "delete", World.interface]) },
            heal: { [self] in try addInterface() })
    }

    func addInterface() throws {
        try around.mustRun("ip", ["link", "add", World.interface, "type", "veth", "peer", "name", "torture1"])
        try around.mustRun("ip", ["address", "add", "\(World.interfaceAddress)/24", "dev", World.interface])
        try around.mustRun("ip", ["link", "set", World.interface, "up"])
    }

    private func loopbackDown(_ generator: SeededGenerator) -> Fault {
        var generator = generator
        return Fault(
            kind: "loopback down and up", area: .network,
            excuses: [.silence, .outdated, .outdatedConfiguration, .failedForwarding, .refusedWrites],
            hold: UInt32.random(in: 0...3000, using: &generator),
            inject: { [self] in try around.mustRun("ip", ["link", "set", "lo", "down"]) },
            heal: { [self] in try around.mustRun("ip", ["link", "set", "lo", "up"]) })
    }

    /// Nothing is excused: what is answered does not depend on the time of day.
    private func clockJumped(_ generator: SeededGenerator) -> Fault {
        var generator = generator
        let offset =
            [-5 * 31_536_000, -86_400, -3600, -5, 5, 3600, 86_400, 5 * 31_536_000]
            .randomElement(using: &generator) ?? 0
        return Fault(
            kind: "clock jumps there and back", area: .clock, excuses: [],
            hold: UInt32.random(in: 500...3000, using: &generator),
            inject: { [self] in try shim.setClock(offset: Int64(offset)) },
            heal: { [self] in try shim.setClock(offset: 0) })
    }

    /// No room for what the server keeps.
    func diskFull(_ excuses: Set<Excuse>, _ generator: SeededGenerator) -> Fault {
        var generator = generator
        let ballast = data.appending(path: "ballast")
        let spare = Int.random(in: 0...20_000, using: &generator)
        return Fault(
            kind: "disk full", area: .disk, excuses: excuses,
            hold: UInt32.random(in: 500...3000, using: &generator),
            inject: {
                guard FileManager.default.createFile(atPath: ballast.path, contents: nil) else { return }
                let handle = try FileHandle(forWritingTo: ballast)
                defer { try? handle.close() }
                for size in [1 << 20, 4096] {
                    let block = Data(count: size)
                    for _ in 0..<1000 { if (try? handle.write(contentsOf: block)) == nil { break } }
                }
                let size = try handle.offset()
                try handle.truncate(atOffset: size > UInt64(spare) ? size - UInt64(spare) : 0)
            },
            heal: { try? FileManager.default.removeItem(at: ballast) })
    }

    func diskSlow(_ excuses: Set<Excuse>, _ generator: SeededGenerator) -> Fault {
        var generator = generator
        let delay = Int32.random(in: 20...400, using: &generator)
        return Fault(
            kind: "disk slow", area: .disk, excuses: excuses,
            hold: UInt32.random(in: 500...3000, using: &generator),
            inject: { [self] in try shim.setDisk(delayMilliseconds: delay, error: 0) },
            heal: { [self] in try shim.setDisk(delayMilliseconds: 0, error: 0) })
    }

    func diskFailing(_ excuses: Set<Excuse>, _ generator: SeededGenerator) -> Fault {
        var generator = generator
        let error = [EIO, ENOSPC, EROFS].randomElement(using: &generator) ?? EIO
        return Fault(
            kind: "disk failing (EIO, ENOSPC, EROFS)", area: .disk, excuses: excuses,
            hold: UInt32.random(in: 500...3000, using: &generator),
            inject: { [self] in try shim.setDisk(delayMilliseconds: 0, error: error) },
            heal: { [self] in try shim.setDisk(delayMilliseconds: 0, error: 0) })
    }
}
