import BenchmarkSupport
import Foundation
import ScriptedCluster

extension Suite {
    private static let floor = "C echo (floor)"
    private static let flags = "swiftlet"
    private static let corefile = "swiftlet, kubeadm's Corefile"

    /// Answers over UDP beside the floor, NSD and Knot.
    func printUDP() throws {
        let workload = Workload(serviceCount: options.services)
        let files = try WorkloadFiles(writing: workload)
        defer { files.remove() }
        let swiftlet = try peers.measuredProgram()
        var load = load
        if options.edns { load.options = ["-e"] }
        var rows = [
            row(Self.floor, EchoFloor(executable: peers.echo), workload, files, load: load),
            row(Self.flags, FlagSwiftlet(executable: swiftlet), workload, files, load: load),
        ]
        var variants: [String] = []
        func add(_ name: String, additions: [String] = [], omissions: [String] = [], load: LoadGenerator) {
            let contender = CorefileSwiftlet(executable: swiftlet, additions: additions, omissions: omissions)
            rows.append(row(name, contender, workload, files, load: load))
        }
        if options.measuresCorefile { add(Self.corefile, load: load) }
        if options.measuresVariants {
            let denial = ["log . {", "    class denial", "}"]
            var (edns, cookies) = (load, load)
            edns.options = ["-e"]
            cookies.options = ["-E", "10:0102030405060708"]
            variants = [
                "the same, log of denials", "the same, without loadbalance", "the same, queries with EDNS",
                "the same, queries with cookies",
            ]
            add(variants[0], additions: denial, load: load)
            add(variants[1], omissions: ["loadbalance"], load: load)
            add(variants[2], load: edns)
            add(variants[3], load: cookies)
        }
        var missing: [String] = []
        var others: [String] = []
        func add(_ name: String, _ contender: (any Contender)?) {
            guard let contender else { return missing.append(name) }
            others.append(name)
            rows.append(row(name, contender, workload, files, load: load))
        }
        add("NSD", peers.nsd.map { NSD(executable: $0) })
        add("Knot DNS", peers.knot.map { Knot(executable: $0) })
        let api = try peers.coreDNS.map { _ in try ScriptedAPI(streamsLists: true, objects: workload.objects) }
        defer { api?.stop() }
        if let path = peers.coreDNS, let api { add("CoreDNS", CoreDNS(executable: path, api: api.port)) }

        let table = try measure(rows, comparedWith: "floor")
        say(
            "UDP", table, missing: missing,
            caption: "\(options.services) Services; 60 % A, 15 % AAAA without data, 10 % SRV, 15 % NXDOMAIN, "
                + "\(options.edns ? "with" : "without") EDNS.")

        var report = Report()
        let measured = table[options.measuresCorefile ? Self.corefile : Self.flags]
        report.add(ratio("UDP, \(measured?.name ?? "swiftlet")", measured?.ratio(to: table[Self.floor]), target: 1.10))
        if let user = measured?.userCost {
            let text = String(format: "%.2f µs", user)
            report.add(Figure("of it in user space", user, text, target: .atMost(0.6, unit: " µs")))
        }
        for name in variants {
            report.add(ratio("\(name): of the row above them", table[name]?.ratio(to: measured), target: 1.10))
        }
        for name in others {
            report.add(ratio("of \(name)'s, in the worst round", measured?.worstRatio(to: table[name]), target: 1))
        }
        say(report)
        if let limit = options.failAbove {
            let names = [Self.flags] + (options.measuresCorefile ? [Self.corefile] : [])
            hold(names.map { table[$0]?.ratio(to: table[Self.floor]) }, against: limit)
        }
    }

    // MARK: Flatness

    /// The same with few and with many names, all of them asked, in an order that defeats caches.
    func printFlat() throws {
        let sizes = [1000, 100_000, 1_000_000]
        let swiftlet = try peers.measuredProgram()
        var rows: [Row] = []
        var allFiles: [WorkloadFiles] = []
        var apis: [ScriptedAPI] = []
        defer {
            for files in allFiles { files.remove() }
            for api in apis { api.stop() }
        }
        func name(_ server: String, _ size: Int) -> String { "\(server), \(Report.number(Double(size))) names" }
        for size in sizes {
            note("making \(size) names")
            let cluster = Cluster(ClusterSize(services: size / 2, endpoints: 0, isFlat: true), ports: 1)
            let workload = Workload(everyNameOf: cluster)
            let files = try WorkloadFiles(writing: workload, zoneFile: workload.zoneFileOfQuestions())
            allFiles.append(files)
            let api = try ScriptedAPI(cluster, streamsLists: true)
            apis.append(api)
            rows.append(row(name("C echo", size), EchoFloor(executable: peers.echo), workload, files))
            let contender = CorefileSwiftlet(executable: swiftlet, api: api.port)
            rows.append(row(name("swiftlet", size), contender, workload, files))
            if let path = peers.nsd { rows.append(row(name("NSD", size), NSD(executable: path), workload, files)) }
            if let path = peers.knot {
                rows.append(row(name("Knot DNS", size), Knot(executable: path), workload, files))
            }
        }
        let table = try measure(rows, comparedWith: "floor")
        let missing = [("NSD", peers.nsd), ("Knot DNS", peers.knot)].filter { $0.1 == nil }.map(\.0)
        say(
            "Flat", table, missing: missing,
            caption: "Half of the names A of a Service, half SRV of its port; each is asked once before any is asked "
                + "again, in random order. The floor looks nothing up: what it differs by is dnsperf's reading of a "
                + "longer list.")
        var report = Report()
        for server in ["swiftlet", "NSD", "Knot DNS"] where !missing.contains(server) {
            let (least, most) = (table[name(server, sizes[0])], table[name(server, sizes[2])])
            let subject = "\(server): 1,000,000 names as a multiple of 1,000"
            guard server == "swiftlet" else {
                if let ratio = most?.ratio(to: least) {
                    report.add(Figure(subject, ratio, String(format: "%.2f ×", ratio)))
                }
                continue
            }
            report.add(ratio(subject, most?.ratio(to: least), target: 1.25))
        }
        say(report)
    }
}
