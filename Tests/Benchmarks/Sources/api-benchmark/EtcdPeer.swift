import BenchmarkSupport
import Foundation

/// etcd from Debian, one member: what the same durable writes cost in the store of Kubernetes itself.
struct EtcdPeer {
    /// Seconds it may take from its start to its first answer.
    static let startLimit = 30

    private let program: Program
    let port: UInt16

    var processIdentifier: pid_t { program.processIdentifier }

    init(executable: String, folder: URL) throws {
        port = try findFreePort()
        let (client, peer) = ("http://127.0.0.1:\(port)", "http://127.0.0.1:\(try findFreePort())")
        program = try Program(
            name: "etcd", executable: executable,
            arguments: [
                "--name", "bench", "--data-dir", folder.appending(path: "etcd").path, "--listen-client-urls", client,
                "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                "--initial-cluster", "bench=\(peer)", "--log-level", "error",
            ],
            folder: folder)
        do {
            try awaitReady()
        } catch {
            program.stop()
            throw error
        }
    }

    func stop() { program.stop() }

    /// Puts a value over the JSON gateway, as a client without gRPC would.
    static func put(_ value: String, at key: String) -> HTTPRequest {
        let (key, value) = (Data(key.utf8).base64EncodedString(), Data(value.utf8).base64EncodedString())
        return HTTPRequest("POST", "/v3/kv/put", body: #"{"key":"\#(key)","value":"\#(value)"}"#)
    }

    /// Puts a value until it is taken.
    private func awaitReady() throws {
        let deadline = ContinuousClock.now + .seconds(Self.startLimit)
        while ContinuousClock.now < deadline {
            guard program.isRunning else { throw program.causeOfEnd() }
            if let reply = try? HTTPConnection(port: port).exchange(Self.put("ready", at: "/ready")),
                reply.status == 200
            {
                return
            }
            try Interruption.sleep(milliseconds: 50)
        }
        throw BenchmarkError.program("etcd", reason: "gave no answer within \(Self.startLimit) s")
    }
}
