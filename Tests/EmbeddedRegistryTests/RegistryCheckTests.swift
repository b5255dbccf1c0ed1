import Foundation
import GRDB
import Registry
import TestSupport
import Testing

@testable import EmbeddedRegistry

/// What `swiftlet check DIR` finds wrong with a registry.
struct RegistryCheckTests {
    /// A registry with something of everything, closed.
    private static func makeRegistry(_ folder: RegistryFolder) async throws {
        let store = try folder.open(.ranges("10.0.0.0/28", "fd00::/112", retained: 40))
        try await store.create(clusterKey(.namespace, "prod"), namespaceDocument("prod"))
        try await store.create(
            try suppliedService(
                "prod/web",
                [
                    "type": .string("NodePort"), "clusterIP": .string("10.0.0.3"),
                    "ipFamilyPolicy": .string("RequireDualStack"),
                ]))
        try await store.create(clusterKey(.ipAddress, "10.0.0.14"), addressDocument("10.0.0.14"))
        try store.put(
            try suppliedService("prod/held", ["clusterIP": .string("10.0.0.9")]),
            try suppliedService("prod/late", ["clusterIP": .string("10.0.0.14")]))
        try await store.delete(serviceKey("prod/held"))
        try await store.create(try suppliedService("prod/held", ["clusterIP": .string("10.0.0.9")]))
        for number in 0..<30 {
            try await store.create(clusterKey(.node, "n\(number)"), .object([:]))
        }
        try await store.create(try suppliedService("prod/api", ["clusterIP": .string("10.0.0.5")]))
    }

    @Test("A sound registry is clean, beside its server and without one, and is left as it was")
    func clean() async throws {
        let folder = RegistryFolder()
        try await Self.makeRegistry(folder)
        let before = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let check = RegistryCheck(directory: folder.path)
        #expect(check.problems == [])
        // Namespace, 4 Services, 4 IPAddresses and the claim, the range, 30 Nodes.
        #expect(check.objectCount == 41 && check.version.rawValue > 40)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == before)
        let store = try folder.open(.ranges("10.0.0.0/28", "fd00::/112", retained: 40))
        try await store.delete(serviceKey("prod/api"))
        let beside = RegistryCheck(directory: folder.path)
        #expect(beside.problems == [] && beside.objectCount == 39)
        #expect(beside.version == (await store.newestVersion))
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sql: String
        /// What each problem says, in order, behind the file's name.
        let problems: [String]
    }

    enum Damages {
        static let all = [
            Damage(
                testDescription: "a document that is none",
                sql: "UPDATE objects SET document = '{\"kind\":' WHERE kind = 'Node' AND name = 'n3'",
                problems: ["Node n3: malformed JSON at byte 8"]),
            Damage(
                testDescription: "a document of another object",
                sql: """
                    UPDATE objects SET document = (SELECT document FROM objects WHERE name = 'n1') WHERE name = 'n2'
                    """,
                problems: [
                    "Node n2: metadata.name is \"n1\" instead of \"n2\"", "Node n2: metadata.uid is ",
                    "Node n2: metadata.resourceVersion is ",
                ]),
            Damage(
                testDescription: "a field of the wrong type",
                sql: """
                    UPDATE objects SET document = json_set(document, '$.spec.ports', 'none')
                    WHERE kind = 'Service' AND name = 'api'
                    """,
                problems: ["Service prod/api: spec.ports: Invalid value: must be an array, not a string"]),
            Damage(
                testDescription: "an unknown kind", sql: "UPDATE objects SET kind = 'Gadget' WHERE name = 'n4'",
                problems: ["/n4: an object of the unknown kind Gadget"]),
            Damage(
                testDescription: "a version from the future",
                sql: """
                    UPDATE objects SET version = 9999, document = json_set(document, '$.metadata.resourceVersion',
                    '9999') WHERE name = 'n5'
                    """,
                problems: ["Node n5: its version 9999 is not in 1..."]),
            Damage(
                testDescription: "a version of two",
                sql: """
                    UPDATE objects SET version = (SELECT version FROM objects WHERE name = 'n6'),
                    document = json_set(document, '$.metadata.resourceVersion',
                    (SELECT '' || version FROM objects WHERE name = 'n6')) WHERE name = 'n7'
                    """,
                problems: ["Node n7: its version "]),
            Damage(
                testDescription: "a change that is missing",
                sql: "DELETE FROM changes WHERE version = (SELECT max(version) - 5 FROM changes)",
                problems: ["change "]),
            Damage(
                testDescription: "the last change missing",
                sql: "DELETE FROM changes WHERE version = (SELECT max(version) FROM changes)",
                problems: ["the last change is that of version "]),
            Damage(
                testDescription: "a change that cannot be read",
                sql: "UPDATE changes SET document = '[' WHERE version = (SELECT max(version) FROM changes)",
                problems: ["change "]),
            Damage(
                testDescription: "an address that is not allocated",
                sql: "DELETE FROM objects WHERE kind = 'IPAddress' AND name = '10.0.0.5'",
                problems: ["10.0.0.5 is held by prod/api but not allocated"]),
            Damage(
                testDescription: "an address of nobody",
                sql: "DELETE FROM objects WHERE kind = 'Service' AND name = 'api'",
                problems: ["10.0.0.5 is allocated to prod/api, which does not hold it"]),
            Damage(
                testDescription: "an address of two",
                sql: """
                    UPDATE objects SET document = json_set(document, '$.spec.clusterIP', '10.0.0.5',
                    '$.spec.clusterIPs', json_array('10.0.0.5')) WHERE kind = 'Service' AND name = 'held'
                    """,
                problems: [
                    "10.0.0.5 is held by prod/api and prod/held",
                    "10.0.0.9 is allocated to prod/held, which does not hold it",
                ]),
            Damage(
                testDescription: "a node port of nobody", sql: "INSERT INTO node_ports VALUES (30000, 'prod', 'api')",
                problems: ["node port 30000 is allocated to prod/api, which does not hold it"]),
            Damage(
                testDescription: "a Service that waits and is not there",
                sql: "UPDATE pending SET name = 'gone'",
                problems: ["Service prod/gone waits for an address, and is not there"]),
        ]
    }

    @Test("Damage is named with its object and place", arguments: Damages.all)
    func damage(_ damage: Damage) async throws {
        let folder = RegistryFolder()
        try await Self.makeRegistry(folder)
        folder.awaitEnd()
        try await folder.database().write { try $0.execute(sql: damage.sql) }
        let problems = RegistryCheck(directory: folder.path).problems
        #expect(problems.count == damage.problems.count, "\(problems)")
        for (problem, start) in zip(problems, damage.problems) {
            #expect(problem.hasPrefix("\(folder.file): \(start)"), "\(problem)")
        }
    }

    @Test("Damaged pages are found, wherever they are, and stop nothing")
    func damagedPages() async throws {
        var generator = SeededGenerator.announced()
        let folder = RegistryFolder()
        try await Self.makeRegistry(folder)
        folder.awaitEnd()
        // No page is left that nothing is kept in.
        try await folder.database().vacuum()
        let whole = try Data(contentsOf: URL(fileURLWithPath: folder.file))
        for page in 0..<whole.count / 4096 {
            var bytes = whole
            // The first bytes of a page say what it is.
            for index in 0..<200 {
                bytes[page * 4096 + index] = UInt8.random(in: 0...255, using: &generator)
            }
            try bytes.write(to: URL(fileURLWithPath: folder.file))
            let problems = RegistryCheck(directory: folder.path).problems
            #expect(!problems.isEmpty, "page \(page)")
            #expect(problems.allSatisfy { $0.contains(folder.file) && !$0.contains("\n") }, "\(problems)")
        }
    }

    @Test("What is no registry is named", arguments: ["missing", "text", "foreign", "newer"])
    func noRegistry(_ state: String) throws {
        let folder = RegistryFolder()
        let expected: StoreError
        switch state {
        case "missing":
            expected = .missing(file: folder.file)
        case "text":
            try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
            try Data(String(repeating: "no database ", count: 500).utf8).write(to: URL(fileURLWithPath: folder.file))
            expected = .damaged(file: folder.file, reason: "file is not a database")
        case "foreign":
            try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
            try folder.database().write { try $0.execute(sql: "CREATE TABLE t (x)") }
            expected = .foreign(file: folder.file)
        default:
            do { _ = try folder.open() }
            try folder.database().write {
                try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99 something new')")
            }
            expected = .newerSchema(file: folder.file)
        }
        #expect(RegistryCheck(directory: folder.path).problems == ["\(expected)"])
    }

    @Test("What a damaged registry says stays on one line of a log, and steers no terminal")
    func forgedText() async throws {
        let folder = RegistryFolder()
        try await Self.makeRegistry(folder)
        folder.awaitEnd()
        try await folder.database().write { database in
            for sql in [
                "UPDATE objects SET name = ? WHERE kind = 'Node' AND name = 'n3'",
                "UPDATE settings SET value = ? WHERE name = 'version'",
                "UPDATE objects SET kind = ? WHERE kind = 'Service' AND name = 'api'",
            ] {
                try database.execute(sql: sql, arguments: ["x\n2026 info: forged \u{1b}[2J\u{202e}"])
                let problems = RegistryCheck(directory: folder.path).problems
                for line in problems {
                    #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202e })
                }
            }
        }
        let problems = RegistryCheck(directory: folder.path).problems
        #expect(problems.contains { $0.contains("x\\x0a2026 info: forged \\x1b[2J") }, "\(problems)")
        for error in [
            StoreError.damaged(file: "f", reason: "a\nb"), .failed(file: "f", reason: "a\nb"),
            .full(file: "f", reason: "a\nb"), .readOnly(file: "f", reason: "a\nb"),
            .directoryUnusable("d", reason: "a\nb"),
        ] {
            #expect("\(error)".contains("a\\x0ab") && !"\(error)".contains("\n"))
        }
        let error = #expect(throws: StoreError.self) { try folder.open() }
        #expect(error?.description.unicodeScalars.contains { $0.value < 0x20 } == false)
    }

    @Test("Of very many problems only the first are told, and how many there are besides")
    func manyProblems() async throws {
        let folder = RegistryFolder()
        do {
            let store = try folder.open()
            let writes = (0..<250).map { ObjectWrite.creating(clusterKey(.node, "n\($0)"), .object([:])) }
            #expect(await store.write(writes).allSatisfy { $0.error == nil })
        }
        try await folder.database().write {
            try $0.execute(sql: "UPDATE objects SET uid = 'x' WHERE kind = 'Node'")
        }
        let problems = RegistryCheck(directory: folder.path).problems
        #expect(problems.count == 101 && problems.last == "\(folder.file): 150 more problems")
    }
}
