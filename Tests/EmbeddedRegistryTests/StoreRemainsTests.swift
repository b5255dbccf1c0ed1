import EmbeddedRegistry
import Foundation
import GRDB
import Glibc
import Registry
import Testing

/// A registry's folder whose database has lost what it held, or in which other things stand than files.
struct StoreRemainsTests {
    private let folder = RegistryFolder()

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    private func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    /// A registry that was used and closed, with nothing beside its database.
    private func makeRegistry() throws {
        do { try folder.open().put(try suppliedService("prod/web")) }
        folder.awaitEnd()
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name != "registry.sqlite" {
            try FileManager.default.removeItem(atPath: path(name))
        }
    }

    private func empty() throws { try Data().write(to: URL(fileURLWithPath: folder.file)) }

    struct Loss: Sendable, CustomTestStringConvertible {
        let state: String
        let witnesses: [String]
        var testDescription: String { "\(state), \(witnesses)" }
    }

    enum Losses {
        static let all =
            ["empty", "not there"].flatMap { state in
                [
                    ["registry.version"], ["registry.names"], ["registry.sqlite-wal"],
                    ["registry.sqlite-wal", "registry.version", "registry.names"],
                ].map { Loss(state: state, witnesses: $0) }
            } + [["registry.version"], ["registry.names"]].map { Loss(state: "without tables", witnesses: $0) }
    }

    @Test(
        "A database that has lost all is refused as long as anything tells of it, and that stays", arguments: Losses.all
    )
    func loss(_ loss: Loss) throws {
        try makeRegistry()
        switch loss.state {
        case "empty": try empty()
        case "not there": try FileManager.default.removeItem(atPath: folder.file)
        default:
            try FileManager.default.removeItem(atPath: folder.file)
            try folder.database().writeWithoutTransaction { try $0.execute(sql: "VACUUM") }
            #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file)).count == 4096)
        }
        let content = Data("7\n".utf8)
        for name in loss.witnesses { try content.write(to: URL(fileURLWithPath: path(name))) }
        let expected = StoreError.damaged(
            file: folder.file,
            reason: "it is \(loss.state), and was not at the writing of "
                + loss.witnesses.joined(separator: " and "))
        for _ in 0..<2 {
            #expect(RegistryCheck.applies(to: folder.path))
            #expect(RegistryCheck(directory: folder.path).problems == ["\(expected)"])
            #expect(throws: expected) { try RegistryReader(directory: folder.path) }
            #expect(throws: expected) { try folder.open() }
        }
        for name in loss.witnesses { #expect(try Data(contentsOf: URL(fileURLWithPath: path(name))) == content) }
        #expect(
            "\(expected)".hasSuffix(
                "; put a backup in the place of it and its -wal, or move all registry.* files away to begin anew"))
        // As the error says.
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            try FileManager.default.removeItem(atPath: path(name))
        }
        _ = try folder.open()
    }

    @Test("A log that was removed beside a database without a page of its own takes the registry with it: refused")
    func lostLog() throws {
        let copy = RegistryFolder()
        do {
            let store = try folder.open()
            try store.put(try suppliedService("prod/web"))
            // Nothing has been moved from the log into the database yet.
            try FileManager.default.copyItem(atPath: folder.path, toPath: copy.path)
            withExtendedLifetime(store) {}
        }
        try FileManager.default.removeItem(atPath: copy.file + "-wal")
        try? FileManager.default.removeItem(atPath: copy.file + "-shm")
        let error = #expect(throws: StoreError.self) { try copy.open() }
        #expect(
            error
                == .damaged(
                    file: copy.file, reason: "it is without tables, and was not at the writing of registry.version"))
    }

    @Test("A first start that was cut short needs no help", arguments: ["file", "log", "page"])
    func cutShort(_ state: String) throws {
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try empty()
        try Data("77\n".utf8).write(to: URL(fileURLWithPath: path("registry.lock")))
        switch state {
        case "log": try Data().write(to: URL(fileURLWithPath: folder.file + "-wal"))
        case "page": try folder.database().writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 0") }
        default: break
        }
        #expect(throws: StoreError.missing(file: folder.file)) { try RegistryReader(directory: folder.path) }
        let store = try folder.open()
        #expect(try store.put(try suppliedService("prod/web")).version.rawValue > 0)
        #expect(RegistryCheck(directory: folder.path).problems == [])
    }

    @Test("A reader leaves an empty database and the log beside it as they are")
    func readerLeavesLog() throws {
        try makeRegistry()
        try empty()
        let log = Data(repeating: 7, count: 5000)
        try log.write(to: URL(fileURLWithPath: folder.file + "-wal"))
        _ = RegistryCheck(directory: folder.path)
        #expect(throws: StoreError.self) { try RegistryReader(directory: folder.path).services() }
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file + "-wal")) == log)
    }

    @Test(
        "A file that is emptied or removed while it is served: writes are refused", .timeLimit(.minutes(1)),
        arguments: [true, false])
    func lostWhileServed(isEmptied: Bool) async throws {
        let store = try folder.open()
        try store.put(try suppliedService("prod/web"))
        let size = try Data(contentsOf: URL(fileURLWithPath: folder.file + "-wal")).count
        if isEmptied { try empty() } else { try FileManager.default.removeItem(atPath: folder.file) }
        // Nothing is acknowledged from the first write on, long before somebody looks at the pages.
        #expect(await store.write([.creating(try suppliedService("prod/first"))]).allSatisfy { $0.error != nil })
        #expect(try await store.services().map(\.metadata.name) == ["web"])
        let damage = try await store.watchIntegrity()
        #expect("\(damage)".contains("\(folder.file) is damaged"))
        #expect("\(damage)".contains(isEmptied ? "it is empty" : "it is gone"))
        #expect(await store.write([.creating(try suppliedService("prod/api"))]).allSatisfy { $0.error != nil })
        // What looks after the file has not taken the log away, which still holds all of it.
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file + "-wal")).count == size)
    }

    @Test("A file that is exchanged while it is served: writes are refused, not lost", .timeLimit(.minutes(1)))
    func exchangedWhileServed() async throws {
        let store = try folder.open()
        try store.put(try suppliedService("prod/web"))
        let copy = RegistryFolder()
        let other = try copy.open()
        try other.put(try suppliedService("prod/other"))
        try FileManager.default.removeItem(atPath: folder.file)
        try FileManager.default.copyItem(atPath: copy.file, toPath: folder.file)
        #expect(await store.write([.creating(try suppliedService("prod/first"))]).allSatisfy { $0.error != nil })
        let damage = try await store.watchIntegrity()
        #expect("\(damage)".contains("another file was put in its place"))
        #expect(await store.write([.creating(try suppliedService("prod/api"))]).allSatisfy { $0.error != nil })
    }

    @Test(
        "A log that is removed or exchanged while it is served: writes are refused, not lost", arguments: [true, false])
    func lostLog(isExchanged: Bool) async throws {
        let store = try folder.open()
        try store.put(try suppliedService("prod/web"))
        let log = folder.file + "-wal"
        try FileManager.default.moveItem(atPath: log, toPath: log + ".away")
        if isExchanged { try FileManager.default.copyItem(atPath: log + ".away", toPath: log) }
        let refused = await store.write([.creating(try suppliedService("prod/first"))])
        #expect("\(String(describing: refused[0].error))".contains(isExchanged ? "another log" : "its log is gone"))
        try? FileManager.default.removeItem(atPath: log)
        try FileManager.default.moveItem(atPath: log + ".away", toPath: log)
        #expect(await store.write([.creating(try suppliedService("prod/api"))]).allSatisfy { $0.error == nil })
    }

    @Test("A folder that is moved away and comes back: no write is acknowledged meanwhile, and those behind it are")
    func movedAway() async throws {
        let store = try folder.open()
        try store.put(try suppliedService("prod/web"))
        let elsewhere = folder.path + "-elsewhere"
        try FileManager.default.moveItem(atPath: folder.path, toPath: elsewhere)
        let refused = await store.write([.creating(try suppliedService("prod/first"))])
        try FileManager.default.moveItem(atPath: elsewhere, toPath: folder.path)
        #expect("\(String(describing: refused[0].error))".contains("it is gone"))
        #expect(await store.write([.creating(try suppliedService("prod/api"))]).allSatisfy { $0.error == nil })
        #expect(try store.everything(of: .service).objects.map(\.key.id.name).sorted() == ["api", "web"])
    }

    // MARK: What is no file

    enum Places {
        static let files = ["registry.sqlite", "registry.sqlite-wal", "registry.sqlite-shm", "registry.version"]
        static let kinds = ["folder", "fifo", "device"]
    }

    private func place(_ kind: String, at name: String) throws {
        try? FileManager.default.removeItem(atPath: path(name))
        switch kind {
        case "folder": try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: false)
        case "fifo": try #require(mkfifo(path(name), 0o600) == 0)
        default: try FileManager.default.createSymbolicLink(atPath: path(name), withDestinationPath: "/dev/zero")
        }
    }

    @Test("What stands in the place of a file is named, and nobody waits for it", arguments: Places.files, Places.kinds)
    func noFile(_ name: String, _ kind: String) throws {
        try makeRegistry()
        try place(kind, at: name)
        let expected = StoreError.notRegular(file: path(name))
        #expect("\(expected)".hasPrefix("\(path(name)) is no regular file; "))
        #expect(throws: expected) { try folder.open() }
        #expect(throws: expected) { try RegistryReader(directory: folder.path) }
        #expect(RegistryCheck.applies(to: folder.path))
        #expect(RegistryCheck(directory: folder.path).problems == ["\(expected)"])
    }

    @Test("Without a file for its lock a registry is served as one that cannot be written", arguments: Places.kinds)
    func noLock(_ kind: String) throws {
        try makeRegistry()
        try place(kind, at: "registry.lock")
        let refusal = try #require(try folder.open().refusal)
        #expect("\(refusal)".contains("\(path("registry.lock")) is no regular file"), "\(refusal)")
        try FileManager.default.removeItem(atPath: folder.file)
        #expect(throws: StoreError.self) { try folder.open() }
    }

    @Test("A FIFO that takes the place of the version's file while the registry is served stops nothing")
    func fifoWhileServed() throws {
        let store = try folder.open()
        try store.put(try suppliedService("prod/web"))
        try place("fifo", at: "registry.version")
        try store.put(try suppliedService("prod/api"))
        #expect(try store.supplied(by: "manifests").count == 2)
    }

    @Test("Folders that hold no registry are none", arguments: ["", "registry.lock", "a.yaml"])
    func noRegistry(_ file: String) throws {
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        if !file.isEmpty { try Data().write(to: URL(fileURLWithPath: path(file))) }
        #expect(!RegistryCheck.applies(to: folder.path))
        #expect(!RegistryCheck.applies(to: path("a.yaml")))
    }
}
