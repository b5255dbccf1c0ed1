// swift-tools-version: 6.1

import PackageDescription

// A package of its own, as the benchmarks are: black box, and the server's build does not pay for it.
// `Sources/BenchmarkSupport` is the benchmarks' target of that name, by a link: `package` declarations end at a package.
let package = Package(
    name: "Torture",
    products: [.library(name: "FaultShim", type: .dynamic, targets: ["FaultShim"])],
    targets: [
        .target(name: "BenchmarkSupport"),
        .target(name: "FaultShim", linkerSettings: [.linkedLibrary("dl")]),
        .executableTarget(name: "torture", dependencies: ["BenchmarkSupport"]),
        .testTarget(name: "TortureTests", dependencies: ["BenchmarkSupport", "torture"]),
    ]
)
