import BenchmarkSupport
import Foundation

/// A server that takes part: how to start it, and how to know it. Values only; `ServerProcess` does the work.
protocol Contender: Sendable {
    /// The name in the table.
    var name: String { get }
    /// The path of the program.
    var executable: String { get }
    /// The arguments that make the program print its version, if it has any.
    var versionArguments: [String]? { get }
    /// Whether the answers come from the workload's records, so that they can be checked.
    var servesWorkload: Bool { get }

    /// The configuration file the server needs, if it needs one.
    func configuration(port: UInt16, files: WorkloadFiles, folder: URL) throws -> String?
    /// The arguments of the program; `configuration` is the path of the file made from the text above.
    func arguments(port: UInt16, files: WorkloadFiles, configuration: URL) -> [String]
}

/// The floor: `udp-echo`, which answers without looking anything up.
struct EchoFloor: Contender {
    let executable: String

    let name = "C echo (floor)"
    let versionArguments: [String]? = nil
    let servesWorkload = false

    func configuration(port: UInt16, files: WorkloadFiles, folder: URL) -> String? { nil }

    func arguments(port: UInt16, files: WorkloadFiles, configuration: URL) -> [String] { [String(port)] }
}

/// The server this benchmark is for. It starts one UDP worker for each core it may run on: here one.
struct Swiftlet: Contender {
    let executable: String

    let name = "swiftlet"
    let versionArguments: [String]? = ["--version"]
    let servesWorkload = true

    func configuration(port: UInt16, files: WorkloadFiles, folder: URL) -> String? { nil }

    func arguments(port: UInt16, files: WorkloadFiles, configuration: URL) -> [String] {
        ["serve", "--listen", "127.0.0.1:\(port)", "--manifests", files.manifests.path]
    }
}

/// The same server with kubeadm's Corefile: metrics, cache, and all else that a cluster has on.
struct CorefileSwiftlet: Contender {
    let executable: String

    let name = "swiftlet, Corefile"
    /// The other row of the program has it.
    let versionArguments: [String]? = nil
    let servesWorkload = true

    func configuration(port: UInt16, files: WorkloadFiles, folder: URL) throws -> String? {
        try Corefile.kubeadm(port: port, api: nil)
    }

    func arguments(port: UInt16, files: WorkloadFiles, configuration: URL) -> [String] {
        ["serve", "--conf", configuration.path, "--manifests", files.manifests.path]
    }
}
