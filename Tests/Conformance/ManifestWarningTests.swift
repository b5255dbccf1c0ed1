import Testing

@Suite("What a server says of its manifests")
struct ManifestWarningTests {
    @Test("A field that means nothing is named, with its place")
    func unknownField() throws {
        let manifest = """
            apiVersion: v1
            kind: Service
            metadata: {name: typo, namespace: default}
            spec: {clusterIp: 10.97.0.50, ports: [{port: 80}]}
            """
        let server = try ServerProcess(
            files: ["m.yaml": manifest],
            arguments: ["--listen", "127.0.0.1:0", "--api", "none", "--manifests", "FOLDER/m.yaml"])
        defer { server.stop() }
        #expect(server.awaitLog("unknown field \"spec.clusterIp\""))
        #expect(server.log.contains("Service default/typo: unknown field"))
        #expect(server.stop() == 0)
    }
}
