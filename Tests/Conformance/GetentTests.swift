import Foundation
import Testing

@Suite("The programs of a pod find Services by short and full names, both families, and by address")
struct GetentTests {
    /// Whether namespaces of one's own are to be had here; being root is not always enough.
    private static let canUnshare = (try? run("unshare", ["-n", "-m", "true"]).status) == 0
    private static let hasMusl = (try? run("musl-gcc", ["--version"]).status) == 0

    private static let other = """
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: other}
        spec: {clusterIP: 10.96.0.12, ports: [{port: 80}]}

        """

    /// Prints all addresses of each name, sorted, as `name address address…`, or `name - error`.
    private static let lookup = """
        #include <arpa/inet.h>
        #include <netdb.h>
        #include <stdio.h>
        int main(int argc, char **argv) {
            for (int i = 1; i < argc; i++) {
                struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found;
                int error = getaddrinfo(argv[i], NULL, &hints, &found);
                if (error) { printf("%s - %s\\n", argv[i], gai_strerror(error)); continue; }
                printf("%s", argv[i]);
                for (struct addrinfo *one = found; one; one = one->ai_next) {
                    char text[64];
                    getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST);
                    printf(" %s", text);
                }
                printf("\\n");
                freeaddrinfo(found);
            }
            return 0;
        }

        """

    /// Runs a shell script in a network of its own where the server answers on 127.0.0.1:53 and is in resolv.conf.
    private func inPod(files: [String: String], _ script: String) throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "conformance-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder.appending(path: "m"), withIntermediateDirectories: true)
        let manifests = ["m/fixture.yaml": Fixture.manifest, "m/other.yaml": Self.other]
        for (path, text) in files.merging(manifests, uniquingKeysWith: { first, _ in first }) {
            try text.write(to: folder.appending(path: path), atomically: true, encoding: .utf8)
        }
        let program = """
            set -e
            cd '\(folder.path)'
            ip link set lo up
            '\(ServerUnderTest.binary)' resolv-conf --namespace prod --nameserver 127.0.0.1 \\
                --node-resolv-conf '' > resolv.conf 2> warnings
            mount --bind resolv.conf /etc/resolv.conf
            mkfifo out
            '\(ServerUnderTest.binary)' serve --listen 127.0.0.1:53 --manifests m \\
                \(Fixture.arguments.joined(separator: " ")) > out 2> log &
            server=$!
            trap 'kill -KILL $server 2>/dev/null || true' EXIT
            exec 3< out
            while read -t 60 -r line <&3; do [ "$line" = ready ] && break; done
            \(script)
            kill -TERM $server
            wait $server
            trap - EXIT
            echo status $?
            """
        let result = try run("unshare", ["-n", "-m", "timeout", "-k", "5", "90", "bash", "-c", program])
        #expect(result.status == 0, "\(result.errors) \(result.output)")
        return result.output.split(separator: "\n").map { line in
            line.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        }
    }

    @Test(
        "getent of glibc",
        .enabled(if: canUnshare, "needs namespaces of its own: unshare -n -m is not permitted here"))
    func glibc() throws {
        let lines = try inPod(
            files: [:],
            """
            for name in \(ResolverTests.names.joined(separator: " ")) ; do
                getent ahosts $name | awk -v name=$name '$2 == "STREAM" { print name, $1 }'
            done
            getent ahosts nil || echo nil $?
            getent hosts 10.96.0.10 fd00:10:96::a | awk '{ print $1, $2 }'
            """)
        #expect(
            Set(lines) == [
                "web 10.96.0.10", "web fd00:10:96::a", "web.other 10.96.0.12", "web.other.svc 10.96.0.12",
                "web.prod.svc.cluster.local 10.96.0.10", "web.prod.svc.cluster.local fd00:10:96::a", "nil 2",
                "10.96.0.10 web.prod.svc.cluster.local", "fd00:10:96::a web.prod.svc.cluster.local", "status 0",
            ])
    }

    @Test(
        "getaddrinfo of musl",
        .enabled(if: canUnshare, "needs namespaces of its own: unshare -n -m is not permitted here"),
        .enabled(if: hasMusl, "musl-gcc (Debian: musl-tools) is not installed"))
    func musl() throws {
        let lines = try inPod(
            files: ["lookup.c": Self.lookup],
            """
            musl-gcc -O1 -o lookup lookup.c
            ./lookup \(ResolverTests.names.joined(separator: " ")) nil db ext
            """)
        let found = Dictionary(
            lines.map { $0.split(separator: " ").map(String.init) }.map { ($0[0], Set($0.dropFirst())) },
            uniquingKeysWith: { $0.union($1) })
        #expect(found["web"] == ["10.96.0.10", "fd00:10:96::a"])
        #expect(found["web.other"] == ["10.96.0.12"])
        #expect(found["web.other.svc"] == ["10.96.0.12"])
        #expect(found["web.prod.svc.cluster.local"] == ["10.96.0.10", "fd00:10:96::a"])
        #expect(found["db"] == ["10.244.0.20", "10.244.0.22", "2001:db8::"])
        #expect(found["nil"]?.contains("-") == true)
        #expect(found["status"] == ["0"])
    }
}
