import FileReading
import Foundation
import TestSupport
import Testing

@Suite("Files read whole")
struct RegularFileTests {
    @Test("A file's bytes are read up to the limit, and not beyond")
    func limit() throws {
        let folder = try TemporaryFolder()
        try folder.write("file", "12345")
        #expect(try RegularFile.bytes(folder.path("file"), limit: 5) == Array("12345".utf8))
        #expect(throws: RegularFile.Failure.tooLarge(limit: 4)) {
            try RegularFile.bytes(folder.path("file"), limit: 4)
        }
    }

    @Test("A file that does not say its size is read to its end, and held to the limit")
    func unsized() throws {
        #expect(try !RegularFile.bytes("/proc/self/status", limit: 1 << 20).isEmpty)
        #expect(throws: RegularFile.Failure.tooLarge(limit: 9)) { try RegularFile.bytes("/proc/self/status", limit: 9) }
    }

    @Test("What is no regular file is refused at once: a FIFO without a writer, a socket, a device, a folder")
    func others() throws {
        let folder = try TemporaryFolder()
        try #require(mkfifo(folder.path("fifo"), 0o600) == 0)
        #expect(throws: RegularFile.Failure.notRegular) { try RegularFile.bytes(folder.path("fifo"), limit: 9) }
        try folder.link("link", to: "fifo")
        #expect(throws: RegularFile.Failure.notRegular) { try RegularFile.bytes(folder.path("link"), limit: 9) }
        #expect(throws: RegularFile.Failure.notRegular) { try RegularFile.bytes("/dev/zero", limit: 9) }
        #expect(throws: RegularFile.Failure.unreadable(EISDIR)) { try RegularFile.bytes(folder.path, limit: 9) }
        #expect(throws: RegularFile.Failure.unreadable(ENOENT)) {
            try RegularFile.bytes(folder.path("none"), limit: 9)
        }
    }

    @Test("The null device is an empty file")
    func null() throws {
        #expect(try RegularFile.bytes("/dev/null", limit: 9).isEmpty)
    }
}
