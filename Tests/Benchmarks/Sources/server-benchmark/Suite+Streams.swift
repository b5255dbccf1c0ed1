import BenchmarkSupport
import Foundation
import ScriptedCluster

extension Suite {
    /// Connections that dnsperf spreads the queries over.
    private static let connections = 20

    /// Answers over TCP, TLS (RFC 7858) or HTTPS (RFC 8484).
    func printStream(_ transport: LoadGenerator.Transport) throws {
        let workload = Workload(serviceCount: options.services)
        let files = try WorkloadFiles(writing: workload)
        defer { files.remove() }
        if transport.isSecure { try files.makeCertificate() }
        var load = load
        load.transport = transport
        load.clients = Self.connections

        let scheme: String? = transport == .dot ? "tls" : transport == .doh ? "https" : nil
        let measuredName = "swiftlet, kubeadm's Corefile"
        var rows = [
            row(
                measuredName, CorefileSwiftlet(executable: try peers.measuredProgram(), secureScheme: scheme),
                workload, files, load: load)
        ]
        var missing: [String] = []
        func add(_ name: String, _ contender: (any Contender)?) {
            guard let contender else { return missing.append(name) }
            rows.append(row(name, contender, workload, files, load: load))
        }
        if transport == .tcp { add("Knot DNS", peers.knot.map { Knot(executable: $0) }) }
        if transport != .doh { add("NSD", peers.nsd.map { NSD(executable: $0, hasTLS: transport == .dot) }) }
        let option: String? = transport == .dot ? "tls-port" : transport == .doh ? "https-port" : nil
        add(
            "Unbound",
            peers.unbound.map { Unbound(executable: $0, source: .zoneFile, securePortOption: option) })
        let api = try peers.coreDNS.map { _ in try ScriptedAPI(streamsLists: true, objects: workload.objects) }
        defer { api?.stop() }
        if let path = peers.coreDNS, let api {
            add("CoreDNS", CoreDNS(executable: path, api: api.port, secureScheme: scheme))
        } else if transport == .doh {
            missing.append("CoreDNS")
        }
        let table = try measure(rows, comparedWith: "swiftlet")
        let title = transport == .tcp ? "TCP" : transport == .dot ? "DNS over TLS" : "DNS over HTTPS"
        say(
            title, table, missing: missing,
            caption: "The questions of the UDP table, over \(Self.connections) connections that stay open"
                + (transport == .dot ? "; Knot DNS 3.2 has no TLS." : "."))

        var report = Report()
        let peer = transport == .tcp ? "Knot DNS" : transport == .dot ? "NSD" : "CoreDNS"
        if table[peer] != nil {
            report.add(
                ratio(
                    "\(title): of \(peer)'s", table[measuredName]?.ratio(to: table[peer]),
                    target: transport == .doh ? 0.5 : 1))
        }
        if transport == .tcp {
            report.add(try idleConnections(workload, files))
        }
        say(report)
    }

    /// The memory with 10,000 connections that say nothing.
    private func idleConnections(_ workload: Workload, _ files: WorkloadFiles) throws -> Figure {
        let subject = "memory with 10,000 idle TCP connections"
        let target = Target.under(60, unit: " MiB")
        // The connections are of one process with a limit of its own, and of addresses in turn: each may have some.
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = min(limit.rlim_max, 20_000)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard limit.rlim_cur >= 10_500 else {
            return Figure(subject, failed: "the limit of open files is \(limit.rlim_max)", target: target)
        }
        do {
            // Else the first are closed while the last are opened, where the machine is busy.
            let patience = ["timeouts {", "    idle 120s", "}"]
            let contender = CorefileSwiftlet(executable: try peers.measuredProgram(), additions: patience)
            let server = try RunningServer(row("swiftlet", contender, workload, files))
            defer { server.program.stop() }
            let before = try MemoryReading(of: server.program.processIdentifier).resident
            let connections = IdleConnections(count: 10_000, port: server.place.port)
            defer { connections.close() }
            try Interruption.sleep(milliseconds: 1500)
            let open = connections.openCount
            let after = try MemoryReading(of: server.program.processIdentifier).resident
            let text = "\(Report.number(after)) MiB with \(open) open, \(Report.number(before)) MiB before"
            guard open >= 10_000 else { return Figure(subject, failed: text, target: target) }
            return Figure(subject, after, text, target: target)
        } catch BenchmarkError.interrupted {
            throw BenchmarkError.interrupted
        } catch {
            return Figure(subject, failed: "\(error)", target: target)
        }
    }
}

/// Connections to a server, from addresses of 127.0.0.0/8 in turn, that send nothing.
private struct IdleConnections {
    private static let perAddress = 500
    private let descriptors: [Int32]

    init(count: Int, port: UInt16) {
        descriptors = (0..<count).compactMap { number in
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { return nil }
            var source = sockaddr_in()
            source.sin_family = sa_family_t(AF_INET)
            source.sin_addr.s_addr = UInt32(0x7F00_0002 + UInt32(number / Self.perAddress)).bigEndian
            let status = withUnsafePointer(to: &source) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard status == 0, withLoopbackAddress(port: port, { connect(descriptor, $0, $1) }) == 0 else {
                Glibc.close(descriptor)
                return nil
            }
            return descriptor
        }
    }

    /// Those that the server has not closed.
    var openCount: Int {
        descriptors.count { descriptor in
            var byte: UInt8 = 0
            return recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) < 0 && errno == EAGAIN
        }
    }

    func close() { for descriptor in descriptors { Glibc.close(descriptor) } }
}
