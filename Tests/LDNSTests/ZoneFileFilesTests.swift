import DNS
import Foundation
import Testing

@testable import LDNS

@Suite("Zone files on disk")
struct ZoneFileFilesTests {
    /// Runs a test in a folder of its own, with these files in it.
    private func withFiles(_ files: [String: String], _ body: (_ folder: String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "zonefiles-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files {
            let file = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try body(folder.path())
    }

    private func message(of path: String) -> String? {
        do {
            _ = try ZoneFileReader.records(inFileAt: path, origin: .root)
            return nil
        } catch {
            return String(describing: error)
        }
    }

    @Test("A file's records are those of its text")
    func file() throws {
        try withFiles(["a.zone": "a 1 A 192.0.2.1\n"]) { folder in
            let records = try ZoneFileReader.records(inFileAt: folder + "/a.zone", origin: .root)
            #expect(records.map(RecordText.text) == ["a. 1 IN A 192.0.2.1"])
        }
    }

    @Test("What cannot be read is an error")
    func unreadable() throws {
        try withFiles([:]) { folder in
            #expect(message(of: folder + "/none") == folder + "/none: cannot be read: No such file or directory")
            #expect(message(of: folder) == folder + ": cannot be read: Is a directory")
            #expect(message(of: "") == ": cannot be read: No such file or directory")
        }
    }

    @Test("A file beyond the limit is refused unread")
    func tooLarge() throws {
        try withFiles(["large.zone": ""]) { folder in
            let path = folder + "/large.zone"
            #expect(truncate(path, off_t(ZoneFileReader.sizeLimit + 1)) == 0)
            #expect(message(of: path) == path + ": larger than the limit of 256 MiB")
        }
    }

    @Test("What is no regular file is refused at once, as a zone file and behind $INCLUDE")
    func others() throws {
        try withFiles(["fifo.zone": "$INCLUDE fifo\n", "zero.zone": "\n$INCLUDE /dev/zero\n"]) { folder in
            try #require(mkfifo(folder + "/fifo", 0o600) == 0)
            #expect(message(of: folder + "/fifo") == folder + "/fifo: is no regular file")
            #expect(
                message(of: folder + "/fifo.zone") == "\(folder)/fifo.zone:1: \(folder)/fifo: is no regular file")
            #expect(message(of: folder + "/zero.zone") == folder + "/zero.zone:2: /dev/zero: is no regular file")
        }
    }

    @Test("$INCLUDE reads beside the file, with an origin of its own, and leaves the outer one as it was")
    func include() throws {
        let files = [
            "a.zone":
                "$TTL 1\n$ORIGIN a.\nx A 192.0.2.1\n$INCLUDE sub/b.zone b\n A 192.0.2.2\ny A 192.0.2.3\n$INCLUDE sub/b.zone\n",
            "sub/b.zone": "z A 192.0.2.4\n$INCLUDE \"c.zone\"\n$ORIGIN nowhere.\n",
            "sub/c.zone": "c A 192.0.2.5\n",
        ]
        try withFiles(files) { folder in
            let records = try ZoneFileReader.records(inFileAt: folder + "/a.zone", origin: .root)
            #expect(
                records.map(RecordText.text) == [
                    "x.a. 1 IN A 192.0.2.1", "z.b.a. 1 IN A 192.0.2.4", "c.b.a. 1 IN A 192.0.2.5",
                    "x.a. 1 IN A 192.0.2.2", "y.a. 1 IN A 192.0.2.3", "z.a. 1 IN A 192.0.2.4", "c.a. 1 IN A 192.0.2.5",
                ])
        }
    }

    @Test("Faults around $INCLUDE name the file and the line they lie in")
    func brokenInclude() throws {
        let files = [
            "missing.zone": "\n$INCLUDE none.zone\n", "outer.zone": "$INCLUDE inner.zone\n",
            "inner.zone": "\n\nx 1 A y\n",
            "circle.zone": "$INCLUDE circle.zone\n", "after.zone": "$INCLUDE empty.zone\nx\n", "empty.zone": "\n\n\n",
        ]
        try withFiles(files) { folder in
            #expect(
                message(of: folder + "/missing.zone")
                    == folder + "/missing.zone:2: \(folder)/none.zone: cannot be read: No such file or directory")
            #expect(
                message(of: folder + "/outer.zone")
                    == folder + "/inner.zone:3: A: Syntax error, could not parse the RR's rdata")
            #expect(
                message(of: folder + "/circle.zone")
                    == folder + "/circle.zone:1: $INCLUDE nested deeper than 7 files")
            #expect(message(of: folder + "/after.zone") == folder + "/after.zone:2: no record type")
        }
    }
}
