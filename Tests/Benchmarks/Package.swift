// swift-tools-version: 6.1

import PackageDescription

// A package of its own: the server's build does not pay for it, and it builds in seconds.
let package = Package(
    name: "Benchmarks",
    targets: [
        .target(name: "BenchmarkSupport"),
        .target(name: "ScriptedCluster", dependencies: ["BenchmarkSupport"]),
        .executableTarget(name: "udp-echo"),
        .executableTarget(
            name: "server-benchmark", dependencies: ["BenchmarkSupport", "ScriptedCluster", "udp-echo"]),
        .executableTarget(name: "api-benchmark", dependencies: ["BenchmarkSupport"]),
        .executableTarget(name: "cluster-benchmark", dependencies: ["BenchmarkSupport", "ScriptedCluster"]),
    ]
)
