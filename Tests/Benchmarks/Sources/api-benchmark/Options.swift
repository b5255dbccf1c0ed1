import BenchmarkSupport

/// What the command line asks for.
struct Options: Equatable {
    /// Services created for the measurement of the names, beside those of the load.
    static let nameProbes = 200
    /// As many as a range of 65,534 addresses has room for beside those.
    static let largestServiceCount = 60_000

    /// The release binary to measure; nil for the one of the enclosing repository.
    var swiftlet: String?
    /// Where the folder of the run is made; nil for the folder of this package.
    var folder: String?
    /// Services created, and EndpointSlices too.
    var services = 10_000
    /// Connections that create at the same time.
    var connections = 8
    /// Watches that stay idle.
    var watches = 1000
    /// Watches that each write is awaited at.
    var watchers = 100
    /// Whether the Services have selectors, so that the server makes slices and Endpoints for them meanwhile.
    var selectors = false
    /// Whether a missed target makes the exit status 1.
    var checks = false
    var showsHelp = false

    static let help = """
        usage: api-benchmark [--swiftlet PATH] [--folder DIR] [--services N] [--connections N] [--watches N]
                             [--watchers N] [--selectors] [--check]

          --swiftlet PATH   release binary to measure (../../.build/release/swiftlet, seen from this package)
          --folder DIR      where the folder of the run is made and removed again; not in memory (this package)
          --services N      Services, and EndpointSlices, at most \(largestServiceCount) (10000)
          --connections N   connections that create at the same time (8)
          --watches N       idle watches whose memory is measured (1000)
          --watchers N      watches that a write is awaited at (100)
          --selectors       give the Services selectors: the server then makes a slice and Endpoints for each, too
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
            case "--folder": folder = try reader.value(of: option)
            case "--services": services = try reader.number(of: option, in: 10...Self.largestServiceCount)
            case "--connections": connections = try reader.number(of: option, in: 1...256)
            case "--watches": watches = try reader.number(of: option, in: 1...10_000)
            case "--watchers": watchers = try reader.number(of: option, in: 1...1000)
            case "--selectors": selectors = true
            case "--check": checks = true
            case "--help", "-h": showsHelp = true
            default: throw .usage("\(option): no such option (--help lists them)")
            }
        }
    }
}
