import BenchmarkSupport
import Foundation

extension Bench {
    /// Seconds that a measurement of the disk takes, for each of the two ways to write.
    private static let floorSeconds = 1.5

    /// Namespaces, Services, slices and the peer's values; the disk is measured between them.
    func measureWrites() throws {
        let count = options.services
        try measure("Namespaces") {
            let connection = try HTTPConnection(port: port)
            for request in Workload.namespaceCreations { try connection.exchange(request, expecting: 201) }
        }
        var floor = [try diskFloor()]
        try measureWrites(
            "\(count) Services created by \(options.connections) connections", target: .atLeast(630, unit: "/s"),
            floor: &floor
        ) {
            try Writes((0..<count).map(workload.serviceCreation), by: options, server: server)
        }
        try measureWrites(
            "\(count) EndpointSlices of \(Workload.endpointsPerSlice) endpoints, the same way", floor: &floor
        ) {
            try Writes((0..<count).map(workload.sliceCreation), by: options, server: server)
        }
        if let executable = Program.find("etcd") {
            try measureWrites("etcd: \(count) values of the Services' size, the same way", floor: &floor) {
                let etcd = try EtcdPeer(executable: executable, folder: folder)
                defer { etcd.stop() }
                return try Writes(
                    (0..<count).map { index in
                        EtcdPeer.put(
                            workload.serviceBody(index),
                            at: "/registry/services/\(Workload.namespace(of: index))/\(Workload.serviceName(index))")
                    }, by: options, etcd: etcd)
            }
        } else {
            note("etcd is not installed and is not measured")
        }
        noteDisk(rates: floor.map(\.overwritesPerSecond))
        addDisk("written over", floor.map(\.overwritesPerSecond))
        addDisk("appended", floor.map(\.appendsPerSecond))
    }

    /// Takes one run of writes and the disk's figure after it, and compares the two; the disk is not as fast at all
    /// times.
    private func measureWrites(
        _ subject: String, target: Target? = nil, floor: inout [FlushFloor], _ body: () throws -> Writes
    ) throws {
        try measure(subject, target: target) {
            let writes = try body()
            floor.append(try diskFloor())
            let around = floor.suffix(2).map(\.overwritesPerSecond).median ?? 0
            add(
                Figure(
                    subject, writes.perSecond,
                    "\(Report.number(writes.perSecond))/s; \(Report.number(writes.perSecond / around)) for each flush "
                        + "of the disk; \(Report.number(writes.microsecondsPerWrite)) µs of CPU time each",
                    target: target))
        }
    }

    private func diskFloor() throws -> FlushFloor {
        try FlushFloor(in: folder, secondsEach: Self.floorSeconds)
    }

    private func addDisk(_ way: String, _ rates: [Double]) {
        let list = rates.map(Report.number).joined(separator: ", ")
        add(
            Figure(
                "disk: \(FlushFloor.pageSize) bytes \(way) and flushed by one thread", rates.median ?? 0,
                "before, between and after these: \(list) a second"))
    }
}

/// A run of durable writes and the CPU time that the server spent on it.
private struct Writes {
    let perSecond: Double
    let microsecondsPerWrite: Double

    init(_ creations: [HTTPRequest], by options: Options, server: RegistryServer) throws {
        try self.init(
            creations, options, port: server.ports.api, process: server.processIdentifier, expecting: 201)
    }

    init(_ puts: [HTTPRequest], by options: Options, etcd: EtcdPeer) throws {
        try self.init(puts, options, port: etcd.port, process: etcd.processIdentifier, expecting: 200)
    }

    private init(
        _ requests: [HTTPRequest], _ options: Options, port: UInt16, process: pid_t, expecting status: Int
    ) throws {
        let before = try CPUReading(ofProcessTree: process)
        let run = try ParallelRequests(
            requests, connections: options.connections, port: port, expecting: status)
        let used = try CPUReading(ofProcessTree: process).since(before)
        perSecond = run.perSecond
        microsecondsPerWrite = Double(used.nanoseconds) / 1000 / Double(run.count)
    }
}
