import Foundation
import Registry
import TestSupport
import Testing

@testable import Manifests

@Suite("Manifest feeder", .timeLimit(.minutes(1)))
struct ManifestFeederTests {
    /// A feeder that runs while a test changes its files.
    private struct Running {
        let folder: TemporaryFolder
        let sink: RecordingSink
        let log: RecordingLog
        let feeder: ManifestFeeder
        var calls: AsyncStream<RecordingSink.Call>.Iterator

        /// Waits for calls until one writes or removes `object`.
        mutating func call(about object: String) async -> RecordingSink.Call? {
            while let call = await calls.next() {
                if call.puts.contains(object) || call.deletes.contains(object) { return call }
            }
            return nil
        }

        /// Waits until the feeder has seen all that was done to its files before.
        mutating func settle(_ name: String) async throws {
            try folder.write("settle-\(name).yaml", service("settle-\(name)", namespace: "settle"))
            _ = await call(about: "Service settle/settle-\(name)")
        }
    }

    private func run(
        _ paths: [String] = ["."], in folder: TemporaryFolder, sink: RecordingSink = RecordingSink(),
        _ body: (inout Running) async throws -> Void
    ) async throws {
        let log = RecordingLog()
        let feeder = try ManifestFeeder(
            paths: paths.map { $0 == "." ? folder.path : folder.path($0) }, sink: sink, logger: log.logger)
        try await feeder.loadAll()
        let task = Task { try await feeder.run() }
        var running = Running(
            folder: folder, sink: sink, log: log, feeder: feeder, calls: sink.calls.makeAsyncIterator())
        _ = await running.calls.next()
        do {
            try await body(&running)
        } catch {
            task.cancel()
            throw error
        }
        task.cancel()
        try await task.value
    }

    private static func service(_ name: String, namespace: String = "prod", port: Int = 80) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata: {name: \(name), namespace: \(namespace)}
        spec: {ports: [{port: \(port)}]}

        """
    }

    private func service(_ name: String, namespace: String = "prod", port: Int = 80) -> String {
        Self.service(name, namespace: namespace, port: port)
    }

    private func port(_ sink: RecordingSink, _ name: String) -> JSONValue? {
        guard case .array(let ports) = sink.document(.service, "prod", name)?["spec"]?["ports"] else { return nil }
        return ports.first?["port"]
    }

    @Test("A path that is not there is one line, and no feeder")
    func missingPath() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("none")
        let error = #expect(throws: ManifestFeederError.self) {
            try ManifestFeeder(paths: [folder.path, path], sink: RecordingSink(), logger: RecordingLog().logger)
        }
        #expect(error?.description == "manifests: \(path): no such file or folder")
    }

    @Test("Files of a folder are loaded by their endings, folders below with them, hidden ones not")
    func loading() async throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("below/deep")
        try folder.makeFolder(".hidden")
        try folder.write("a.yaml", service("a") + "---\n{apiVersion: apps/v1, kind: Deployment}\n")
        try folder.write(
            "b.yml",
            service("b") + "---\n{apiVersion: apps/v1, kind: Deployment}\n---\nkind: Job\napiVersion: batch/v1\n")
        try folder.write(
            "c.json", #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"c","namespace":"prod"}}"#)
        try folder.write("below/deep/d.yaml", service("d", namespace: "dev"))
        try folder.write("e.yaml~", service("e"))
        try folder.write(".f.yaml", service("f"))
        try folder.write(".hidden/g.yaml", service("g"))
        try folder.write("h.txt", "no manifest")
        try folder.link("loop", to: ".")
        try await run(in: folder) { running in
            #expect(
                running.sink.objects == [
                    "Pod prod/c (c.json)", "Service dev/d (d.yaml)", "Service prod/a (a.yaml)",
                    "Service prod/b (b.yml)",
                ])
            #expect(
                running.sink.namespaces == [
                    "default": "implied", "kube-system": "implied", "prod": "implied", "dev": "implied",
                ])
            #expect(running.log.lines.first == "info: manifests: passed over: 2 Deployment, 1 Job")
            #expect(await running.feeder.problems.isEmpty)
        }
    }

    @Test("An edit in place, a rename over a file, a new file and a removed one are followed")
    func edits() async throws {
        let folder = try TemporaryFolder()
        try folder.write("web.yaml", service("web") + "---\n" + service("db"))
        try await run(in: folder) { running in
            try folder.write("web.yaml", service("web", port: 81) + "---\n" + service("db"))
            let edit = await running.calls.next()
            #expect(edit == .init(puts: ["Service prod/web"]))
            #expect(port(running.sink, "web") == .integer(81))

            try folder.write("web.tmp", service("web", port: 82))
            try folder.rename("web.tmp", "web.yaml")
            let renamed = await running.calls.next()
            #expect(renamed == .init(puts: ["Service prod/web"], deletes: ["Service prod/db"]))
            #expect(port(running.sink, "web") == .integer(82))

            try folder.write("new.yaml", service("new", namespace: "fresh"))
            let added = await running.calls.next()
            #expect(added == .init(puts: ["Namespace fresh", "Service fresh/new"]))

            try folder.rename("new.yaml", "new.yml")
            _ = await running.calls.next()
            #expect(running.sink.objects == ["Service fresh/new (new.yml)", "Service prod/web (web.yaml)"])

            try folder.remove("new.yml")
            let removed = await running.calls.next()
            #expect(removed == .init(deletes: ["Service fresh/new", "Namespace fresh"]))
            #expect(running.sink.objects == ["Service prod/web (web.yaml)"])

            // A name made by link(2) never sees a writer close it.
            #expect(Foundation.link(folder.path("web.yaml"), folder.path("a.yaml")) == 0)
            _ = await running.calls.next()
            #expect(running.sink.objects == ["Service prod/web (a.yaml)"])
        }
    }

    @Test("Writing a file anew with what it held, or with other comments, changes nothing")
    func sameContent() async throws {
        let folder = try TemporaryFolder()
        try folder.write("web.yaml", service("web"))
        try await run(in: folder) { running in
            try folder.write("web.yaml", service("web"))
            try folder.write("web.yaml", "# the web\n" + service("web"))
            try folder.write("other.yaml", service("other"))
            #expect(await running.calls.next() == .init(puts: ["Service prod/other"]))
        }
    }

    @Test("A file that is being written is not read before it is closed: what it held stays in force")
    func beingWritten() async throws {
        let folder = try TemporaryFolder()
        try folder.write("web.yaml", service("web"))
        try await run(in: folder) { running in
            let present = try #require(FileHandle(forWritingAtPath: folder.path("web.yaml")))
            try present.truncate(atOffset: 0)
            try folder.write("new.yaml", "")
            let new = try #require(FileHandle(forWritingAtPath: folder.path("new.yaml")))
            try new.write(contentsOf: Data(service("new").utf8))
            // A folder that comes has all files looked for anew.
            try folder.makeFolder("more")
            try folder.write("more/other.yaml", service("other"))
            let call = await running.call(about: "Service prod/other")
            #expect(call?.deletes == [])
            #expect(running.sink.objects.contains("Service prod/web (web.yaml)"))
            #expect(!running.sink.objects.contains { $0.contains("prod/new") })

            try present.write(contentsOf: Data(service("web", port: 81).utf8))
            try present.close()
            #expect(await running.call(about: "Service prod/web") == .init(puts: ["Service prod/web"]))
            #expect(port(running.sink, "web") == .integer(81))
            try new.close()
            #expect(await running.call(about: "Service prod/new") == .init(puts: ["Service prod/new"]))
        }
    }

    @Test(
        "The link swap of a mounted ConfigMap is followed, for its folder and for a file in it",
        arguments: [".", "web.yaml"])
    func configMap(_ path: String) async throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("..v1")
        try folder.write("..v1/web.yaml", service("web"))
        try folder.write("..v1/db.yaml", service("db"))
        try folder.link("..data", to: "..v1")
        try folder.link("web.yaml", to: "..data/web.yaml")
        if path == "." { try folder.link("db.yaml", to: "..data/db.yaml") }
        try await run([path], in: folder) { running in
            for version in 2...4 {
                try folder.makeFolder("..v\(version)")
                try folder.write("..v\(version)/web.yaml", service("web", port: version))
                try folder.link("..data_tmp", to: "..v\(version)")
                try folder.rename("..data_tmp", "..data")
                try folder.remove("..v\(version - 1)")
                let swap = await running.call(about: "Service prod/web")
                #expect(swap?.deletes == (version == 2 && path == "." ? ["Service prod/db"] : []))
                #expect(port(running.sink, "web") == .integer(Int64(version)))
            }
            // What the link leads to may be edited in place as well.
            try folder.write("..v4/web.yaml", service("web", port: 90))
            _ = await running.call(about: "Service prod/web")
            #expect(port(running.sink, "web") == .integer(90))
            #expect(running.sink.objects == ["Service prod/web (web.yaml)"])
        }
    }

    @Test("A file that does not parse leaves its last good objects in force")
    func badEdit() async throws {
        let folder = try TemporaryFolder()
        try folder.write("web.yaml", service("web") + "---\n" + service("db"))
        try await run(in: folder) { running in
            try folder.write("web.yaml", service("web", port: 81) + "---\nkind: [\n")
            try await running.settle("1")
            #expect(running.sink.objects.contains("Service prod/db (web.yaml)"))
            #expect(port(running.sink, "web") == .integer(80))
            let problem = try #require(await running.feeder.problems.first)
            #expect(problem.line == 7 && problem.document == 2)
            #expect(running.log.lines.contains("warning: \(problem); its last good objects stay in force"))

            try folder.write("web.yaml", service("web", port: 82))
            let mended = await running.call(about: "Service prod/web")
            #expect(mended?.deletes == ["Service prod/db"])
            #expect(await running.feeder.problems.isEmpty)
        }
    }

    @Test("An object that is refused stays as it was, and the rest of its file goes on")
    func refusedEdit() async throws {
        let folder = try TemporaryFolder()
        try folder.write("web.yaml", service("web") + "---\n" + service("db"))
        try await run(in: folder) { running in
            try folder.write("web.yaml", service("web", port: 0) + "---\n" + service("db", port: 81))
            #expect(await running.calls.next() == .init(puts: ["Service prod/db"]))
            #expect(port(running.sink, "web") == .integer(80))
            #expect(
                await running.feeder.problems.map(\.description) == [
                    "\(folder.path("web.yaml")):4: document 1: Service prod/web: spec.ports[0].port: "
                        + "Invalid value: 0: must be between 1 and 65535, inclusive"
                ])
            #expect(running.log.lines.contains { $0.hasSuffix("inclusive; the object stays as it was") })
            try folder.write("web.yaml", service("db", port: 81))
            #expect(await running.calls.next() == .init(deletes: ["Service prod/web"]))
        }
    }

    @Test("Of an object in two files the one whose path sorts first counts, and the other takes over")
    func duplicates() async throws {
        let folder = try TemporaryFolder()
        try folder.write("a.yaml", service("a") + "---\n" + service("web", port: 81))
        try folder.write("b.yaml", service("web", port: 82) + "---\n" + service("web", port: 83))
        try await run(in: folder) { running in
            #expect(port(running.sink, "web") == .integer(81))
            let (a, b) = (folder.path("a.yaml"), folder.path("b.yaml"))
            #expect(
                await running.feeder.problems.map(\.description) == [
                    "\(b):1: document 1: Service prod/web: stands in \(a):6 already; passed over",
                    "\(b):6: document 2: Service prod/web: stands in the file already, in line 1; passed over",
                ])
            try folder.write("a.yaml", service("a"))
            #expect(await running.calls.next() == .init(puts: ["Service prod/web"]))
            #expect(port(running.sink, "web") == .integer(82))
            try folder.write("a.yaml", service("web", port: 84))
            #expect(await running.calls.next() == .init(puts: ["Service prod/web"], deletes: ["Service prod/a"]))
            #expect(port(running.sink, "web") == .integer(84))
        }
    }

    @Test("Namespaces are supplied while something lives in them, unless a file declares them")
    func namespaces() async throws {
        let folder = try TemporaryFolder()
        try folder.write("web.yaml", service("web"))
        try await run(in: folder) { running in
            #expect(running.sink.namespaces["prod"] == "implied")
            #expect(
                running.sink.document(.namespace, "", "prod")?["metadata"]?["labels"]
                    == .object(["kubernetes.io/metadata.name": .string("prod")]))
            try folder.write("ns.yaml", "{apiVersion: v1, kind: Namespace, metadata: {name: prod, labels: {a: b}}}")
            #expect(await running.calls.next() == .init(puts: ["Namespace prod"]))
            #expect(running.sink.namespaces["prod"] == "ns.yaml")
            try folder.remove("ns.yaml")
            #expect(await running.calls.next() == .init(puts: ["Namespace prod"]))
            #expect(running.sink.namespaces["prod"] == "implied")
            try folder.remove("web.yaml")
            #expect(await running.calls.next() == .init(deletes: ["Service prod/web", "Namespace prod"]))
            #expect(running.sink.namespaces == ["default": "implied", "kube-system": "implied"])
        }
    }

    @Test("A folder that goes takes its objects along and brings them back; so does a folder above it")
    func vanishingFolder() async throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("x/manifests/below")
        try folder.write("x/manifests/web.yaml", service("web"))
        try folder.write("x/manifests/below/db.yaml", service("db"))
        try await run(["x/manifests"], in: folder) { running in
            try folder.rename("x/manifests", "x/away")
            #expect(await running.calls.next()?.deletes == ["Service prod/db", "Service prod/web", "Namespace prod"])
            try folder.rename("x/away", "x/manifests")
            #expect(await running.calls.next()?.puts.count == 3)
            try folder.write("x/manifests/below/db.yaml", service("db", port: 81))
            _ = await running.calls.next()
            #expect(port(running.sink, "db") == .integer(81))
            try folder.rename("x", "y")
            #expect(await running.calls.next()?.deletes.count == 3)
            try folder.makeFolder("x/manifests")
            try folder.write("x/manifests/new.yaml", service("new"))
            _ = await running.call(about: "Service prod/new")
            #expect(running.sink.objects == ["Service prod/new (new.yaml)"])
            try folder.remove("x")
            _ = await running.call(about: "Service prod/new")
            #expect(running.sink.objects == [])
        }
    }

    @Test("A file named directly may have any name, and be replaced and removed")
    func directFile() async throws {
        let folder = try TemporaryFolder()
        try folder.write("manifest", service("web"))
        try folder.write("other.yaml", service("other"))
        try await run(["manifest"], in: folder) { running in
            #expect(running.sink.objects == ["Service prod/web (manifest)"])
            try folder.write("other.yaml", service("other", port: 81))
            try folder.write("manifest", service("web", port: 81))
            #expect(await running.calls.next() == .init(puts: ["Service prod/web"]))
            try folder.write("next", service("next"))
            try folder.rename("next", "manifest")
            _ = await running.calls.next()
            #expect(running.sink.objects == ["Service prod/next (manifest)"])
            try folder.remove("manifest")
            _ = await running.calls.next()
            #expect(running.sink.objects == [])
            try folder.write("manifest", service("web"))
            _ = await running.call(about: "Service prod/web")
            #expect(running.sink.objects == ["Service prod/web (manifest)"])
        }
    }

    @Test("What finds no address is logged once, and again when it has one")
    func failures() async throws {
        let folder = try TemporaryFolder()
        let sink = RecordingSink()
        try folder.write("web.yaml", service("web"))
        sink.fail("prod", "web", "no address is free")
        try await run(in: folder, sink: sink) { running in
            let message = "error: \(folder.path("web.yaml")): Service prod/web: no address is free"
            #expect(running.log.lines.contains(message))
            try folder.write("web.yaml", service("web", port: 81))
            try await running.settle("1")
            #expect(running.log.lines.count { $0 == message } == 1)
            running.sink.fail("prod", "web", nil)
            try await running.settle("2")
            #expect(running.log.lines.contains("info: Service prod/web has its addresses now"))
        }
    }

    @Test("What a file held before the feeder started stays in force where it does not parse or is refused now")
    func earlierRun() async throws {
        let folder = try TemporaryFolder()
        let sink = RecordingSink()
        var reader = ManifestReader(file: "earlier")
        let text = service("web") + "---\n" + service("db") + "---\n" + service("gone")
        for entry in try reader.read(Array(text.utf8)).entries {
            let file = entry.object.key.id.name == "web" ? "broken.yaml" : "refused.yaml"
            sink.remember(entry.object.object, document: entry.object.document, origin: folder.path(file))
        }
        try folder.write("broken.yaml", "kind: [")
        try folder.write("refused.yaml", service("db", port: 0) + "---\n" + service("new"))
        try await run(in: folder, sink: sink) { running in
            #expect(
                running.sink.objects == [
                    "Service prod/db (refused.yaml)", "Service prod/new (refused.yaml)",
                    "Service prod/web (broken.yaml)",
                ])
            try folder.write("broken.yaml", service("other"))
            #expect(await running.calls.next()?.deletes == ["Service prod/web"])
            try folder.write("refused.yaml", service("db", port: 81))
            #expect(await running.calls.next() == .init(puts: ["Service prod/db"], deletes: ["Service prod/new"]))
        }
    }

    @Test("After a registry that failed everything is handed over anew")
    func failingRegistry() async throws {
        let folder = try TemporaryFolder()
        try folder.write("web.yaml", service("web"))
        try await run(in: folder) { running in
            running.sink.refuse(true)
            try folder.write("a.yaml", service("a"))
            _ = await running.calls.next()
            try folder.write("b.yaml", service("b"))
            running.sink.refuse(false)
            let call = await running.call(about: "Service prod/a")
            #expect(call?.isReplacement == true)
            // Whoever looks at the folder is another than who tries again: the new file may come behind.
            if call?.puts.contains("Service prod/b") != true { _ = await running.call(about: "Service prod/b") }
            #expect(
                running.sink.objects == [
                    "Service prod/a (a.yaml)", "Service prod/b (b.yaml)", "Service prod/web (web.yaml)",
                ])
        }
    }

    @Test("Many files and folders at once arrive whole")
    func manyAtOnce() async throws {
        let folder = try TemporaryFolder()
        try await run(in: folder) { running in
            for number in 0..<300 {
                if number % 10 == 0 { try folder.makeFolder("f\(number / 10)/g") }
                try folder.write("f\(number / 10)/g/\(number).yaml", service("s\(number)"))
            }
            try folder.write("last.yaml", service("last"))
            while running.sink.objects.count < 301 { _ = await running.calls.next() }
            try folder.remove("f7")
            while running.sink.objects.count > 291 { _ = await running.calls.next() }
            #expect(!running.sink.objects.contains { $0.contains("s75 ") })
        }
    }
}
