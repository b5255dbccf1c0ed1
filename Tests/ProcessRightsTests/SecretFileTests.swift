import Foundation
import Glibc
import TestSupport
import Testing

@testable import ProcessRights

@Suite("Files of secrets")
struct SecretFileTests {
    @Test(
        "Whoever is neither the owner nor of the group may not read or write them",
        arguments: [
            (0o600, true), (0o400, true), (0o640, true), (0o440, true), (0o660, true), (0o601, true), (0o644, false),
            (0o444, false), (0o604, false), (0o602, false), (0o666, false),
        ] as [(mode_t, Bool)])
    func modes(mode: mode_t, isTaken: Bool) throws {
        let folder = try TemporaryFolder()
        try folder.write("secret", "marker")
        #expect(chmod(folder.path("secret"), mode) == 0)
        try folder.link("link", to: "secret")
        for name in ["secret", "link"] {
            let path = folder.path(name)
            if isTaken {
                try SecretFile.check(path)
            } else {
                let error = #expect(throws: SecretFile.Exposed.self) { try SecretFile.check(path) }
                #expect(error?.mode == UInt32(mode))
                #expect(error?.description.contains("chmod o= \(path)") == true)
                #expect(error?.description.contains("marker") == false)
            }
        }
    }

    @Test("What a kubelet mounts is let through: a link by way of ..data, into a folder named after a time")
    func kubelet() throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("..2026_11_21_00_00_00.1")
        try folder.write("..2026_11_21_00_00_00.1/tls.key", "")
        try folder.link("..data", to: "..2026_11_21_00_00_00.1")
        try folder.link("tls.key", to: "..data/tls.key")
        #expect(chmod(folder.path("..2026_11_21_00_00_00.1/tls.key"), 0o644) == 0)
        try SecretFile.check(folder.path("tls.key"))
        #expect(throws: SecretFile.Exposed.self) {
            try SecretFile.check(folder.path("..2026_11_21_00_00_00.1/tls.key"))
        }
    }

    @Test("A file that is not there, and one that is no file, are for their readers to tell")
    func others() throws {
        let folder = try TemporaryFolder()
        try SecretFile.check(folder.path("none"))
        try SecretFile.check(folder.path)
        try SecretFile.check("/dev/null")
        #expect(mkfifo(folder.path("pipe"), 0o666) == 0)
        try SecretFile.check(folder.path("pipe"))
    }
}
