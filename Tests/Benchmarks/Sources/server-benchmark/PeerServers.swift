import BenchmarkSupport
import Foundation

/// NSD from Debian: one server process, no rate limit, answers of the least size.
struct NSD: Contender {
    let executable: String
    var hasTLS = false

    let versionArguments: [String]? = ["-v"]
    let servesWorkload = true

    func configuration(at place: Place) -> String? {
        let secure = """

                ip-address: 127.0.0.1@\(place.securePort)
                tls-port: \(place.securePort)
                tls-service-key: "\(place.files.key.path)"
                tls-service-pem: "\(place.files.certificate.path)"
            """
        return """
            server:
                ip-address: 127.0.0.1@\(place.port)\(hasTLS ? secure : "")
                server-count: 1
                tcp-count: 1000
                rrl-ratelimit: 0
                rrl-whitelist-ratelimit: 0
                minimal-responses: yes
                username: ""
                chroot: ""
                database: ""
                pidfile: ""
                zonesdir: "\(place.folder.path)"
                zonelistfile: "\(place.folder.path)/zone.list"
                xfrdfile: "\(place.folder.path)/xfrd.state"
                xfrdir: "\(place.folder.path)"
            remote-control:
                control-enable: no
            zone:
                name: "\(Workload.zone)"
                zonefile: "\(place.files.zoneFile.path)"

            """
    }

    func arguments(at place: Place) -> [String] { ["-d", "-c", place.configuration.path] }
}

/// Knot DNS from Debian: one UDP worker, and no rate limit because the module for it is not loaded.
struct Knot: Contender {
    let executable: String

    let versionArguments: [String]? = ["-V"]
    let servesWorkload = true

    func configuration(at place: Place) -> String? {
        """
        server:
            listen: 127.0.0.1@\(place.port)
            rundir: "\(place.folder.path)"
            udp-workers: 1
            tcp-workers: 1
            tcp-max-clients: 1000
            background-workers: 1
        log:
          - target: stderr
            any: warning
        database:
            storage: "\(place.folder.path)"
        template:
          - id: default
            storage: "\(place.folder.path)"
            zonefile-sync: -1
            zonefile-load: whole
            journal-content: none
        zone:
          - domain: \(Workload.zone)
            file: "\(place.files.zoneFile.path)"

        """
    }

    func arguments(at place: Place) -> [String] { ["-c", place.configuration.path] }
}

/// Unbound from Debian, one thread: from the zone file, or forwarding and caching what others ask.
struct Unbound: Contender {
    /// What it answers from.
    enum Source: Sendable {
        case zoneFile
        case upstream(UInt16)
    }

    let executable: String
    let source: Source
    /// `tls-port` or `https-port`; nil for neither.
    var securePortOption: String?

    let versionArguments: [String]? = ["-V"]
    let servesWorkload = true

    func configuration(at place: Place) -> String? {
        var lines = [
            "server:", "interface: 127.0.0.1@\(place.port)", "port: \(place.port)", "num-threads: 1",
            "outgoing-range: 4096", "num-queries-per-thread: 4096", "incoming-num-tcp: 1000", "so-rcvbuf: 0",
            "so-sndbuf: 0", "msg-cache-slabs: 1", "rrset-cache-slabs: 1", "infra-cache-slabs: 1", "key-cache-slabs: 1",
            "msg-cache-size: 64m", "rrset-cache-size: 128m", "minimal-responses: yes", "rrset-roundrobin: no",
            "module-config: \"iterator\"", "do-not-query-localhost: no", "username: \"\"", "chroot: \"\"",
            "directory: \"\(place.folder.path)\"", "pidfile: \"\"", "use-syslog: no", "logfile: \"\"",
            "do-daemonize: no", "access-control: 127.0.0.0/8 allow", "do-ip6: no",
        ]
        if let securePortOption {
            lines += [
                "interface: 127.0.0.1@\(place.securePort)", "\(securePortOption): \(place.securePort)",
                "tls-service-key: \"\(place.files.key.path)\"", "tls-service-pem: \"\(place.files.certificate.path)\"",
            ]
        }
        lines += ["remote-control:", "control-enable: no"]
        switch source {
        case .zoneFile:
            lines += [
                "auth-zone:", "name: \"\(Workload.zone)\"", "zonefile: \"\(place.files.zoneFile.path)\"",
                "for-downstream: yes", "for-upstream: no", "fallback-enabled: no",
            ]
        case .upstream(let port):
            lines += ["forward-zone:", "name: \".\"", "forward-addr: 127.0.0.1@\(port)"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    func arguments(at place: Place) -> [String] { ["-d", "-c", place.configuration.path] }
}

/// dnsmasq from Debian, forwarding and caching.
///
/// It closes all descriptors that it was started with, which Foundation takes for its end and waits for that: so it runs
/// below `timeout`, which keeps them and hands signals on.
struct Dnsmasq: Contender {
    let dnsmasq: String
    let upstream: UInt16

    let executable = "timeout"
    var versionArguments: [String]? { ["10", dnsmasq, "--version"] }
    let servesWorkload = true

    func configuration(at place: Place) -> String? { nil }

    func arguments(at place: Place) -> [String] {
        [
            "3600", dnsmasq, "--keep-in-foreground", "--conf-file=/dev/null", "--port=\(place.port)",
            "--listen-address=127.0.0.1",
            "--bind-interfaces", "--no-resolv", "--no-hosts", "--server=127.0.0.1#\(upstream)", "--cache-size=10000",
            "--dns-forward-max=10000", "--user=", "--pid-file=\(place.folder.path)/pid",
        ]
    }
}
