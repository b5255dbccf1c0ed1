// swift-tools-version: 6.2
import PackageDescription

// Each dependency pays its way in minutes from clone to first answer; why it is here stands above it. Versions are exact,
// so that nobody else's release changes what is built; `deploy/sbom` tells of those that they bring.
let dependencies: [Package.Dependency] = [
    // TCP (and later TLS and HTTP) listeners: event loops, back-pressure, timers.
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    // The command line: parsing, help texts, exit status 64 on wrong usage.
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    // The log, in the form that other packages write to as well.
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    // Start, signals and ordered shutdown of the long-lived parts.
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    // SQLite: transactions, migrations and write-ahead logging of the embedded registry.
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    // The registry's API: HTTP/1.1 and HTTP/2 with back-pressure, and TLS beneath.
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
    // TLS of the registry's API, of DNS over TLS and HTTPS, and towards upstreams and API servers.
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    // DNS over HTTPS: the frames of HTTP/2; Hummingbird is built on it.
    .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
    // The fields of requests and answers, as Hummingbird hands them out.
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0", traits: []),
    // The parts of requests and answers as handlers of connections see them; Hummingbird is built on it.
    .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
    // Commands that talk to an API server, ours or Kubernetes' own.
    .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    // Manifests are YAML; JSON is read by the same parser, with line numbers.
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
]

// `.ci/run` sets this: a warning in our own targets ends the build.
let strictness: [SwiftSetting] =
    Context.environment["SWIFTLET_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]

let package = Package(
    name: "swiftlet",
    products: [.executable(name: "swiftlet", targets: ["swiftlet"])],
    dependencies: dependencies,
    targets: [
        // C at the edges.
        .systemLibrary(name: "CLdns", pkgConfig: "ldns", providers: [.apt(["libldns-dev"])]),
        .target(name: "CDatagram"),
        .target(name: "CDescriptors"),
        .target(
            name: "Descriptors", dependencies: ["CDescriptors", .product(name: "NIOCore", package: "swift-nio")]),
        .target(
            name: "ConnectionRules",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        .target(name: "CMemory"),
        .target(name: "ProcessMemory", dependencies: ["CMemory", "FileReading"]),
        .target(name: "CRights"),

        // Values and protocol.
        .target(name: "DNS"),
        .target(name: "LDNS", dependencies: ["CLdns", "DNS", "FileReading"]),
        .target(name: "Registry"),
        .target(name: "ObjectSchema", dependencies: ["Registry"]),
        .target(name: "ObjectPatches", dependencies: ["ObjectSchema", "Registry"]),
        .target(name: "ObjectRules", dependencies: ["Registry"]),
        .target(name: "AddressAllocator", dependencies: ["Registry"]),
        .target(name: "ClusterZone", dependencies: ["DNS", "Registry"]),
        .target(name: "StaticZones", dependencies: ["DNS"]),
        .target(name: "Pipeline", dependencies: ["DNS", "Registry"]),
        .target(name: "Corefile", dependencies: ["DNS", "FileReading", "Registry"]),
        .target(name: "Telemetry"),
        .target(name: "PodEnvironment", dependencies: ["Registry"]),
        // Files read whole, whatever stands in their place.
        .target(name: "FileReading"),
        // The user that a process is, and the files that others must not read.
        .target(name: "ProcessRights", dependencies: ["CRights"]),

        // Zone data that ships, compiled into the binary.
        .target(
            name: "Zonefiles", path: "Zonefiles",
            resources: [
                .embedInCode("cluster.local.zone"), .embedInCode("localhost.zone"), .embedInCode("example.org.zone"),
            ]
        ),

        // Manifests in files, and the registry on disk.
        .target(name: "FileWatching"),
        .target(
            name: "Manifests",
            dependencies: [
                "FileReading", "FileWatching", "ObjectRules", "Registry",
                .product(name: "Yams", package: "Yams"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "EmbeddedRegistry",
            dependencies: [
                "AddressAllocator", "FileReading", "FileWatching", "Registry",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]
        ),

        // The registry's API, those who keep it tidy, and clients of it.
        .target(
            name: "RegistryControllers",
            dependencies: ["Registry", .product(name: "Logging", package: "swift-log")]
        ),
        .target(
            name: "RegistryAPI",
            dependencies: [
                "AddressAllocator", "ConnectionRules", "Descriptors", "FileReading", "Manifests", "ObjectPatches",
                "ObjectRules", "ObjectSchema", "PodEnvironment", "ProcessRights", "Registry",
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdHTTP2", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "APIClient",
            dependencies: [
                "FileReading", "Manifests", "ProcessRights", "Registry",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),

        // What was known last, for the next process.
        .target(name: "KeptState", dependencies: ["FileReading", "Registry"]),

        // The registry of a Kubernetes cluster.
        .target(
            name: "KubernetesRegistry",
            dependencies: [
                "APIClient", "KeptState", "Registry", "Telemetry", .product(name: "Logging", package: "swift-log"),
            ]
        ),

        // Directives at work: what needs no sockets, what asks other servers, and the cluster's zone.
        .target(
            name: "Stages",
            dependencies: [
                "Corefile", "DNS", "FileReading", "FileWatching", "LDNS", "Pipeline", "Registry", "StaticZones",
                "Telemetry",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "Forwarding",
            dependencies: [
                "CDatagram", "Corefile", "DNS", "Descriptors", "FileReading", "FileWatching", "Pipeline",
                "ProcessRights", "Registry", "Telemetry",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "ClusterServing",
            dependencies: [
                "AnswerTable", "ClusterZone", "Corefile", "DNS", "Pipeline", "Registry", "StaticZones", "Telemetry",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),

        // Answers and sockets.
        .target(name: "AnswerTable", dependencies: ["DNS"]),
        .target(
            name: "Nameserver",
            dependencies: [
                "DNS", "LDNS", "AnswerTable", "CDatagram", "ConnectionRules", "Descriptors", "Pipeline", "Registry",
                "StaticZones", "Telemetry",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),

        // A Corefile made into listeners and stages, and exchanged for another one while they answer.
        .target(
            name: "Serving",
            dependencies: [
                "APIClient", "AnswerTable", "ClusterServing", "ClusterZone", "Corefile", "DNS", "Descriptors",
                "FileReading", "FileWatching", "Forwarding", "KeptState", "KubernetesRegistry", "LDNS", "Nameserver",
                "Pipeline", "ProcessRights", "Registry", "Stages", "StaticZones", "Telemetry", "Zonefiles",
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),

        .executableTarget(
            name: "swiftlet",
            dependencies: [
                "APIClient", "AddressAllocator", "AnswerTable", "ClusterServing", "ClusterZone", "Corefile", "DNS",
                "Descriptors", "EmbeddedRegistry", "FileReading", "FileWatching", "KeptState", "KubernetesRegistry",
                "LDNS", "Manifests", "Nameserver", "ObjectSchema", "Pipeline", "PodEnvironment", "ProcessMemory",
                "ProcessRights", "Registry", "RegistryAPI", "RegistryControllers", "Serving", "Stages", "StaticZones",
                "Telemetry", "Zonefiles",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),

        // What several tests need.
        .target(name: "TestSupport", path: "Tests/TestSupport"),
        .testTarget(
            name: "DescriptorsTests",
            dependencies: [
                "Descriptors", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        .testTarget(name: "DNSTests", dependencies: ["DNS", "TestSupport"]),
        .testTarget(name: "RegistryTests", dependencies: ["Registry", "TestSupport"]),
        .testTarget(name: "ObjectRulesTests", dependencies: ["ObjectRules", "Registry"]),
        .testTarget(name: "ObjectSchemaTests", dependencies: ["ObjectSchema", "Registry", "TestSupport"]),
        .testTarget(
            name: "ObjectPatchesTests", dependencies: ["ObjectPatches", "ObjectSchema", "Registry", "TestSupport"]),
        .testTarget(
            name: "RegistryControllersTests",
            dependencies: [
                "RegistryControllers", "EmbeddedRegistry", "Registry", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "APIClientTests",
            dependencies: [
                "APIClient", "Registry", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        .testTarget(
            name: "RegistryAPITests",
            dependencies: [
                "RegistryAPI", "EmbeddedRegistry", "Registry", "TestSupport",
                .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        .testTarget(name: "AddressAllocatorTests", dependencies: ["AddressAllocator", "Registry", "TestSupport"]),
        .testTarget(name: "PodEnvironmentTests", dependencies: ["PodEnvironment", "Registry", "TestSupport"]),
        .testTarget(name: "FileReadingTests", dependencies: ["FileReading", "TestSupport"]),
        .testTarget(name: "ProcessMemoryTests", dependencies: ["ProcessMemory", "TestSupport"]),
        .testTarget(name: "ProcessRightsTests", dependencies: ["ProcessRights", "TestSupport"]),
        .testTarget(name: "FileWatchingTests", dependencies: ["FileWatching", "TestSupport"]),
        .testTarget(
            name: "ManifestsTests",
            dependencies: ["Manifests", "Registry", "TestSupport", .product(name: "Logging", package: "swift-log")]
        ),
        .testTarget(
            name: "EmbeddedRegistryTests",
            dependencies: ["EmbeddedRegistry", "AddressAllocator", "Registry", "TestSupport"]),
        .testTarget(name: "LDNSTests", dependencies: ["LDNS", "DNS", "TestSupport"]),
        .testTarget(name: "ClusterZoneTests", dependencies: ["ClusterZone", "DNS", "Registry", "TestSupport"]),
        .testTarget(name: "AnswerTableTests", dependencies: ["AnswerTable", "DNS"]),
        .testTarget(name: "StaticZonesTests", dependencies: ["StaticZones", "DNS", "LDNS", "Zonefiles"]),
        .testTarget(name: "PipelineTests", dependencies: ["Pipeline", "DNS", "Registry"]),
        .testTarget(name: "CorefileTests", dependencies: ["Corefile", "DNS", "Registry", "TestSupport"]),
        .testTarget(name: "TelemetryTests", dependencies: ["Telemetry"]),
        .testTarget(
            name: "StagesTests",
            dependencies: [
                "Stages", "Corefile", "DNS", "LDNS", "Pipeline", "Registry", "Telemetry", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "ForwardingTests",
            dependencies: [
                "CDatagram", "Forwarding", "Corefile", "DNS", "Pipeline", "Registry", "Telemetry", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        .testTarget(name: "KeptStateTests", dependencies: ["KeptState", "Registry", "TestSupport"]),
        .testTarget(
            name: "KubernetesRegistryTests",
            dependencies: [
                "KubernetesRegistry", "APIClient", "EmbeddedRegistry", "KeptState", "Registry", "RegistryAPI",
                "Telemetry", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "ClusterServingTests",
            dependencies: [
                "ClusterServing", "AnswerTable", "ClusterZone", "Corefile", "DNS", "LDNS", "Nameserver", "Pipeline",
                "Registry", "StaticZones", "Telemetry", "TestSupport",
            ]),
        .testTarget(
            name: "ServingTests",
            dependencies: [
                "Serving", "ClusterServing", "ClusterZone", "Corefile", "DNS", "KeptState", "Nameserver", "Pipeline",
                "Registry", "Stages", "StaticZones", "Telemetry", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "NameserverTests",
            dependencies: [
                "Nameserver", "AnswerTable", "DNS", "LDNS", "Pipeline", "Registry", "StaticZones", "Telemetry",
                "TestSupport", .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        .testTarget(
            name: "Conformance",
            dependencies: ["LDNS", "DNS", "TestSupport", .product(name: "Yams", package: "Yams")],
            path: "Tests/Conformance"),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = strictness
}
