import DNS
import Testing

@testable import Corefile

@Suite("kubernetes")
struct KubernetesSettingsTests {
    enum Cases {
        static let refusals: [(String, String)] = [
            ("kubernetes\nkubernetes", "'kubernetes' may stand once in a server block; delete it"),
            (
                "kubernetes in-addr.arpa 10.0.0.0/8",
                "'kubernetes' has reverse zones only; write the cluster's zone first, as cluster.local"
            ),
            ("kubernetes a..b", "'a..b' is no domain name"),
            ("kubernetes {\n endpoint\n}", "'endpoint' needs a URL"),
            (
                "kubernetes {\n endpoint k8s:6443\n}",
                "'k8s:6443' is no URL of an API server; write one as https://10.96.0.1:443"
            ),
            ("kubernetes {\n tls a b\n}", "'tls' needs 3 arguments"),
            ("kubernetes {\n tls a b c d\n}", "'d' is one argument too many for tls"),
            ("kubernetes {\n kubeconfig\n}", "'kubeconfig' needs at least 1 argument"),
            ("kubernetes {\n apiserver_qps 0\n}", "'0' is no rate; write requests in a second, more than 0"),
            ("kubernetes {\n apiserver_qps nan\n}", "'nan' is no rate; write requests in a second, more than 0"),
            ("kubernetes {\n apiserver_burst -1\n}", "'-1' is out of range; write 1 to 1000000"),
            ("kubernetes {\n apiserver_max_inflight x\n}", "'x' is no whole number"),
            ("kubernetes {\n namespaces\n}", "'namespaces' needs the names of namespaces"),
            ("kubernetes {\n labels\n}", "'labels' needs a label selector"),
            (
                "kubernetes {\n labels environment in (production, qa\n}",
                "'environment' begins no label selector: unable to parse requirement: "
                    + "found '', expected: ',' or ')'"
            ),
            (
                "kubernetes {\n namespaces a\n namespace_labels b\n}",
                "'namespace_labels' may not stand together with its twin; write namespaces or namespace_labels"
            ),
            ("kubernetes {\n pods\n}", "'pods' needs 1 argument"),
            ("kubernetes {\n pods any\n}", "'any' is no mode of pods; write disabled, insecure or verified"),
            ("kubernetes {\n endpoint_pod_names x\n}", "'x' is one argument too many for endpoint_pod_names"),
            ("kubernetes {\n ttl -1\n}", "'-1' is out of range; write 0 to 3600"),
            ("kubernetes {\n ttl 99999999999999999999\n}", "'99999999999999999999' is no whole number"),
            ("kubernetes {\n noendpoints x\n}", "'x' is one argument too many for noendpoints"),
            ("kubernetes {\n ignore\n}", "'ignore' needs 1 argument"),
            ("kubernetes {\n ignore all\n}", "'all' cannot be ignored; write empty_service"),
            ("kubernetes {\n fallthrough a..b\n}", "'a..b' is no domain name"),
            (
                "kubernetes {\n multicluster clusterset.local\n}",
                "'multicluster' names clusterset.local., which is no zone of kubernetes here; add it to the zones"
            ),
            ("kubernetes {\n startup_timeout soon\n}", "'soon' is no length of time; write one as 500ms, 5s or 1m30s"),
            ("kubernetes {\n zonal x\n}", "'x' is one argument too many for zonal"),
            ("kubernetes {\n pods insecure {\n }\n}", "'pods' takes no block"),
            (
                "kubernetes {\n resyncperiod 5m\n}",
                "'resyncperiod' is an option of old versions of CoreDNS, gone from kubernetes since 1.7; delete it"
            ),
        ]
    }

    @Test("Without options: the block's zones, no pods, 5 s")
    func defaults() throws {
        let settings = try CorefileText.settings(KubernetesSettings.self, "kubernetes")
        #expect(settings.zones.map(\.description) == ["example.org."])
        #expect(settings.primaryZone.description == "example.org.")
        #expect(settings.pods == .disabled)
        #expect(settings.ttl == 5)
        #expect(settings.servesEndpoints)
        #expect(settings.fallThrough == .never)
        #expect(settings.startupTimeout == .seconds(5))
        #expect(settings.endpoint == nil && settings.kubeconfig == nil && settings.labels == nil)
        #expect(settings.namespaces.isEmpty && settings.multiclusterZones.isEmpty && settings.warnings.isEmpty)
        #expect(!settings.usesPodNames && !settings.ignoresEmptyServices && !settings.servesTopologyZones)
    }

    @Test("Every option is read")
    func everyOption() throws {
        let settings = try CorefileText.settings(
            KubernetesSettings.self,
            """
            kubernetes 10.96.0.0/15 Cluster.Local clusterset.local in-addr.arpa {
                endpoint https://k8s:6443
                tls cert key ca
                kubeconfig file context
                apiserver_qps 12.5
                apiserver_burst 20
                apiserver_max_inflight 30
                namespaces a b
                namespaces c a
                labels environment in (staging, qa),application=nginx
                pods verified
                endpoint_pod_names
                ttl 3600
                noendpoints
                fallthrough in-addr.arpa 10.0.0.0/8
                ignore empty_service
                multicluster clusterset.local
                startup_timeout 10s
                zonal
            }
            """)
        #expect(
            settings.zones.map(\.description) == [
                "96.10.in-addr.arpa.", "97.10.in-addr.arpa.", "cluster.local.", "clusterset.local.", "in-addr.arpa.",
            ])
        #expect(settings.primaryZone.description == "cluster.local.")
        #expect(settings.endpoint == "https://k8s:6443")
        #expect(settings.clientCertificate == .init(certificateFile: "cert", keyFile: "key", authorityFile: "ca"))
        #expect(settings.kubeconfig == .init(file: "file", context: "context"))
        #expect(settings.requestsPerSecond == 12.5)
        #expect(settings.requestBurst == 20)
        #expect(settings.maximumRequests == 30)
        #expect(settings.namespaces == ["a", "b", "c"])
        #expect(settings.labels?.text == "environment in (staging, qa),application=nginx")
        #expect(settings.labels?.selector.matches(["environment": "qa", "application": "nginx"]) == true)
        #expect(settings.labels?.selector.matches(["environment": "prod", "application": "nginx"]) == false)
        #expect(settings.pods == .verified)
        #expect(settings.usesPodNames)
        #expect(settings.ttl == 3600)
        #expect(!settings.servesEndpoints)
        #expect(settings.fallThrough.zones.map(\.description) == ["in-addr.arpa.", "10.in-addr.arpa."])
        #expect(settings.ignoresEmptyServices)
        #expect(settings.multiclusterZones.map(\.description) == ["clusterset.local."])
        #expect(settings.startupTimeout == .seconds(10))
        #expect(settings.servesTopologyZones)
        #expect(settings.warnings.count == 1)
    }

    @Test("Namespaces may be chosen by labels; fallthrough without zones holds for all names")
    func others() throws {
        let settings = try CorefileText.settings(
            KubernetesSettings.self, "kubernetes {\n namespace_labels istio-injection=enabled\n fallthrough\n ttl 0\n}")
        #expect(settings.namespaceLabels?.selector.matches(["istio-injection": "enabled"]) == true)
        #expect(settings.fallThrough == .always)
        #expect(settings.fallThrough.covers(try #require(DomainName("any.name"))))
        #expect(settings.ttl == 0)
    }

    @Test("What is wrong is refused by name", arguments: Cases.refusals)
    func refusals(_ lines: String, _ message: String) {
        #expect(CorefileText.refusal(KubernetesSettings.self, lines) == message)
    }
}
