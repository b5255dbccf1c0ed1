import ClusterZone
import DNS
import Registry
import Testing

@testable import ClusterServing

@Suite("Search paths of Pods")
struct PodSearchPathsTests {
    private func pod(_ namespace: String, _ name: String, _ address: String) throws -> DiscoveryChange {
        .put(
            .pod(
                try #require(
                    DiscoveryPod(NamespacedName(namespace: namespace, name: name), phase: "Running", podIP: address))))
    }

    private func path(_ paths: PodSearchPaths, _ client: String, _ name: String) throws -> [String]? {
        paths.searchPath(of: try #require(IPAddress(client)), asking: try ClusterUnderTest.name(name))?.map {
            "\($0)"
        }
    }

    @Test("A Pod searches its Namespace, Services, the zone, and what the host searches")
    func path() throws {
        let paths = PodSearchPaths(
            apexes: [try ClusterUnderTest.name("cluster.local.")],
            hostPath: [try ClusterUnderTest.name("example.org.")])
        paths.apply(.changes([try pod("prod", "p", "10.244.0.9")]))
        #expect(
            try path(paths, "10.244.0.9", "www.prod.svc.cluster.local.") == [
                "prod.svc.cluster.local.", "svc.cluster.local.", "cluster.local.", "example.org.",
            ])
        #expect(try path(paths, "10.244.0.8", "www.prod.svc.cluster.local.") == nil)
        #expect(try path(paths, "10.244.0.9", "www.example.net.") == nil)
    }

    @Test("Of Pods with one address, the one whose Namespace the name shows; those that go are forgotten")
    func sharedAddress() throws {
        let paths = PodSearchPaths(apexes: [try ClusterUnderTest.name("cluster.local.")], hostPath: [])
        paths.apply(.changes([try pod("blue", "p", "10.0.0.1"), try pod("red", "p", "10.0.0.1")]))
        #expect(try path(paths, "10.0.0.1", "x.red.svc.cluster.local.")?.first == "red.svc.cluster.local.")
        let gone = DiscoveryKey(.pod, NamespacedName(namespace: "red", name: "p"))
        paths.apply(.changes([.delete(gone)]))
        #expect(try path(paths, "10.0.0.1", "x.red.svc.cluster.local.")?.first == "blue.svc.cluster.local.")
        paths.apply(.snapshotBegins([.pod]))
        paths.apply(.changes([try pod("red", "q", "10.0.0.2")]))
        paths.apply(.snapshotEnds([.pod]))
        #expect(try path(paths, "10.0.0.1", "x.red.svc.cluster.local.") == nil)
        #expect(try path(paths, "10.0.0.2", "x.red.svc.cluster.local.")?.first == "red.svc.cluster.local.")
    }
}
