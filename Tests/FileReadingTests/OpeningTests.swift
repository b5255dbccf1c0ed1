import Glibc
import TestSupport
import Testing

@testable import FileReading

@Suite("What stands in the place of a file")
struct OpeningTests {
    enum Kinds {
        static let others = ["folder", "fifo", "socket", "device"]
        static let flags = [O_RDONLY, O_WRONLY | O_CREAT | O_TRUNC, O_RDWR | O_CREAT]
    }

    @Test("is refused at once where it is no regular file", arguments: Kinds.others, Kinds.flags)
    func refused(_ kind: String, _ flags: Int32) throws {
        let folder = try TemporaryFolder()
        let path = folder.path("file")
        switch kind {
        case "folder": try folder.makeFolder("file")
        case "fifo": #expect(mkfifo(path, 0o600) == 0)
        case "device": try folder.link("file", to: "/dev/zero")
        default: try #require(bindSocket(at: path))
        }
        #expect(throws: RegularFile.Refusal.otherKind) { try RegularFile.open(path, flags) }
        #expect(throws: RegularFile.Refusal.otherKind) { try RegularFile.status(at: path) }
    }

    @Test("is opened where it is a file, and made where it is wanted")
    func opened() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("file")
        #expect(throws: RegularFile.Refusal.failed(ENOENT)) { try RegularFile.open(path, O_RDONLY) }
        #expect(try RegularFile.status(at: path) == nil)
        let made = try RegularFile.open(path, O_WRONLY | O_CREAT, mode: 0o640)
        #expect(write(made.descriptor, "text", 4) == 4)
        close(made.descriptor)
        try folder.link("link", to: path)
        let (descriptor, status) = try RegularFile.open(folder.path("link"), O_RDONLY)
        defer { close(descriptor) }
        #expect(status.st_size == 4 && fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        #expect(try RegularFile.status(at: path)?.st_size == 4)
    }

    /// Leaves a socket's name behind; false where that does not work, as with paths of more than 107 bytes.
    private func bindSocket(at path: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        return withUnsafeMutableBytes(of: &address) { buffer in
            guard let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path), start + bytes.count < buffer.count
            else { return false }
            for (index, byte) in bytes.enumerated() { buffer[start + index] = byte }
            guard let raw = buffer.baseAddress else { return false }
            let bound = bind(
                descriptor, raw.assumingMemoryBound(to: sockaddr.self), socklen_t(MemoryLayout<sockaddr_un>.size))
            return bound == 0
        }
    }
}
