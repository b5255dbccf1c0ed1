import BenchmarkSupport
import Foundation

/// NSD from Debian: one server process, no rate limit, answers of the least size.
struct NSD: Contender {
    let executable: String

    let name = "NSD"
    let versionArguments: [String]? = ["-v"]
    let servesWorkload = true

    func configuration(port: UInt16, files: WorkloadFiles, folder: URL) -> String? {
        """
        server:
            ip-address: 127.0.0.1@\(port)
            server-count: 1
            rrl-ratelimit: 0
            rrl-whitelist-ratelimit: 0
            minimal-responses: yes
            username: ""
            chroot: ""
            database: ""
            pidfile: ""
            zonesdir: "\(folder.path)"
            zonelistfile: "\(folder.path)/zone.list"
            xfrdfile: "\(folder.path)/xfrd.state"
            xfrdir: "\(folder.path)"
        remote-control:
            control-enable: no
        zone:
            name: "\(Workload.zone)"
            zonefile: "\(files.zoneFile.path)"

        """
    }

    func arguments(port: UInt16, files: WorkloadFiles, configuration: URL) -> [String] {
        ["-d", "-c", configuration.path]
    }
}

/// Knot DNS from Debian: one UDP worker, and no rate limit because the module for it is not loaded.
struct Knot: Contender {
    let executable: String

    let name = "Knot DNS"
    let versionArguments: [String]? = ["-V"]
    let servesWorkload = true

    func configuration(port: UInt16, files: WorkloadFiles, folder: URL) -> String? {
        """
        server:
            listen: 127.0.0.1@\(port)
            rundir: "\(folder.path)"
            udp-workers: 1
            tcp-workers: 1
            background-workers: 1
        log:
          - target: stderr
            any: warning
        database:
            storage: "\(folder.path)"
        template:
          - id: default
            storage: "\(folder.path)"
            zonefile-sync: -1
            zonefile-load: whole
            journal-content: none
        zone:
          - domain: \(Workload.zone)
            file: "\(files.zoneFile.path)"

        """
    }

    func arguments(port: UInt16, files: WorkloadFiles, configuration: URL) -> [String] {
        ["-c", configuration.path]
    }
}
