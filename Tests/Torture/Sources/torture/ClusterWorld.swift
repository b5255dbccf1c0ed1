import BenchmarkSupport
import Foundation
import Glibc
import Synchronization

/// A server that follows a cluster's API, forwards what is outside of it, and reads a Corefile.
final class ClusterWorld: World {
    static let apiPort: UInt16 = 8443
    static let readyPort: UInt16 = 8181
    static let metricsPort: UInt16 = 9153
    static let tlsPort: UInt16 = 853

    let api: ClusterAPI
    let upstreams: [Upstream]
    /// The number that the configuration has, and the one that the certificate's name has.
    var generation = 1
    var certificate = 1
    let changes: Changes

    override class var name: String { "cluster" }
    override var hasUpstreams: Bool { true }

    init(_ around: Surroundings) throws {
        let truth = Truth()
        var generator = SeededGenerator(seed: around.seed)
        upstreams = [try Upstream(port: 5301), try Upstream(port: 5302)]
        api = try ClusterAPI(
            Cluster(services: 24), truth: truth, port: Self.apiPort, streamsLists: generator.next() % 2 == 0)
        changes = Changes(of: api)
        try super.init(
            around, truth, Excuses(), Strain(),
            arguments: ["serve", "--conf", around.folder.appending(path: "Corefile").path, "--data", around.data.path])
        try addInterface()
        try writeCertificate(1)
        try write(corefile(generation: 1))
        truth.set(Questions.configuration, [.records(["1"])])
        try server.start()
        changes.begin(seed: generator.next())
    }

    override func stop() {
        changes.stop()
        super.stop()
        api.close()
        for upstream in upstreams { upstream.stop() }
    }

    // MARK: Configuration

    var corefilePath: String { around.folder.appending(path: "Corefile").path }
    func certificatePath(_ part: String) -> String { around.folder.appending(path: "certificate.\(part)").path }

    func corefile(generation: Int) -> String {
        """
        .:53 {
            errors
            health 127.0.0.1:8080
            ready 127.0.0.1:\(Self.readyPort) {
                monitor continuously
            }
            prometheus 127.0.0.1:\(Self.metricsPort)
            template IN TXT \(Questions.configuration.name) {
                answer "{{ .Name }} 1 IN TXT \\"\(generation)\\""
            }
            kubernetes cluster.local in-addr.arpa ip6.arpa {
                endpoint http://127.0.0.1:\(Self.apiPort)
                pods insecure
                ttl 5
            }
            forward . 127.0.0.1:5301 127.0.0.1:5302
            cache 30 {
                disable success cluster.local
                disable denial cluster.local
                servfail 1s
            }
            reload 2s 1s
            loadbalance
        }
        tls://.:\(Self.tlsPort) {
            tls \(certificatePath("pem")) \(certificatePath("key"))
            whoami
        }

        """
    }

    /// Replaces the Corefile as editors do.
    func write(_ corefile: String) throws {
        try corefile.write(toFile: corefilePath, atomically: true, encoding: .utf8)
    }

    /// Replaces the certificate and its key as clients of certificate authorities do: by new files, the key's for its
    /// owner alone.
    func writeCertificate(_ number: Int) throws {
        try around.mustRun(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", "/CN=generation-\(number)", "-keyout", certificatePath("new-key"),
                "-out", certificatePath("new-pem"),
            ])
        for part in ["key", "pem"] {
            guard rename(certificatePath("new-\(part)"), certificatePath(part)) == 0 else {
                throw BenchmarkError.system(call: "rename", errorNumber: errno)
            }
        }
    }

    /// The common name of the certificate that is shown over TLS.
    func shownCertificate() -> String {
        let text = around.run(
            "sh",
            [
                "-c",
                "timeout 3 openssl s_client -connect 127.0.0.1:\(Self.tlsPort) </dev/null 2>/dev/null | openssl x509 -noout -subject",
            ])
        return (text ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    // MARK: Recovery

    override func mark() -> Key? {
        api.mark()
        return Cluster.marker
    }

    override func isWell() -> Bool {
        HTTP.get(Self.readyPort, "/ready", seconds: 1)?.status == 200
            && shownCertificate().hasSuffix("generation-\(certificate)")
    }

    override var connectionPorts: [UInt16] { [server.port, Self.tlsPort, Self.readyPort, Self.metricsPort] }

    override var faults: [(SeededGenerator) -> Fault] {
        commonFaults + sourceFaults + upstreamFaults + configurationFaults + [
            // Only the state on disk is not written: nothing is excused.
            { [self] in diskFull([], $0) }, { [self] in diskSlow([], $0) }, { [self] in diskFailing([], $0) },
            stateDamaged,
        ]
    }

    /// A state on disk that is no state: it is not used.
    private func stateDamaged(_ generator: SeededGenerator) -> Fault {
        let state = data.appending(path: "cluster-state").path
        return restarted("state on disk damaged, killed, started again", generator) { [self] server in
            server.kill()
            var generator = generator
            guard let size = (try? FileManager.default.attributesOfItem(atPath: state))?[.size] as? UInt64, size > 0,
                let handle = FileHandle(forUpdatingAtPath: state)
            else { return }
            defer { try? handle.close() }
            if generator.next() % 2 == 0 {
                try? handle.truncate(atOffset: generator.next() % size)
            } else {
                try? handle.seek(toOffset: generator.next() % size)
                try? handle.write(contentsOf: Data((0..<64).map { _ in UInt8(truncatingIfNeeded: generator.next()) }))
            }
            _ = self
        }
    }
}

/// Changes a cluster every 20 to 120 ms, on a thread of its own.
final class Changes: Sendable {
    private let api: ClusterAPI
    private let goesOn = Mutex(false)
    private let rests = Mutex(false)
    private let ended = DispatchSemaphore(value: 0)

    init(of api: ClusterAPI) { self.api = api }

    func begin(seed: UInt64) {
        goesOn.withLock { $0 = true }
        Thread { [self] in
            var generator = SeededGenerator(seed: seed)
            while goesOn.withLock({ $0 }) {
                if !rests.withLock({ $0 }) { api.change(using: &generator) }
                usleep(UInt32.random(in: 20_000...120_000, using: &generator))
            }
            ended.signal()
        }.start()
    }

    /// Makes no changes for a while.
    func rest(_ rests: Bool) { self.rests.withLock { $0 = rests } }

    func stop() {
        let wasGoing = goesOn.withLock { goesOn in
            defer { goesOn = false }
            return goesOn
        }
        if wasGoing { ended.wait() }
    }
}
