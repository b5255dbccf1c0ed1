import BenchmarkSupport
import Foundation
import ScriptedCluster

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

    /// The objects of all Services, for servers that ask an API server.
    ///
    /// - Parameter version: the resource version of each.
    func objects(version: Int) -> [ObjectSort: [[UInt8]]] {
        let names = Self.namespaces.map {
            Array(#""metadata":{"name":"\#($0)","uid":"\#($0)","resourceVersion":"\#(version)"}"#.utf8)
        }
        let services = services.map { service in
            let ports = service.ports.map { #"{"name":"\#($0.name)","protocol":"TCP","port":\#($0.number)}"# }
            return Array(
                (#""metadata":{"name":"\#(service.name)","namespace":"\#(service.namespace)","#
                    + #""uid":"\#(service.name)","resourceVersion":"\#(version)"},"spec":{"type":"ClusterIP","#
                    + #""clusterIP":"\#(service.address)","clusterIPs":["\#(service.address)"],"#
                    + #""ports":[\#(ports.joined(separator: ","))]}"#).utf8)
        }
        return [.namespace: names, .service: services, .endpointSlice: [], .pod: []]
    }

    /// The questions in dnsperf's format, one a line.
    func queryFile() -> String {
        questions.map { "\($0.name) \($0.type)\n" }.joined()
    }
}

/// The files of one workload: a folder of its own, removed at the end.
struct WorkloadFiles {
    let folder: URL

    var manifests: URL { folder.appending(path: "manifests") }
    var zoneFile: URL { folder.appending(path: "cluster.local.zone") }
    var queryFile: URL { folder.appending(path: "queries") }
    /// A certificate of 127.0.0.1 and its key; there once `makeCertificate` has been called.
    var certificate: URL { folder.appending(path: "certificate.pem") }
    var key: URL { folder.appending(path: "key.pem") }

    /// Creates the folder and writes the workload into it.
    ///
    /// - Parameter zoneFile: the zone in place of that of the workload's Services.
    init(writing workload: Workload, zoneFile text: String? = nil) throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "server-benchmark-\(UUID().uuidString.prefix(8))")
        do {
            try FileManager.default.createDirectory(at: manifests, withIntermediateDirectories: true)
            for namespace in Workload.namespaces where !workload.services.isEmpty {
                let file = manifests.appending(path: "\(namespace).yaml")
                try workload.manifest(ofNamespace: namespace).write(to: file, atomically: false, encoding: .utf8)
            }
            try (text ?? workload.zoneFile()).write(to: zoneFile, atomically: false, encoding: .utf8)
            try workload.queryFile().write(to: queryFile, atomically: false, encoding: .utf8)
        } catch {
            remove()
            throw error
        }
    }

    /// Makes a certificate of 127.0.0.1 for a day.
    func makeCertificate() throws {
        guard let openssl = Program.find("openssl") else { throw BenchmarkError.missingTool("openssl") }
        _ = try Program(
            name: "openssl", executable: openssl,
            arguments: [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout", key.path, "-out", certificate.path,
            ], folder: folder
        ).finish(withinSeconds: 30)
    }

    func remove() {
        try? FileManager.default.removeItem(at: folder)
    }
}

extension Workload {
    /// A zone file of what is asked, for peers of a cluster that has no Services here: A and SRV by turns.
    func zoneFileOfQuestions() -> String {
        var lines = [
            "$ORIGIN \(Self.zone).", "$TTL 5", "@ IN SOA ns.dns hostmaster 1 7200 1800 86400 5", "@ IN NS ns.dns",
            "ns.dns IN A 10.96.0.10",
        ]
        for question in questions {
            switch question.expectation {
            case .address(let address): lines.append("\(question.name). IN A \(address)")
            case .serviceRecord:
                let target = question.name.split(separator: ".").dropFirst(2).joined(separator: ".")
                lines.append("\(question.name). IN SRV 0 100 80 \(target).")
            case .noData, .nameError: continue
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
