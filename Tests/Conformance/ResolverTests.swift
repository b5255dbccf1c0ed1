import Foundation
import Glibc
import Testing

@Suite("Resolvers of C libraries, with the resolv.conf that swiftlet writes")
struct ResolverTests {
    static let names = ["web", "web.other", "web.other.svc", "web.prod.svc.cluster.local"]

    private static let manifest = """
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: prod}
        spec: {clusterIP: 10.96.0.11, ports: [{port: 80}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: other}
        spec: {clusterIP: 10.96.0.12, ports: [{port: 80}]}

        """

    private static let lookup = """
        #include <netdb.h>
        #include <stdio.h>
        #include <arpa/inet.h>
        int main(int argc, char **argv) {
            struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
            for (int i = 1; i < argc; i++) {
                if (getaddrinfo(argv[i], NULL, &hints, &found) != 0) { printf("%s -\\n", argv[i]); continue; }
                char text[64];
                inet_ntop(AF_INET, &((struct sockaddr_in *)found->ai_addr)->sin_addr, text, sizeof text);
                printf("%s %s\\n", argv[i], text);
            }
            return 0;
        }

        """

    @Test(
        "getaddrinfo of glibc and of musl find short and full names",
        .enabled(if: getuid() == 0, "network namespaces need root"), arguments: ["gcc", "musl-gcc"])
    func lookUp(compiler: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "resolver-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder.appending(path: "m"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Self.manifest.write(to: folder.appending(path: "m/a.yaml"), atomically: true, encoding: .utf8)
        try Self.lookup.write(to: folder.appending(path: "lookup.c"), atomically: true, encoding: .utf8)
        let built = try run(
            compiler, [folder.appending(path: "lookup.c").path, "-o", folder.appending(path: "lookup").path])
        try #require(built.status == 0, "\(built.errors)")
        // Everything happens in namespaces of its own: loopback, port 53 and /etc/resolv.conf are theirs alone.
        let script = """
            set -e
            cd "\(folder.path)"
            ip link set lo up
            "\(ServerUnderTest.binary)" resolv-conf --namespace prod --nameserver 127.0.0.1 --policy ClusterFirst \\
                --node-resolv-conf /dev/null > resolv.conf 2> warnings || cat warnings
            mount --bind resolv.conf /etc/resolv.conf
            mkfifo out
            "\(ServerUnderTest.binary)" serve --listen 127.0.0.1:53 --manifests m > out 2> log &
            server=$!
            while read -r line; do [ "$line" = ready ] && break; done < out
            ./lookup \(Self.names.joined(separator: " "))
            kill $server
            """
        let result = try run("unshare", ["-n", "-m", "bash", "-c", script])
        let expected = zip(Self.names, ["10.96.0.11", "10.96.0.12", "10.96.0.12", "10.96.0.11"]).map { "\($0) \($1)" }
        #expect(result.output.split(separator: "\n").map(String.init) == expected, "\(result.errors)")
    }
}
