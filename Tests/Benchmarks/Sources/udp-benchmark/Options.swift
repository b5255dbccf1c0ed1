import BenchmarkSupport

/// What the command line asks for.
struct Options: Equatable {
    /// The release binary to measure; nil for the one of the enclosing repository.
    var swiftlet: String?
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
    /// Whether swiftlet is measured with kubeadm's Corefile too.
    var measuresCorefile = false
    /// Whether the queries carry an OPT record (EDNS).
    var edns = false
    /// The largest multiple of the floor swiftlet may need; above it the exit status is 1.
    var failAbove: Double?
    var showsHelp = false

    static let help = """
        usage: udp-benchmark [--swiftlet PATH] [--seconds N] [--rounds N] [--services N] [--corefile]
                             [--edns] [--server-core N] [--load-core N] [--fail-above RATIO]

          --swiftlet PATH      release binary to measure (../../.build/release/swiftlet, seen from this package)
          --seconds N          length of one load run (10)
          --rounds N           how often every server is measured (3)
          --services N         Services served, at most \(Workload.largestServiceCount) (2000)
          --corefile           measure swiftlet with kubeadm's Corefile too
          --edns               send the queries with EDNS
          --server-core N      core of the measured server (0)
          --load-core N        core of dnsperf (1)
          --fail-above RATIO   exit with status 1 when swiftlet needs more than RATIO times the floor
        """
}

extension Options {
    /// Reads the arguments after the program's name.
    init(arguments: [String]) throws(BenchmarkError) {
        var reader = OptionReader(arguments)
        while let option = reader.next() {
            switch option {
            case "--swiftlet": swiftlet = try reader.value(of: option)
            case "--seconds": seconds = try reader.number(of: option, in: 1...3600)
            case "--rounds": rounds = try reader.number(of: option, in: 1...1000)
            case "--services": services = try reader.number(of: option, in: 1...Workload.largestServiceCount)
            case "--server-core": serverCore = try reader.number(of: option, in: 0...4095)
            case "--load-core": loadCore = try reader.number(of: option, in: 0...4095)
            case "--corefile": measuresCorefile = true
            case "--edns": edns = true
            case "--fail-above":
                let text = try reader.value(of: option)
                guard let ratio = Double(text), ratio > 0, ratio.isFinite else {
                    throw .usage("--fail-above \(text): a positive number is needed, such as 1.5")
                }
                failAbove = ratio
            case "--help", "-h": showsHelp = true
            default: throw .usage("\(option): no such option (--help lists them)")
            }
        }
        guard serverCore != loadCore else {
            throw .usage("--server-core and --load-core are both \(serverCore): server and load need a core each")
        }
    }
}
