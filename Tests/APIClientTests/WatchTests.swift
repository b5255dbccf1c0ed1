import APIClient
import Registry
import Testing

enum WatchTables {
    static let added = #"{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"1"}}}"#
    static let deleted = #"{"type":"DELETED","object":{"metadata":{"name":"ä","resourceVersion":"2"}}}"#
    static let bookmark =
        #"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"3","annotations":{"k8s.io/initial-events-end":"true"}}}}"#

    /// Cut anywhere, inside of characters too, and with empty lines between.
    static let cuts: [[String]] = [
        ["\(added)\n\(deleted)\n\(bookmark)\n"],
        ["\(added)\n", "\(deleted)\n", "\(bookmark)\n"],
        ["\(added)\r\n\n", "\n", "\(deleted)", "\n\(bookmark)\n"],
        "\(added)\n\(deleted)\n\(bookmark)\n".map { "\($0)" },
    ]

    static let failures: [(parts: [String], end: TestEnd, message: String)] = [
        (
            [
                added, "\n",
                #"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"#, "\n",
            ],
            .complete, "too old"
        ),
        (["\(added)\nnonsense\n"], .complete, "GET URL: an event is no JSON of a watch"),
        (
            ["\(added)\n", #"{"type":"OTHER","object":{}}"#, "\n"], .open,
            "GET URL: an event has the unknown type 'OTHER'"
        ),
        (["\(added)\n"], .breakOff, "GET URL: the server closed the connection"),
    ]
}

@Suite("Watches")
struct WatchTests {
    @Test("Events come one by one, however the bytes come", arguments: WatchTables.cuts.indices)
    func events(index: Int) async throws {
        try await TestServer.with({ _ in .parts(WatchTables.cuts[index], .complete) }) { server in
            try await withClient(server) { client in
                var events: [WatchEvent] = []
                for try await event in try await client.watch(APISelection(.pod), from: "5", seconds: 300) {
                    events.append(event)
                }
                #expect(events.map(\.kind) == [.added, .deleted, .bookmark])
                #expect(events.map { $0.object["metadata"]?["name"]?.string } == ["a", "ä", nil])
                #expect(events.map(\.version) == ["1", "2", "3"])
                #expect(events.map(\.endsInitialEvents) == [false, false, true])
            }
            #expect(
                server.requests.map(\.uri)
                    == ["/api/v1/pods?watch=true&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=300"])
        }
    }

    @Test("A watch that goes wrong throws behind the events before", arguments: WatchTables.failures.indices)
    func failures(index: Int) async throws {
        let (parts, end, message) = WatchTables.failures[index]
        try await TestServer.with({ _ in .parts(parts, end) }) { server in
            try await withClient(server) { client in
                var count = 0
                let error = await failure {
                    for try await _ in try await client.watch(APISelection(.pod), from: "") { count += 1 }
                }
                #expect(count == 1)
                #expect(
                    error?.description
                        == message.replacing("URL", with: "http://127.0.0.1:\(server.port)/api/v1/pods"))
            }
        }
    }

    @Test("A version that is too old is an error that says so")
    func expired() async throws {
        try await TestServer.with({ _ in RefusalTable.status(410, "Expired", "too old") }) { server in
            try await withClient(server) { client in
                let error = await failure { _ = try await client.watch(APISelection(.pod), from: "1") }
                #expect(error?.isExpired == true)
            }
        }
    }

    @Test("A line without an end is not kept without bound", arguments: [["x"], ["xxxxxxxxxx", "\n"]])
    func longLine(parts: [String]) async throws {
        try await TestServer.with({ _ in .parts(Array(repeating: parts[0], count: 40) + parts.dropFirst(), .open) }) {
            server in
            try await withClient(server) { client in
                let lines = try await client.lines(APICall(.get, ResourcePath("/x")), lineLimit: 30)
                let error = await failure { for try await _ in lines {} }
                #expect(error?.cause == .malformed)
                #expect(error?.message == "a line is longer than 30 bytes")
            }
        }
    }

    @Test("A watch outlives the time that other answers have")
    func patience() async throws {
        try await TestServer.with({ _ in .parts(["\(WatchTables.added)\n"], .open) }) { server in
            try await withClient(server, answerTime: .seconds(1)) { client in
                let events = try await client.watch(APISelection(.pod), from: "")
                let reading = Task {
                    var count = 0
                    for try await _ in events { count += 1 }
                    return count
                }
                // The other request takes the whole second that an answer may take.
                let end = await failure { _ = try await client.lines(APICall(.get, ResourcePath("/x"))) }
                #expect(end == nil)
                let other = await failure { _ = try await client.object(.namespace, name: "a") }
                #expect(other?.cause == .unreachable)
                reading.cancel()
                let result = await reading.result
                if case .failure(let error as APIClientError) = result { #expect(error.cause == .cancelled) }
            }
        }
    }
}
