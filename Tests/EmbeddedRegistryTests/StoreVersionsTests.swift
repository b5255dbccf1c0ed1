import EmbeddedRegistry
import Foundation
import GRDB
import Registry
import Testing

/// A registry whose version is not the newest there has been goes on behind that.
struct StoreVersionsTests {
    private let folder = RegistryFolder()

    /// A registry at version 13, of which the changes since 5 are kept, closed.
    private func makeRegistry() async throws {
        do {
            let store = try folder.open(.ranges("10.0.0.0/27", retained: 8))
            for number in 0..<12 { try await store.create(clusterKey(.node, "n\(number)"), .object([:])) }
            #expect(await store.newestVersion.rawValue == 13)
        }
        folder.awaitEnd()
    }

    private func change(_ sql: String) async throws {
        try await folder.database().write { try $0.execute(sql: sql) }
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var sql = ""
        var told = "13\n"
        /// The newest version that there has been.
        var newest: Int64 = 13
        /// What the store says of it, between the file's name and how it goes on.
        let text: String
    }

    enum Faults {
        static let all = [
            Fault(
                testDescription: "no version", sql: "DELETE FROM settings WHERE name = 'version'",
                text: "it says to be at version 0, and holds 13"),
            Fault(
                testDescription: "a version below the changes",
                sql: "UPDATE settings SET value = 9 WHERE name = 'version'",
                text: "it says to be at version 9, and holds 13"),
            Fault(
                testDescription: "a version below the objects",
                sql: "UPDATE objects SET version = 40 WHERE name = 'n4'", newest: 40,
                text: "it says to be at version 13, and holds 40"),
            Fault(
                testDescription: "neither version nor changes",
                sql: "DELETE FROM settings WHERE name = 'version'; DELETE FROM changes",
                text: "it says to be at version 0, and holds 13"),
            Fault(
                testDescription: "no oldest change", sql: "DELETE FROM settings WHERE name = 'oldest change'",
                text: "it does not hold all changes from version 0 to 13"),
            Fault(
                testDescription: "a change missing", sql: "DELETE FROM changes WHERE version = 10",
                text: "it does not hold all changes from version 5 to 13"),
            Fault(
                testDescription: "an older state put back", told: "25\n", newest: 25,
                text: "it holds version 13, and registry.version tells of 25: an older state was put back, or what was "
                    + "written since is lost"),
            Fault(
                testDescription: "no version, and an older state put back",
                sql: "DELETE FROM settings WHERE name = 'version'", told: "25\n", newest: 25,
                text: "it holds version 13, and registry.version tells of 25: an older state was put back, or what was "
                    + "written since is lost"),
        ]
        /// What the version's file may hold without telling anything.
        static let hints = ["", "7\n", "13\n", "25", "-1\n", "x25\n", "9223372036854775807\n", "4611686018427387904\n"]
    }

    @Test("No version is given twice, whatever is missing, and watches list again", arguments: Faults.all)
    func mended(_ fault: Fault) async throws {
        try await makeRegistry()
        if !fault.sql.isEmpty { try await change(fault.sql) }
        try Data(fault.told.utf8).write(to: URL(fileURLWithPath: "\(folder.path)/registry.version"))
        #expect(!RegistryCheck(directory: folder.path).problems.isEmpty)
        let settings = StoreSettings.ranges("10.0.0.0/27", retained: 8)
        do {
            let store = try folder.open(settings)
            let next = fault.newest + 1
            #expect(
                store.repair
                    == "\(folder.file): \(fault.text); it goes on at version \(next), and watches begin anew")
            #expect(await store.newestVersion.rawValue == next)
            #expect(try await store.create(clusterKey(.node, "new"), .object([:])).version.rawValue == next + 1)
            for version in [Int64(5), 9, 13, fault.newest] {
                await #expect(throws: ObjectStoreError.self) {
                    try await store.changes(after: ResourceVersion(rawValue: version))
                }
                // Nor is what was made of such a version taken for what is there now.
                let standing = try RegistryReader(directory: folder.path).standing(
                    since: ResourceVersion(rawValue: version), limit: 100)
                #expect(standing.changes == nil && standing.version.rawValue == next + 1)
            }
            _ = try await store.changes(after: ResourceVersion(rawValue: next))
            #expect(try await store.objects(ListRequest(ObjectScope(.node))).records.count == 13)
        }
        let again = try folder.open(settings)
        let version = await again.newestVersion
        #expect(again.repair == nil && version.rawValue == fault.newest + 2)
        if !fault.sql.hasPrefix("UPDATE objects") { #expect(RegistryCheck(directory: folder.path).problems == []) }
    }

    @Test("What the version's file cannot tell changes nothing", arguments: Faults.hints)
    func hint(_ text: String) async throws {
        try await makeRegistry()
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder.path)/registry.version"))
        #expect(RegistryCheck(directory: folder.path).problems == [])
        let store = try folder.open(.ranges("10.0.0.0/27", retained: 8))
        let version = await store.newestVersion
        #expect(store.repair == nil && version.rawValue == 13)
    }

    @Test("A version that was never reached is refused", arguments: [Int64.max, Int64.max / 2])
    func outOfReach(_ version: Int64) async throws {
        try await makeRegistry()
        try await change("UPDATE objects SET version = \(version) WHERE name = 'n4'")
        #expect(
            throws: StoreError.damaged(
                file: folder.file, reason: "it holds version \(version), which was never reached")
        ) { try folder.open() }
    }
}
