import BenchmarkSupport

/// What the command line asks for.
struct Options: Equatable {
    /// The tables to measure, in the order in which they are printed.
    enum Table: String, CaseIterable {
        case udp, flat, change, latency, memory, start, tcp, dot, doh, cache, idle, cores
    }

    var tables: [Table] = []
    /// The release binary to measure; nil for the one of the enclosing repository.
    var swiftlet: String?
    /// A CoreDNS to measure beside it; nil for none.
    var coreDNS: String?
    /// Length of one load run, in seconds.
    var seconds = 10
    /// How often every server is measured.
    var rounds = 3
    /// Services in the registry and in the peers' zone.
    var services = 2000
    /// The core the measured server is pinned to.
    var serverCore = 0
    /// The core dnsperf is pinned to.
    var loadCore = 1
    /// Whether swiftlet is measured over UDP with kubeadm's Corefile too.
    var measuresCorefile = false
    /// Whether it is measured with each change of the Corefile and the queries that is to cost nothing.
    var measuresVariants = false
    /// Whether the queries over UDP carry an OPT record (EDNS).
    var edns = false
    /// The largest multiple of the floor swiftlet may need over UDP; above it the exit status is 1.
    var failAbove: Double?
    /// Whether a missed target makes the exit status 1.
    var checksTargets = false
    var showsHelp = false

    static let help = """
        usage: server-benchmark [TABLE…] [--swiftlet PATH] [--coredns PATH] [--seconds N] [--rounds N] [--services N]
                                [--corefile] [--variants] [--edns] [--server-core N] [--load-core N]
                                [--fail-above RATIO] [--check]

          TABLE…               \(Table.allCases.map(\.rawValue).joined(separator: " ")) (udp)
          --swiftlet PATH      release binary to measure (../../.build/release/swiftlet, seen from this package)
          --coredns PATH       measure CoreDNS too, where a table has a place for it
          --seconds N          length of one load run (10)
          --rounds N           how often every server is measured (3)
          --services N         Services served in most tables, at most \(Workload.largestServiceCount) (2000)
          --corefile           udp: measure swiftlet with kubeadm's Corefile too
          --variants           udp: that, with other directives, with EDNS and with cookies too
          --edns               udp: send the queries with EDNS
          --server-core N      core of the measured server (0)
          --load-core N        core of dnsperf (1)
          --fail-above RATIO   udp: exit with status 1 when swiftlet needs more than RATIO times the floor
          --check              exit with status 1 when a target is missed
        """
}

extension Options {
    /// Reads the arguments after the program's name.
    init(arguments: [String]) throws(BenchmarkError) {
        var reader = OptionReader(arguments)
        while let option = reader.next() {
            switch option {
            case "--swiftlet": swiftlet = try reader.value(of: option)
            case "--coredns": coreDNS = try reader.value(of: option)
            case "--seconds": seconds = try reader.number(of: option, in: 1...3600)
            case "--rounds": rounds = try reader.number(of: option, in: 1...1000)
            case "--services": services = try reader.number(of: option, in: 4...Workload.largestServiceCount)
            case "--server-core": serverCore = try reader.number(of: option, in: 0...4095)
            case "--load-core": loadCore = try reader.number(of: option, in: 0...4095)
            case "--corefile": measuresCorefile = true
            case "--variants": (measuresCorefile, measuresVariants) = (true, true)
            case "--edns": edns = true
            case "--check": checksTargets = true
            case "--fail-above":
                let text = try reader.value(of: option)
                guard let ratio = Double(text), ratio > 0, ratio.isFinite else {
                    throw .usage("--fail-above \(text): a positive number is needed, such as 1.5")
                }
                failAbove = ratio
            case "--help", "-h": showsHelp = true
            default:
                guard let table = Table(rawValue: option) else {
                    throw .usage("\(option): no such table or option (--help lists them)")
                }
                if !tables.contains(table) { tables.append(table) }
            }
        }
        if tables.isEmpty { tables = [.udp] }
        guard serverCore != loadCore else {
            throw .usage("--server-core and --load-core are both \(serverCore): server and load need a core each")
        }
    }
}
