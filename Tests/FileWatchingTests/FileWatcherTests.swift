import Foundation
import Synchronization
import TestSupport
import Testing

@testable import FileWatching

@Suite("File watcher", .timeLimit(.minutes(1)))
struct FileWatcherTests {
    /// Waits until each of `wanted` has happened; returns all that did, by name.
    private func kinds(
        from watcher: FileWatcher, until wanted: [String: FileWatcher.Kinds]
    ) async -> [String: FileWatcher.Kinds] {
        var kinds: [String: FileWatcher.Kinds] = [:]
        for await _ in watcher.signals {
            for (place, found) in watcher.takeChanges().kinds { kinds[place.name, default: []].formUnion(found) }
            if wanted.allSatisfy({ kinds[$0.key, default: []].isSuperset(of: $0.value) }) { return kinds }
        }
        return kinds
    }

    @Test("Entries that are written, moved and deleted are told by name")
    func entries() async throws {
        let folder = try TemporaryFolder()
        try folder.write("gone", "")
        try folder.write("moved", "")
        let watcher = try FileWatcher()
        try watcher.watch(folder.path, .everything)
        try folder.write("new", "text")
        try folder.makeFolder("folder")
        try folder.rename("moved", "here")
        try folder.remove("gone")
        let expected: [String: FileWatcher.Kinds] = [
            "new": [.created, .written], "folder": [.created, .isFolder], "moved": .movedAway, "here": .movedHere,
            "gone": .deleted,
        ]
        #expect(await kinds(from: watcher, until: expected) == expected)
    }

    @Test("Names that are not of interest stay untold, and more may be of interest later")
    func interest() async throws {
        let folder = try TemporaryFolder()
        let watcher = try FileWatcher()
        try watcher.watch(folder.path, .entries(["a"]))
        try watcher.watch(folder.path, .files(["b"]))
        for name in ["x", "a", "b"] { try folder.write(name, "text") }
        let kinds = await kinds(from: watcher, until: ["a": .created, "b": [.created, .written]])
        #expect(kinds.keys.sorted() == ["a", "b"])
    }

    @Test("What is written while it is read is known, where that is asked for")
    func touched() throws {
        let folder = try TemporaryFolder()
        for name in ["a", "b"] { try folder.write(name, "text") }
        let (watcher, indifferent) = (try FileWatcher(noticesWriters: true), try FileWatcher())
        for watcher in [watcher, indifferent] {
            try watcher.watch(folder.path, .everything)
            watcher.beginReading()
        }
        let place = FileWatcher.Place(folder: folder.path, name: "a")
        for isCut in [true, false] {
            let file = try #require(FileHandle(forWritingAtPath: folder.path("a")))
            // Opening alone changes nothing.
            #expect(watcher.touched() == [])
            if isCut { try file.truncate(atOffset: 0) } else { try file.write(contentsOf: Data("new".utf8)) }
            #expect(watcher.touched() == [place])
            #expect(indifferent.touched() == [])
            // It is not whole for who begins now either.
            watcher.beginReading()
            #expect(watcher.touched() == [place])
            try file.close()
            #expect(watcher.touched() == [place], "what was read before may have been a part")
            watcher.beginReading()
            #expect(watcher.touched() == [])
        }
        let file = try #require(FileHandle(forWritingAtPath: folder.path("a")))
        try file.truncate(atOffset: 0)
        try folder.rename("b", "a")
        watcher.beginReading()
        #expect(watcher.touched() == [], "what stands there now is another file")
        try file.close()
    }

    @Test("Who writes without end keeps nobody")
    func endlessWriter() throws {
        let folder = try TemporaryFolder()
        let watcher = try FileWatcher(noticesWriters: true)
        try watcher.watch(folder.path, .everything)
        try folder.write("a", "")
        let file = try #require(FileHandle(forWritingAtPath: folder.path("a")))
        let (begun, ended) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let isOver = Mutex(false)
        Thread.detachNewThread {
            while !isOver.withLock({ $0 }), (try? file.write(contentsOf: Data([0]))) != nil { begun.signal() }
            ended.signal()
        }
        begun.wait()
        for _ in 0..<1000 {
            watcher.beginReading()
            #expect(watcher.touched()?.map(\.name) == ["a"])
        }
        isOver.withLock { $0 = true }
        ended.wait()
        try file.close()
    }

    @Test("The loss of a watched folder is told, and what stands in its place can be watched")
    func lostFolder() async throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("a")
        let watcher = try FileWatcher()
        try watcher.watch(folder.path("a"), .everything)
        try folder.rename("a", "b")
        try folder.makeFolder("a")
        #expect(await kinds(from: watcher, until: ["": []]).keys.sorted() == [""])
        watcher.beginRenewal()
        try watcher.watch(folder.path("a"), .everything)
        watcher.endRenewal()
        try folder.write("b/old", "")
        try folder.write("a/new", "")
        #expect(await kinds(from: watcher, until: ["new": .written]).keys.sorted() == ["new"])
    }

    @Test("A folder that is not renewed is let go")
    func renewal() async throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("a")
        try folder.makeFolder("b")
        let watcher = try FileWatcher()
        try watcher.watch(folder.path("a"), .everything)
        try watcher.watch(folder.path("b"), .everything)
        watcher.beginRenewal()
        try watcher.watch(folder.path("b"), .everything)
        watcher.endRenewal()
        try folder.write("a/x", "")
        try folder.write("b/y", "")
        #expect(await kinds(from: watcher, until: ["y": .written]).keys.sorted() == ["y"])
    }

    @Test("Two paths to one folder are both told")
    func twoPaths() async throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("a")
        try folder.link("b", to: "a")
        let watcher = try FileWatcher()
        try watcher.watch(folder.path("a"), .everything)
        try watcher.watch(folder.path("b"), .everything)
        try folder.remove("b")
        try folder.write("a/x", "")
        var folders: Set<String> = []
        for await _ in watcher.signals {
            folders.formUnion(watcher.takeChanges().kinds.keys.map(\.folder))
            if folders.count == 2 { break }
        }
        #expect(folders == [folder.path("a"), folder.path("b")])
    }

    @Test("Stopping ends the signals; watching then fails")
    func stopping() async throws {
        let folder = try TemporaryFolder()
        let watcher = try FileWatcher()
        watcher.stop()
        watcher.stop()
        for await _ in watcher.signals {}
        #expect(throws: FileWatcherError.self) { try watcher.watch(folder.path, .everything) }
    }

    @Test("A folder that is not there cannot be watched, and the error names it")
    func missingFolder() throws {
        let watcher = try FileWatcher()
        let error = #expect(throws: FileWatcherError.self) { try watcher.watch("/no/such/folder", .everything) }
        #expect(error?.description == "/no/such/folder: cannot be watched: No such file or directory")
    }
}
