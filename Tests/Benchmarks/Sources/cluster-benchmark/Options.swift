import BenchmarkSupport
import ScriptedCluster

/// What the command line asks for.
struct Options: Equatable {
    /// The release binary to measure; nil for the one of the enclosing repository.
    var swiftlet: String?
    /// CoreDNS's binary, to be measured beside it; nil for none.
    var coreDNS: String?
    /// Whether the API gives lists as streams.
    var streamsLists = true
    /// The clusters to measure with.
    var sizes = [ClusterSize.small, .large]
    /// Ports of each Service and endpoint.
    var ports = 1
    /// Whether the figures are printed as JSON instead of a table.
    var printsJSON = false
    /// Whether a missed target makes the exit status 1.
    var checks = false
    var showsHelp = false

    static let help = """
        usage: cluster-benchmark [--swiftlet PATH] [--coredns PATH] [--paged-lists] [--ports N]
                                 [--small | --large] [--json] [--check]

          --swiftlet PATH   release binary to measure (../../.build/release/swiftlet, seen from this package)
          --coredns PATH    CoreDNS's binary, to be measured first and compared with
          --paged-lists     the API refuses lists as streams, as those before Kubernetes 1.32
          --ports N         ports of each Service and endpoint, 1 or 2 (1)
          --small           only the small cluster: a look whether everything works
          --large           only the large cluster
          --json            print the figures as JSON
          --check           exit with status 1 when a target is missed
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
            case "--paged-lists": streamsLists = false
            case "--ports": ports = try reader.number(of: option, in: 1...2)
            case "--small": sizes = [.small]
            case "--large": sizes = [.large]
            case "--json": printsJSON = true
            case "--check": checks = true
            case "--help", "-h": showsHelp = true
            default: throw .usage("\(option): no such option (--help lists them)")
            }
        }
    }
}
