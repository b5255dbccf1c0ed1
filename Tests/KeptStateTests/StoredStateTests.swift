import Foundation
import Glibc
import Registry
import TestSupport
import Testing

@testable import KeptState

struct StoredStateTests {
    private static let selection = DiscoverySelection(includesImports: true, keepsZones: true)
    private static let server = "https://10.0.0.1:6443"

    private static func id(_ name: String, in namespace: String = "prod") -> NamespacedName {
        NamespacedName(namespace: namespace, name: name)
    }

    private static func read(
        _ bytes: [UInt8], server: String = Self.server, selection: DiscoverySelection = Self.selection
    ) throws -> StoredState {
        try KeptState(bytes, server: server, selection: selection).state()
    }

    private static func slice(_ name: String, _ addresses: [(String, String, String)]) -> DiscoverySlice {
        var builder = DiscoverySlice.Builder(selection)
        builder.id = Self.id(name)
        builder.service = "web"
        builder.importedService = "far"
        builder.sourceCluster = "east"
        builder.addressType = addresses.first?.0.contains(":") == true ? .ipv6 : .ipv4
        builder.ports = [DiscoveryPort(name: "http", number: 80), DiscoveryPort(transport: .udp, number: nil)]
        builder.lastChangeTrigger = Timestamp(milliseconds: 1_780_000_000_123)
        for (address, hostname, zone) in addresses {
            builder.append(addresses: [address], isReady: true, hostname: hostname, zone: zone)
        }
        return builder.build()
    }

    private static let state: StoredState = {
        func entry(_ name: String, _ object: DiscoveryObject?, _ version: UInt64 = 7) -> StoredKind.Entry {
            StoredKind.Entry(id: Self.id(name), version: version, object: object)
        }
        let v4 = slice("v4", [("10.0.0.1", "", "a"), ("10.0.0.2", "db-0", "b"), ("10.0.0.3", "", "")])
        let v6 = slice("v6", [("2001:db8::1", "", ""), ("2001:DB8:0::2", "", "")])
        let alias = DiscoveryService(Self.id("alias"), target: .alias("example.org"))
        let headless = DiscoveryService(
            Self.id("headless"), target: .endpoints, ports: [DiscoveryPort(transport: .sctp, number: 65535)])
        let dual = DiscoveryService(
            Self.id("dual"), target: .virtualIPs([IPAddress("10.96.0.1"), IPAddress("fd00::1")].compactMap { $0 }),
            hasSelector: true)
        let pods = [("p4", "10.1.0.1"), ("p6", "fd00:0::9"), ("q6", "fd00::9")].compactMap { name, ip in
            DiscoveryPod(Self.id(name), phase: "Running", podIP: ip).map { entry(name, .pod($0)) }
        }
        return StoredState(
            savedAt: Timestamp(milliseconds: 1_790_000_000_000),
            kinds: [
                StoredKind(
                    .namespace, version: "12",
                    entries: [
                        StoredKind.Entry(
                            id: NamespacedName(namespace: "", name: "prod"), version: 1, object: .namespace("prod"))
                    ]),
                StoredKind(
                    .service, version: "18446744073709551615", unnamed: 3,
                    entries: [
                        entry("alias", .service(alias)), entry("dual", .service(dual), 0),
                        entry("headless", .service(headless), .max), entry("odd", nil),
                    ]),
                StoredKind(
                    .endpointSlice, version: "",
                    entries: [entry("v4", .endpointSlice(v4)), entry("v6", .endpointSlice(v6))]),
                StoredKind(
                    .endpoints, version: "opaque-version",
                    entries: [entry("web", .endpoints(Self.id("web"), [v4, v6]))]),
                StoredKind(.pod, version: "3", entries: pods),
                StoredKind(.serviceImport, version: "4", entries: [entry("dual", .serviceImport(dual))]),
            ])
    }()

    @Test("The fuzz target begins with a state of today's form")
    func fuzzSeed() throws {
        func bytes(_ kinds: [StoredKind]) -> [UInt8] {
            StoredState(savedAt: Timestamp(milliseconds: 0), kinds: kinds).bytes(server: "s", selection: Self.selection)
        }
        // Without the head and the checksum, which the target makes.
        let seed = Array(bytes(Self.state.kinds).dropFirst(bytes([]).count - 5).dropLast(4))
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fuzz/Seeds/state/cluster")
        let kept = try Data(contentsOf: file)
        #expect(
            Array(kept) == seed, "to make it anew: echo \(Data(seed).base64EncodedString()) | base64 -d >\(file.path)")
    }

    @Test("A state that was written is read back the same")
    func roundTrip() throws {
        let bytes = Self.state.bytes(server: Self.server, selection: Self.selection)
        let read = try Self.read(bytes)
        #expect(read == Self.state)
        // Equality of slices leaves out what names do not show.
        guard case .endpointSlice(let slice)? = read.kinds[2].entries[0].object else {
            Issue.record("no slice")
            return
        }
        #expect(slice.lastChangeTrigger == Timestamp(milliseconds: 1_780_000_000_123))
    }

    @Test("A state is for the server and the selection that it was made of")
    func other() {
        let bytes = Self.state.bytes(server: Self.server, selection: Self.selection)
        #expect(throws: KeptState.Unfit.otherServer(Self.server)) {
            try Self.read(bytes, server: "https://10.0.0.2:6443")
        }
        #expect(throws: KeptState.Unfit.otherSelection) {
            try Self.read(bytes, selection: DiscoverySelection())
        }
    }

    @Test("A file that was cut anywhere, or changed in any byte, is refused without a trap")
    func damaged() {
        let bytes = Self.state.bytes(server: Self.server, selection: Self.selection)
        for count in 0..<bytes.count {
            #expect(throws: KeptState.Unfit.self) {
                try Self.read(Array(bytes[..<count]))
            }
        }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0x41
            #expect(throws: KeptState.Unfit.self) {
                try Self.read(changed)
            }
        }
    }

    @Test("A state of no time that can be is refused", arguments: [Int64.min, -1, 253_402_300_800_000, .max])
    func savedAt(_ milliseconds: Int64) {
        var state = Self.state
        state.savedAt = Timestamp(milliseconds: milliseconds)
        let bytes = state.bytes(server: Self.server, selection: Self.selection)
        #expect(throws: KeptState.Unfit.damaged) { try Self.read(bytes) }
    }

    @Test("A number of objects that nothing could hold is refused", arguments: [1 << 32, Int.max])
    func unnamed(_ count: Int) {
        let state = StoredState(
            savedAt: Timestamp(milliseconds: 0), kinds: [StoredKind(.service, version: "1", unnamed: count)])
        let bytes = state.bytes(server: Self.server, selection: Self.selection)
        #expect(throws: KeptState.Unfit.damaged) { try Self.read(bytes) }
    }

    @Test("Random content under a right checksum never traps")
    func randomContent() {
        var generator = SeededGenerator.announced()
        let whole = Array(Self.state.bytes(server: Self.server, selection: Self.selection).dropLast(4))
        for _ in 0..<3000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 20..<bytes.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) { bytes.removeLast(Int.random(in: 0..<100, using: &generator)) }
            let sum = Checksum.of(bytes[...])
            withUnsafeBytes(of: sum.littleEndian) { bytes.append(contentsOf: $0) }
            guard let kept = try? KeptState(bytes, server: Self.server, selection: Self.selection) else { continue }
            _ = try? kept.state()
            _ = kept.namespaces() + kept.objects(of: Self.id("web")) + kept.pods(in: "prod")
            _ = KeptAddresses(of: kept, in: ["prod"]).owners(of: .v4(0x0a00_0001))
        }
    }

    @Test("The checksum is the common one")
    func checksum() {
        #expect(Checksum.of(Array("123456789".utf8)[...]) == 0xcbf4_3926)
    }

    @Test("The file is replaced whole, and no draft stays behind")
    func file() async throws {
        let folder = try TemporaryFolder()
        let file = StateFile(path: folder.path("state"))
        #expect(try file.read() == nil)
        try await file.write([1, 2, 3])
        #expect(try file.read() == [1, 2, 3])
        try await file.write([])
        #expect(try file.read() == [])
        #expect(try StateFile(path: folder.path("state.new")).read() == nil)
        await #expect(throws: StateFile.Failure.self) {
            try await StateFile(path: folder.path("missing/state")).write([1])
        }
    }
    enum Others {
        static let kinds = ["folder", "fifo", "device"]
    }

    @Test("What stands in the place of the file is named, and nobody waits for it", arguments: Others.kinds)
    func noFile(_ kind: String) async throws {
        let folder = try TemporaryFolder()
        for name in ["state", "state.new"] {
            switch kind {
            case "folder": try folder.makeFolder(name)
            case "fifo": #expect(mkfifo(folder.path(name), 0o600) == 0)
            default: try folder.link(name, to: "/dev/zero")
            }
        }
        let file = StateFile(path: folder.path("state"))
        let failure = #expect(throws: StateFile.Failure.self) { try file.read() }
        let reason = kind == "folder" ? "cannot be read: Is a directory" : "is no regular file"
        #expect(failure?.description == "\(folder.path("state")): \(reason)")
        // A folder stays in the way; whatever else it was, the file takes its place.
        guard kind != "folder" else {
            await #expect(throws: StateFile.Failure.self) { try await file.write([1]) }
            return
        }
        try await file.write([1, 2, 3])
        #expect(try file.read() == [1, 2, 3])
    }

    @Test("What a state says of its server stays on one line of a log")
    func forgedServer() throws {
        let bytes = StoredState(savedAt: .now, kinds: []).bytes(
            server: "x\n2026-11-22 info: forged\u{1b}[2J", selection: DiscoverySelection())
        let unfit = #expect(throws: KeptState.Unfit.self) {
            try KeptState(bytes, server: "https://10.0.0.1", selection: DiscoverySelection())
        }
        #expect(unfit?.description == "is of another API server, x\\x0a2026-11-22 info: forged\\x1b[2J")
    }
}
