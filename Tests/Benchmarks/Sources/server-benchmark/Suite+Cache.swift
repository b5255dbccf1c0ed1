import BenchmarkSupport
import Foundation

extension Suite {
    /// Names of others, which are in the cache after the first second.
    func printCache() throws {
        let workload = Workload(externalNames: 5000)
        let files = try WorkloadFiles(writing: workload)
        defer { files.remove() }
        let ownWorkload = Workload(serviceCount: options.services)
        let ownFiles = try WorkloadFiles(writing: ownWorkload)
        defer { ownFiles.remove() }
        let port = try findFreePort()
        let upstream = try Program(
            name: "upstream", executable: peers.echo, arguments: [String(port), "3600"], core: options.loadCore,
            folder: files.folder)
        defer { upstream.stop() }

        let swiftlet = try peers.measuredProgram()
        let (own, cached) = ("swiftlet, Services over UDP", "swiftlet, cached names")
        var rows = [
            row(own, CorefileSwiftlet(executable: swiftlet), ownWorkload, ownFiles),
            row(cached, CorefileSwiftlet(executable: swiftlet, upstream: port), workload, files),
        ]
        var missing: [String] = []
        func add(_ name: String, _ contender: (any Contender)?) {
            guard let contender else { return missing.append(name) }
            rows.append(row(name, contender, workload, files))
        }
        add("Unbound", peers.unbound.map { Unbound(executable: $0, source: .upstream(port)) })
        add("dnsmasq", peers.dnsmasq.map { Dnsmasq(dnsmasq: $0, upstream: port) })
        let table = try measure(rows, comparedWith: "swiftlet over UDP")
        say(
            "Cached external names", table, missing: missing,
            caption: "5,000 names with a time to live of an hour, from an upstream on the loopback; each was asked "
                + "before the measurement.")
        var report = Report()
        report.add(
            ratio("cached names: of its own Services over UDP", table[cached]?.ratio(to: table[own]), target: 1.3))
        for name in ["Unbound", "dnsmasq"] {
            guard let ratio = table[cached]?.ratio(to: table[name]) else { continue }
            report.add(Figure("cached names: of \(name)'s", ratio, String(format: "%.2f ×", ratio)))
        }
        say(report)
    }
}
