import BenchmarkSupport
import Foundation

extension Workload {
    /// The Services of one namespace as Kubernetes manifests, the Namespace object first.
    func manifest(ofNamespace namespace: String) -> String {
        var documents = ["{apiVersion: v1, kind: Namespace, metadata: {name: \(namespace)}}\n"]
        for service in services where service.namespace == namespace {
            let ports = service.ports.map { port in
                port.name.isEmpty ? "{port: \(port.number)}" : "{name: \(port.name), port: \(port.number)}"
            }
            documents.append(
                """
                apiVersion: v1
                kind: Service
                metadata:
                  name: \(service.name)
                  namespace: \(namespace)
                spec:
                  clusterIP: \(service.address)
                  ports: [\(ports.joined(separator: ", "))]

                """)
        }
        return documents.joined(separator: "---\n")
    }

    /// The records of all Services as a zone file, for the servers that read one.
    func zoneFile() -> String {
        var lines = [
            "$ORIGIN \(Self.zone).",
            "$TTL 5",
            "@ IN SOA ns.dns hostmaster 1 7200 1800 86400 5",
            "@ IN NS ns.dns",
            "ns.dns IN A 10.96.0.10",
        ]
        for service in services {
            let name = "\(service.name).\(service.namespace).svc"
            lines.append("\(name) IN A \(service.address)")
            for port in service.ports {
                lines.append("\(name) IN SRV 0 \(100 / service.ports.count) \(port.number) \(name)")
            }
            for port in service.namedPorts {
                lines.append("_\(port.name)._tcp.\(name) IN A \(service.address)")
                lines.append("_\(port.name)._tcp.\(name) IN SRV 0 100 \(port.number) \(name)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The questions in dnsperf's format, one a line.
    func queryFile() -> String {
        questions.map { "\($0.name) \($0.type)\n" }.joined()
    }
}

/// The files of one run of the benchmark: a folder of its own, removed at the end.
struct WorkloadFiles {
    let folder: URL

    var manifests: URL { folder.appending(path: "manifests") }
    var zoneFile: URL { folder.appending(path: "cluster.local.zone") }
    var queryFile: URL { folder.appending(path: "queries") }

    /// Creates the folder and writes the workload into it.
    init(writing workload: Workload) throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "udp-benchmark-\(ProcessInfo.processInfo.processIdentifier)")
        do {
            try FileManager.default.createDirectory(at: manifests, withIntermediateDirectories: true)
            for namespace in Workload.namespaces {
                let file = manifests.appending(path: "\(namespace).yaml")
                try workload.manifest(ofNamespace: namespace).write(to: file, atomically: false, encoding: .utf8)
            }
            try workload.zoneFile().write(to: zoneFile, atomically: false, encoding: .utf8)
            try workload.queryFile().write(to: queryFile, atomically: false, encoding: .utf8)
        } catch {
            remove()
            throw error
        }
    }

    func remove() {
        try? FileManager.default.removeItem(at: folder)
    }
}
