import APIClient
import AddressAllocator
import ArgumentParser
import ClusterZone
import DNS
import Descriptors
import EmbeddedRegistry
import Foundation
import LDNS
import Manifests
import Nameserver
import ProcessMemory
import ProcessRights
import Registry
import RegistryAPI
import StaticZones

extension PodNameMode: ExpressibleByArgument {}

/// `swiftlet serve`: answers DNS from the embedded registry until it is told to end.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Answer DNS from the embedded registry, or from a Kubernetes cluster's.",
        discussion: """
            Says "listening on …" for each address, where the API is served, and then "ready" on standard output; \
            everything else goes to standard error. SIGTERM and SIGINT end it. With --conf a Corefile says where to \
            listen and what to answer; SIGUSR1 has it read again. Its kubernetes directive reads the API server that \
            it, --kubeconfig or the Pod's account names, and the embedded registry where --manifests or --data names one.
            """)

    @Option(
        help: ArgumentHelp("A Corefile, CoreDNS's configuration; followed where it says reload.", valueName: "file"))
    var conf: String?

    @Option(
        name: .customLong("pid-file"),
        help: ArgumentHelp("A file to write the process' number to.", valueName: "file"))
    var pidFile: String?

    @Option(
        name: .customLong("dns-port"),
        help: ArgumentHelp("The port of a Corefile's blocks that name none. (default: 53)", valueName: "port"))
    var dnsPort: UInt16?

    @Flag(
        name: .customLong("take-over"),
        help: "Listen beside another process on the same addresses, which is about to end: no query is lost.")
    var takesOver = false

    @Option(
        help: ArgumentHelp(
            "The API server of a cluster, and how to get in: the registry to answer from.", valueName: "file"))
    var kubeconfig: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Where to listen, UDP and TCP: 127.0.0.1:53, [::1]:53, or :53 for all. (default: 127.0.0.1:5353)",
            valueName: "host:port"))
    var listen: [String] = []

    @Option(help: ArgumentHelp("The zone that Services are named in.", valueName: "name"))
    var zone = "cluster.local"

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("A file or folder of manifests, YAML or JSON; followed as it changes.", valueName: "path"))
    var manifests: [String] = []

    @Option(
        help: ArgumentHelp(
            "The folder to keep the registry in. Without it addresses are forgotten at the end.", valueName: "dir"))
    var data: String?

    @Option(
        name: .customLong("service-cidr"), parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            Where virtual IPs come from; once, or twice for both families. (default: what the registry has, 10.96.0.0/16 \
            for a new one)
            """,
            valueName: "cidr"))
    var serviceCIDRs: [String] = []

    @Option(help: ArgumentHelp("Seconds before a released address is handed out again.", valueName: "seconds"))
    var quarantine: Int = 300

    @Option(
        name: .customLong("zonefile"), parsing: .upToNextOption,
        help: ArgumentHelp("A static zone and its file; read again as it changes.", valueName: "origin=file"))
    var zoneFiles: [String] = []

    @Option(help: ArgumentHelp("Names of Pods: disabled, insecure or verified.", valueName: "mode"))
    var pods: PodNameMode = .verified

    @Option(help: ArgumentHelp("The TTL of the cluster's records, 0 to 3600 seconds.", valueName: "seconds"))
    var ttl: Int = 5

    @Option(help: ArgumentHelp("UDP threads for each address. (default: one a processor)", valueName: "number"))
    var workers: Int?

    @Option(
        name: .customLong("cookie-secret-file"),
        help: ArgumentHelp(
            """
            Secrets of DNS cookies, equal on all servers of an address: 32 hexadecimal digits a line; the first makes \
            cookies, all are accepted. Read again as it changes. (default: random ones)
            """, valueName: "file"))
    var cookieSecretFile: String?

    @Option(
        help: ArgumentHelp(
            "Started as root, go on as this user, which may listen on ports below 1024 and nothing else.",
            valueName: "user[:group]"))
    var user: String?

    @OptionGroup(title: "Registry API") var apiOptions: APIOptions

    func run() async throws {
        let reporter = Reporter(command: "serve")
        do {
            if let user { try goOn(as: user) }
            AllocatorSettings.apply()
            Descriptors.raiseLimit()
            let settings = try settings()
            if let pidFile { try OutputFile(path: pidFile).replace(by: "\(getpid())\n") }
            try await Server(settings).run()
        } catch let failure as CommandFailure {
            throw reporter.exitCode(for: failure)
        } catch {
            throw reporter.exitCode(for: CommandFailure(Self.kind(of: error), "\(error)"))
        }
    }

    /// Files that the operator names and that cannot be used are bad data, as they are to the other commands.
    private static func kind(of error: any Error) -> CommandFailure.Kind {
        switch error {
        case is KubeConfigError, is APIAccessError, is APIAccessFailure, is StaticZoneError, is ZoneFileError,
            is LDNSError,
            ManifestFeederError.notFound:
            .badData
        case StoreError.damaged, StoreError.foreign, StoreError.notRegular, StoreError.directoryUnusable: .badData
        default: .other
        }
    }

    private func inheritedSockets() throws(CommandFailure) -> InheritedSockets {
        do {
            return try InheritedSockets(environment: ProcessInfo.processInfo.environment)
        } catch {
            throw CommandFailure(.usage, "\(error)")
        }
    }

    private func goOn(as user: String) throws(CommandFailure) {
        do {
            try ProcessUser(user).become()
        } catch {
            throw CommandFailure(.usage, "--user \(error)")
        }
    }

    /// Reads the options into typed values; names the first one that is wrong.
    private func settings() throws(CommandFailure) -> ServerSettings {
        guard conf == nil || (listen.isEmpty && zoneFiles.isEmpty) else {
            throw CommandFailure(
                .usage,
                "--conf says where to listen and what to answer: leave \(listen.isEmpty ? "--zonefile" : "--listen") out"
            )
        }
        if conf == nil, takesOver || dnsPort != nil {
            throw CommandFailure(.usage, "\(takesOver ? "--take-over" : "--dns-port") goes with --conf")
        }
        var listens: [ListenAddress] = []
        for text in listen.isEmpty ? ["127.0.0.1:5353"] : listen {
            let addresses = ListenAddress.addresses(text)
            guard !addresses.isEmpty else {
                throw CommandFailure(.usage, "--listen \(text): write ADDRESS:PORT, [IPV6]:PORT or :PORT")
            }
            listens += addresses
        }
        let given = zone.hasSuffix(".") ? zone.dropLast() : zone[...]
        guard let apex = DomainName(zone), NameRules.isSubdomain(given.lowercased()) else {
            throw CommandFailure(
                .usage, "--zone \(zone): not a domain name of letters, digits and dashes, such as cluster.local")
        }
        let cidrs = try serviceRanges()
        guard (0...3600).contains(ttl) else { throw CommandFailure(.usage, "--ttl \(ttl): write 0 to 3600 seconds") }
        guard (0...31_536_000).contains(quarantine) else {
            throw CommandFailure(.usage, "--quarantine \(quarantine): write 0 to 31536000 seconds")
        }
        if let workers, !(1...256).contains(workers) {
            throw CommandFailure(.usage, "--workers \(workers): write 1 to 256")
        }
        var files: [ZoneFileSetting] = []
        for text in zoneFiles {
            guard let setting = ZoneFileSetting(text) else {
                throw CommandFailure(.usage, "--zonefile \(text): write ORIGIN=FILE, as in example.org=example.zone")
            }
            guard !files.contains(where: { $0.origin == setting.origin }) else {
                throw CommandFailure(.usage, "--zonefile \(text): the zone \(setting.origin) is given twice")
            }
            files.append(setting)
        }
        let tokens = try apiOptions.tokenFile()
        let memory = MemoryLimit.bytes()
        return ServerSettings(
            listen: listens, apex: apex, manifests: manifests, data: data,
            store: StoreSettings(serviceCIDRs: cidrs, quarantineSeconds: Int64(quarantine)),
            zoneFiles: files, pods: pods, ttl: UInt32(ttl), workers: workers, memory: memory,
            api: try apiOptions.settings(tokens?.tokens, memory: memory),
            isAPIRequired: apiOptions.api != nil,
            corefile: conf.map {
                CorefileSetting(path: $0, defaultPort: dnsPort ?? 53, takesOver: takesOver)
            }, kubeconfig: kubeconfig,
            cookies: try cookieSecretFile.map { path throws(CommandFailure) in try CookieSecretFile(path) },
            tokens: tokens, inherited: try inheritedSockets())
    }

    /// The ranges of virtual IPs, of one family each; nil for what the registry has.
    private func serviceRanges() throws(CommandFailure) -> [CIDR]? {
        guard !serviceCIDRs.isEmpty else { return nil }
        var cidrs: [CIDR] = []
        for text in serviceCIDRs {
            guard let cidr = CIDR(text) else {
                throw CommandFailure(.usage, "--service-cidr \(text): write a network such as 10.96.0.0/16")
            }
            do {
                _ = try AddressRange(cidr)
            } catch {
                throw CommandFailure(.usage, "--service-cidr: \(error)")
            }
            guard !cidrs.contains(where: { $0.family == cidr.family }) else {
                throw CommandFailure(.usage, "--service-cidr \(text): a second range must be of the other family")
            }
            cidrs.append(cidr)
        }
        return cidrs
    }
}

/// What `serve` was asked to do.
struct ServerSettings: Sendable {
    let listen: [ListenAddress]
    let apex: DomainName
    let manifests: [String]
    /// nil keeps the registry in memory.
    let data: String?
    let store: StoreSettings
    let zoneFiles: [ZoneFileSetting]
    let pods: PodNameMode
    let ttl: UInt32
    let workers: Int?
    /// What the process may have in all, in bytes; nil for no bound that is known.
    let memory: Int?
    /// nil serves no API.
    let api: APISettings?
    /// Whether the API was asked for: a default that cannot be served is done without.
    let isAPIRequired: Bool
    /// nil: the options say what to answer.
    let corefile: CorefileSetting?
    /// The cluster to answer from; nil leaves it to the Corefile, or means the embedded registry.
    let kubeconfig: String?
    /// nil: random secrets.
    let cookies: CookieSecretFile?
    /// nil: no tokens of a file let in to the API.
    let tokens: AccessTokenFile?
    /// Sockets that somebody else has bound for this process.
    let inherited: InheritedSockets

    /// Whether this process keeps a registry of its own: always without a Corefile or a cluster, and with a Corefile
    /// where one was asked for. With a cluster `data` is where its last state is kept.
    var usesEmbeddedRegistry: Bool {
        if kubeconfig != nil { return false }
        return corefile == nil || !manifests.isEmpty || isAPIRequired && api != nil
    }
}

/// The Corefile to serve.
struct CorefileSetting: Sendable {
    let path: String
    /// Of blocks that name none.
    let defaultPort: UInt16
    /// Whether another process on the same addresses hands over to this one.
    let takesOver: Bool
}

/// A static zone and where it is read from.
struct ZoneFileSetting: Sendable {
    let origin: DomainName
    let path: String

    /// Reads `ORIGIN=FILE`.
    init?(_ text: String) {
        guard let equals = text.firstIndex(of: "="), let origin = DomainName(text[..<equals]) else { return nil }
        self.origin = origin
        path = String(text[text.index(after: equals)...])
        guard !path.isEmpty else { return nil }
    }
}
