import Foundation
import Testing
import Yams

/// The folders that are applied as they are, and what is to be found in them.
enum DeployedFolders {
    static let base = "kubernetes"
    static let nodeLocal = "kubernetes/node-local"
    static let all = [base, nodeLocal]

    static let names = [
        (
            base,
            [
                "ClusterRole swiftlet", "ClusterRoleBinding swiftlet", "ConfigMap swiftlet", "Deployment swiftlet",
                "NetworkPolicy swiftlet", "PodDisruptionBudget swiftlet", "Service swiftlet", "ServiceAccount swiftlet",
            ]
        ),
        (
            nodeLocal,
            [
                "ClusterRole swiftlet-node", "ClusterRoleBinding swiftlet-node", "ConfigMap swiftlet-node",
                "DaemonSet swiftlet-node", "ServiceAccount swiftlet-node",
            ]
        ),
    ]
}

@Suite("deploy/kubernetes")
struct KubernetesFolderTests {
    @Test("A folder gives its objects, those of a namespace in kube-system", arguments: DeployedFolders.names)
    func objects(folder: String, names: [String]) throws {
        let folder = try Kustomization(folder)
        #expect(folder.names == names)
        for object in folder.objects where object["kind"]?.string?.hasPrefix("Cluster") == false {
            #expect(object.at("metadata.namespace")?.string == "kube-system")
        }
    }

    // MARK: Rights

    @Test(
        "Names are made of Services, Namespaces and slices: listed and watched, nothing more",
        arguments: DeployedFolders.all)
    func leastRights(folder: String) throws {
        #expect(
            try rules(Kustomization(folder)) == [
                " services namespaces: list watch", "discovery.k8s.io endpointslices: list watch",
            ])
    }

    @Test("The component for Pods adds these alone")
    func podRights() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "kustomization-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let base = folder.appending(path: "base")
        try FileManager.default.copyItem(at: Kustomization.deployFolder.appending(path: "kubernetes"), to: base)
        try "resources: [base]\ncomponents: [base/pods]\n".write(
            to: folder.appending(path: "kustomization.yaml"), atomically: true, encoding: .utf8)
        #expect(
            try rules(Kustomization(at: folder.path)) == [
                " pods: list watch", " services namespaces: list watch",
                "discovery.k8s.io endpointslices: list watch",
            ])
    }

    @Test("The rights are those of the account that the Pods run as", arguments: DeployedFolders.all)
    func account(folder: String) throws {
        let folder = try Kustomization(folder)
        let account = try folder.object("ServiceAccount").at("metadata.name")?.string
        #expect(try folder.template().at("spec.serviceAccountName")?.string == account)
        let binding = try folder.object("ClusterRoleBinding")
        let subject = try #require(binding["subjects"]?.sequence?.first)
        #expect(subject["name"]?.string == account)
        #expect(subject["namespace"]?.string == "kube-system")
        #expect(binding.at("roleRef.name")?.string == (try folder.object("ClusterRole").at("metadata.name")?.string))
    }

    private func rules(_ folder: Kustomization) throws -> [String] {
        let rules = try #require(try folder.object("ClusterRole")["rules"]?.sequence)
        return rules.map { rule in
            func words(_ key: String) -> String {
                (rule[key]?.sequence?.compactMap(\.string) ?? []).joined(separator: " ")
            }
            return "\(words("apiGroups")) \(words("resources")): \(words("verbs"))"
        }.sorted()
    }

    // MARK: Pods

    @Test(
        "The server is no root, writes to no root file system and may listen on port 53, nothing more",
        arguments: DeployedFolders.all)
    func hardening(folder: String) throws {
        let folder = try Kustomization(folder)
        let pod = try #require(try folder.template()["spec"])
        let container = try folder.container()
        #expect(pod.at("securityContext.runAsUser")?.int == 65532)
        #expect(pod.at("securityContext.seccompProfile.type")?.string == "RuntimeDefault")
        #expect([pod, container].contains { $0.at("securityContext.runAsNonRoot")?.bool == true })
        #expect(container.at("securityContext.runAsUser") == nil)
        let rights = container.at("securityContext.capabilities")
        #expect(rights?["drop"]?.texts == ["ALL"])
        #expect(rights?["add"]?.texts == ["NET_BIND_SERVICE"])
        let containers = [container] + (pod["initContainers"]?.sequence.map { Array($0) } ?? [])
        for container in containers {
            #expect(container.at("securityContext.readOnlyRootFilesystem")?.bool == true)
            #expect(container.at("securityContext.allowPrivilegeEscalation")?.bool == false)
            #expect(container.at("securityContext.capabilities.drop")?.texts == ["ALL"])
            #expect(container.at("securityContext.privileged") == nil)
            #expect(container.at("resources.requests.cpu")?.string?.isEmpty == false)
            #expect(container.at("resources.requests.memory")?.string?.isEmpty == false)
            #expect(container.at("resources.limits.memory")?.string?.isEmpty == false)
            #expect(container["image"]?.string?.hasPrefix("swiftlet:") == true)
        }
    }

    @Test("Probes ask the pages that the Corefile has served", arguments: DeployedFolders.all)
    func probes(folder: String) throws {
        let folder = try Kustomization(folder)
        let container = try folder.container()
        let ports = container["ports"]?.sequence.map { Array($0) } ?? []
        for (probe, directive) in [
            ("startupProbe", "health"), ("livenessProbe", "health"), ("readinessProbe", "ready"),
        ] {
            let get = try #require(container.at("\(probe).httpGet"))
            let page = try #require(try folder.page(directive))
            #expect(get["path"]?.string == "/\(directive)")
            let named = ports.first { $0["name"]?.string == get["port"]?.string }?["containerPort"]?.int
            #expect(named ?? get["port"]?.int == page.port)
            #expect(get["host"]?.string ?? "" == page.host)
        }
        let metrics = try #require(try folder.page("prometheus"))
        let annotation = try folder.template().at("metadata.annotations")?["prometheus.io/port"]?.string
        #expect(annotation == "\(metrics.port)")
        #expect(metrics.host == "")
    }

    @Test("The Corefile is one without a problem or a warning", arguments: DeployedFolders.all)
    func corefileIsSound(folder: String) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).corefile")
        defer { try? FileManager.default.removeItem(at: file) }
        try Kustomization(folder).corefile().write(to: file, atomically: true, encoding: .utf8)
        let result = try run(ServerUnderTest.binary, ["check", file.path])
        #expect(result.output == "")
        #expect(result.status == 0)
    }

    @Test(
        "The container's arguments and Corefile start a server whose pages answer as the probes want",
        arguments: DeployedFolders.all)
    func start(folder: String) throws {
        let folder = try Kustomization(folder)
        let api = try APIServerUnderTest()
        defer { api.stop() }
        var corefile = try folder.corefile()
            .replacing("/etc/resolv.conf", with: "127.0.0.1:1")
            .replacing("pods insecure", with: "endpoint \(api.url)\npods insecure")
        if !corefile.contains("bind ") { corefile = corefile.replacing(".:53 {", with: ".:53 {\nbind 127.0.0.1") }
        corefile = corefile.replacing("bind 169.254.20.10", with: "bind 127.0.0.1").replacing(".:53", with: ".:0")
        // The first word of a page's line, and another address behind it.
        corefile =
            corefile.split(separator: "\n").map { line in
                var words = line.split(separator: " ").map(String.init)
                guard let first = words.first, ["health", "ready", "prometheus"].contains(first) else {
                    return String(line)
                }
                if words.count > 1, words[1].contains(":") { words.remove(at: 1) }
                return ([first, "127.0.0.1:0"] + words.dropFirst()).joined(separator: " ")
            }.joined(separator: "\n").replacing("lameduck 5s", with: "lameduck 1ms") + "\n"
        let arguments = (try folder.container()["args"]?.sequence?.compactMap(\.string) ?? []).map {
            $0.replacing("/etc/swiftlet", with: "FOLDER").replacing("/var/lib/swiftlet", with: "FOLDER/state")
        }
        #expect(arguments.first == "serve")
        let server = try ServerProcess(files: ["Corefile": corefile], arguments: Array(arguments.dropFirst()))
        defer { server.stop() }
        #expect(try server.awaitReady().count == 1)
        for page in ["health", "ready", "metrics"] {
            let url = try #require(server.pages[page])
            let status = try run("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "10", url])
            #expect(status.output == "200", "\(page)")
        }
        #expect(server.stop() == 0)
    }

    // MARK: What belongs to the Pods

    @Test("Service, budget and network policy find the Pods, and name the ports that these have")
    func selectors() throws {
        let folder = try Kustomization(DeployedFolders.base)
        let labels = try #require(try folder.template().at("metadata.labels")?.texts)
        let ports = try #require(try folder.container()["ports"]?.sequence)
        let selectors = [
            try folder.object("Deployment").at("spec.selector.matchLabels"),
            try folder.object("Service").at("spec.selector"),
            try folder.object("PodDisruptionBudget").at("spec.selector.matchLabels"),
            try folder.object("NetworkPolicy").at("spec.podSelector.matchLabels"),
        ]
        for selector in selectors {
            let texts = try #require(selector?.texts)
            #expect(!texts.isEmpty && Set(texts).isSubset(of: labels))
        }
        func port(_ node: Node, _ key: String) -> String { "\(node[key]?.int ?? 0) \(node["protocol"]?.string ?? "")" }
        let served = Set(ports.map { port($0, "containerPort") })
        let ingress = try #require(
            try folder.object("NetworkPolicy").at("spec.ingress")?.sequence?.first?["ports"]?.sequence)
        #expect(Set(ingress.map { port($0, "port") }) == served)
        for entry in try #require(try folder.object("Service").at("spec.ports")?.sequence) {
            let target = ports.first { $0["name"] == entry["targetPort"] }
            #expect(target.map { port($0, "containerPort") } == port(entry, "port"))
        }
        #expect(
            try folder.page("prometheus")?.port
                == ports.first { $0["name"]?.string == "metrics" }?["containerPort"]?.int)
    }

    @Test("A node-local Pod declares no ports, or its successor could not start beside it")
    func nodeLocalPorts() throws {
        let folder = try Kustomization(DeployedFolders.nodeLocal)
        #expect(try folder.container()["ports"] == nil)
        #expect(try folder.template().at("spec.hostNetwork")?.bool == true)
        #expect(try folder.container()["args"]?.texts.contains("--take-over") == true)
        let setUp = try #require(try folder.template().at("spec.initContainers")?.sequence?.first)
        #expect(setUp.at("securityContext.capabilities.add")?.texts == ["NET_ADMIN"])
        #expect(setUp["args"]?.texts.first?.contains("169.254.20.10/32") == true)
        #expect(try folder.corefile().contains("bind 169.254.20.10\n"))
    }

    @Test("An API server takes the Service")
    func dryRun() throws {
        let api = try APIServerUnderTest()
        defer { api.stop() }
        let service = try Yams.serialize(node: try Kustomization(DeployedFolders.base).object("Service"))
        let result = try api.shell("kubectl create --dry-run=server --validate=strict -f -", input: service)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("service/swiftlet created (server dry run)"))
    }
}
