import BenchmarkSupport
import Foundation

/// A server that takes part: how to start it, and how to know it. Values only; `Program` does the work.
protocol Contender: Sendable {
    /// The path of the program.
    var executable: String { get }
    /// The arguments that make the program print its version, if it has any.
    var versionArguments: [String]? { get }
    /// Whether the answers come from the workload's records, so that they can be checked.
    var servesWorkload: Bool { get }

    /// The configuration file the server needs, if it needs one.
    func configuration(at place: Place) throws -> String?
    /// The arguments of the program.
    func arguments(at place: Place) -> [String]
}

/// Where one server runs: its ports of 127.0.0.1 and its files.
struct Place {
    /// For UDP and TCP.
    let port: UInt16
    /// For TLS or HTTPS.
    let securePort: UInt16
    let files: WorkloadFiles
    /// The server's own, in which it is started.
    let folder: URL

    /// The file that `Contender.configuration` is written to.
    var configuration: URL { folder.appending(path: "server.conf") }
}

/// The floor: `udp-echo`, which answers without looking anything up.
struct EchoFloor: Contender {
    let executable: String

    let versionArguments: [String]? = nil
    let servesWorkload = false

    func configuration(at place: Place) -> String? { nil }
    func arguments(at place: Place) -> [String] { [String(place.port)] }
}

/// The server this benchmark is for, told by flags. It starts one UDP worker for each core it may run on.
struct FlagSwiftlet: Contender {
    let executable: String
    var workers: Int?

    let versionArguments: [String]? = ["--version"]
    let servesWorkload = true

    func configuration(at place: Place) -> String? { nil }

    func arguments(at place: Place) -> [String] {
        ["serve", "--listen", "127.0.0.1:\(place.port)", "--manifests", place.files.manifests.path]
            + (workers.map { ["--workers", String($0)] } ?? [])
    }
}

/// The same server with kubeadm's Corefile: metrics, cache, and all else that a cluster has on.
struct CorefileSwiftlet: Contender {
    let executable: String
    /// Directives beside kubeadm's, one a line.
    var additions: [String] = []
    /// Directives of kubeadm's that are left out.
    var omissions: [String] = []
    /// The protocol of a second server block at the secure port: `tls` or `https`; nil for none.
    var secureScheme: String?
    /// The API server the Services come from; nil where they come from manifests.
    var api: UInt16?
    /// Where questions about other names go; nil for nowhere.
    var upstream: UInt16?

    /// The other row of the program has it.
    let versionArguments: [String]? = ["--version"]
    let servesWorkload = true

    func configuration(at place: Place) throws -> String? {
        let text = try Corefile.kubeadm(
            port: place.port, api: api, upstream: upstream, additions: additions, omissions: omissions)
        guard let secureScheme else { return text }
        // The block of the secure port needs neither pages of its own nor a look at the file.
        return text
            + """
            \(secureScheme)://.:\(place.securePort) {
                bind 127.0.0.1
                tls \(place.files.certificate.path) \(place.files.key.path)
                kubernetes cluster.local in-addr.arpa ip6.arpa {
                    \(api.map { "endpoint http://127.0.0.1:\($0)" } ?? "")
                    pods insecure
                    fallthrough in-addr.arpa ip6.arpa
                    ttl 30
                }
                loadbalance
            }

            """
    }

    func arguments(at place: Place) -> [String] {
        ["serve", "--conf", place.configuration.path]
            + (api == nil ? ["--manifests", place.files.manifests.path] : [])
    }
}

/// CoreDNS with the same Corefile. It has no manifests, so its Services come over the API.
struct CoreDNS: Contender {
    let executable: String
    let api: UInt16
    var secureScheme: String?

    let versionArguments: [String]? = ["-version"]
    let servesWorkload = true

    func configuration(at place: Place) throws -> String? {
        try CorefileSwiftlet(executable: executable, secureScheme: secureScheme, api: api).configuration(at: place)
    }

    func arguments(at place: Place) -> [String] { ["-conf", place.configuration.path] }
}
