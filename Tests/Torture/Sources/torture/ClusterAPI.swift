import BenchmarkSupport
import Foundation
import Glibc

/// A stand-in for a Kubernetes API server over plain HTTP: lists, streamed or whole, and watches; and moods in which
/// it is of less use.
///
/// A thread for each connection, each of which writes what its watch is to be told.
/// `@unchecked Sendable`: everything that changes is read and written behind `condition`.
final class ClusterAPI: @unchecked Sendable {
    enum Mood: Hashable, Sendable {
        case well
        /// Takes connections and requests, and says nothing on any of them.
        case hung
        /// Some octets at a time.
        case slow
        /// Another status for every request.
        case refusing(Int)
        /// 200 with a page of a proxy in HTML.
        case garbage
        /// Breaks off in the middle of every body.
        case cutting
        /// Says of every version that it is too old, in lists by 410 and in watches by an event.
        case expired
        /// Watches begin with changes of long ago, whatever version they ask for.
        case replaying
        /// Lists give an older version than they are of.
        case understating
        /// Lists have no objects, once each time they are asked for; then as they are.
        case emptyOnce
    }

    private struct Event {
        let version: Int
        let sort: ObjectSort
        let line: String
    }

    let port: UInt16
    private let truth: Truth
    private let condition = NSCondition()
    private var cluster: Cluster
    private var events: [Event] = []
    private var oldest: Int
    private var mood = Mood.well
    private var listener: Int32 = -1
    private var connections: Set<Int32> = []
    private var emptied: Set<ObjectSort> = []
    /// Whether watches from versions to come wait for them in silence, as those of an API restored from a backup do;
    /// else they are refused.
    private var waitsForFuture = false
    private let streamsLists: Bool

    init(_ cluster: Cluster, truth: Truth, port: UInt16, streamsLists: Bool) throws(BenchmarkError) {
        self.cluster = cluster
        self.truth = truth
        self.port = port
        self.streamsLists = streamsLists
        oldest = cluster.version
        truth.replace(by: cluster.answers)
        try open()
    }

    private func withLock<Result>(_ body: () throws -> Result) rethrows -> Result {
        condition.lock()
        defer { condition.unlock() }
        return try body()
    }

    // MARK: Commands

    func behave(_ mood: Mood) {
        withLock {
            self.mood = mood
            emptied = []
            condition.broadcast()
        }
        // Who follows a watch in peace would not notice.
        switch mood {
        case .well, .hung, .slow: break
        default: breakConnections()
        }
    }

    /// Changes an object by chance.
    func change(using generator: inout SeededGenerator) { withLock { tell(cluster.change(using: &generator)) } }

    /// Changes the marking Service.
    func mark() { withLock { tell(cluster.mark()) } }

    private func tell(_ change: (Cluster.Change, [(Key, Answer)])) {
        // True before anybody can have heard of it.
        for (key, answer) in change.1 { truth.set(key, [answer]) }
        events.append(
            Event(
                version: cluster.version, sort: change.0.sort,
                line: #"{"type":"\#(change.0.type)","object":\#(change.0.object)}"# + "\n"))
        condition.broadcast()
    }

    var state: Cluster { withLock { cluster } }

    /// Is what it was before, as an API restored from a backup.
    func goBack(to former: Cluster, waitsForFuture: Bool) {
        withLock {
            cluster.goBack(to: former)
            events = []
            oldest = cluster.version
            self.waitsForFuture = waitsForFuture
            truth.replace(by: cluster.answers)
        }
        breakConnections()
    }

    func breakConnections() {
        withLock {
            for socket in connections { shutdown(socket, Int32(SHUT_RDWR)) }
            condition.broadcast()
        }
    }

    /// Goes away: connections break, and none are taken.
    func close() {
        withLock {
            shutdown(listener, Int32(SHUT_RDWR))
            listener = -1
        }
        breakConnections()
    }

    func open() throws(BenchmarkError) {
        let socket = try Sockets.bound(SOCK_STREAM, "127.0.0.1", port)
        withLock { listener = socket }
        Thread { [self] in take(socket) }.start()
    }

    private func take(_ listener: Int32) {
        while true {
            let socket = accept(listener, nil, nil)
            guard socket >= 0 else {
                if errno == EINTR || errno == ECONNABORTED { continue }
                break
            }
            _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
            let isOpen = withLock {
                guard self.listener == listener else { return false }
                connections.insert(socket)
                return true
            }
            guard isOpen else {
                Glibc.close(socket)
                continue
            }
            Thread { [self] in
                serve(socket)
                withLock { _ = connections.remove(socket) }
                Glibc.close(socket)
            }.start()
        }
        Glibc.close(listener)
    }

    // MARK: Connections

    private func serve(_ socket: Int32) {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            while let end = Octets.end(of: [13, 10, 13, 10], in: received[...]) {
                let words = String(decoding: received.prefix { $0 != 13 }, as: UTF8.self).split(separator: " ")
                received.removeFirst(end)
                guard words.count == 3, words[0] == "GET", answer(String(words[1]), socket) else { return }
            }
            let count = recv(socket, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0, received.count < 1 << 16 else { return }
            received += buffer[..<count]
        }
    }

    /// Sends, when and how the mood has it.
    private func send(_ text: String, to socket: Int32) -> Bool {
        let mood = waitWhileHung(socket)
        guard mood == .slow else { return Sockets.sendAll(text.utf8, to: socket) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            guard Sockets.sendAll(rest.prefix(300), to: socket) else { return false }
            rest = rest.dropFirst(300)
            usleep(5000)
        }
        return true
    }

    private func waitWhileHung(_ socket: Int32) -> Mood {
        withLock {
            while mood == .hung, connections.contains(socket), listener >= 0 {
                _ = condition.wait(until: Date(timeIntervalSinceNow: 0.1))
            }
            return mood
        }
    }

    private static func chunk(_ text: String) -> String { String(text.utf8.count, radix: 16) + "\r\n\(text)\r\n" }

    private static func head(_ status: String, length: Int?, type: String = "application/json") -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\n"
            + (length.map { "Content-Length: \($0)\r\n\r\n" } ?? "Transfer-Encoding: chunked\r\n\r\n")
    }

    private static func status(_ code: Int, _ reason: String, _ message: String) -> String {
        #"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"\#(message)","#
            + #""reason":"\#(reason)","code":\#(code)}"#
    }

    private func refuse(_ code: Int, _ reason: String, _ message: String, _ socket: Int32) -> Bool {
        let body = Self.status(code, reason, message)
        return send(Self.head("\(code) \(reason)", length: body.utf8.count) + body, to: socket)
    }

    // MARK: Answers

    /// - Returns: Whether the connection may be used on.
    private func answer(_ target: String, _ socket: Int32) -> Bool {
        let parts = target.split(separator: "?", maxSplits: 1)
        var query: [Substring: Substring] = [:]
        for item in parts.dropFirst().first?.split(separator: "&") ?? [] {
            let pair = item.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { query[pair[0]] = pair[1] }
        }
        let mood = waitWhileHung(socket)
        switch mood {
        case .refusing(let code): return refuse(code, "Unavailable", "not now", socket)
        case .garbage:
            let page = "<html><body>502 Bad Gateway</body></html>\n"
            return send(Self.head("200 OK", length: page.utf8.count, type: "text/html") + page, to: socket)
        default: break
        }
        guard let sort = ObjectSort.allCases.first(where: { $0.path == parts.first ?? "" }) else {
            return refuse(404, "NotFound", "the server could not find the requested resource", socket)
        }
        let version = query["resourceVersion"].flatMap { Int($0) } ?? 0
        if query["watch"] == "true" {
            let isList = query["sendInitialEvents"] == "true"
            if isList, !streamsLists {
                return refuse(422, "Invalid", "sendInitialEvents is forbidden", socket)
            }
            return watch(sort, from: version, isList: isList, mood, socket)
        }
        return list(sort, version, mood, socket)
    }

    private func list(_ sort: ObjectSort, _ asked: Int, _ mood: Mood, _ socket: Int32) -> Bool {
        let (objects, version) = withLock { (listed(sort), cluster.version) }
        if asked > version {
            return refuse(504, "Timeout", "Too large resource version: \(asked), current: \(version)", socket)
        }
        if mood == .expired, asked > 0 { return refuse(410, "Expired", "too old resource version", socket) }
        let told = understated(version, mood)
        let body =
            #"{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"\#(told)"},"items":["#
            + objects.joined(separator: ",") + "]}\n"
        let whole = Self.head("200 OK", length: body.utf8.count) + body
        guard mood != .cutting else {
            _ = send(String(whole.prefix(whole.count / 2)), to: socket)
            return false
        }
        return send(whole, to: socket)
    }

    private func listed(_ sort: ObjectSort) -> [String] {
        if mood == .emptyOnce, emptied.insert(sort).inserted { return [] }
        return cluster.objects(sort)
    }

    private func watch(_ sort: ObjectSort, from asked: Int, isList: Bool, _ mood: Mood, _ socket: Int32) -> Bool {
        guard send(Self.head("200 OK", length: nil), to: socket) else { return false }
        var position = asked
        if isList {
            let (objects, version) = withLock { (listed(sort), cluster.version) }
            var text = objects.map { Self.chunk(#"{"type":"ADDED","object":\#($0)}"# + "\n") }.joined()
            guard mood != .cutting else {
                _ = send(String(text.prefix(text.count / 2)), to: socket)
                return false
            }
            let told = understated(version, mood)
            text += Self.chunk(Self.bookmark(sort, told, endsList: true))
            guard send(text, to: socket) else { return false }
            position = told
        }
        let (current, limit, waits) = withLock { (cluster.version, oldest, waitsForFuture) }
        if mood == .expired || position < limit {
            let line = #"{"type":"ERROR","object":\#(Self.status(410, "Expired", "too old resource version"))}"# + "\n"
            return send(Self.chunk(line) + "0\r\n\r\n", to: socket)
        }
        if position > current, !waits {
            let message = "Too large resource version: \(position), current: \(current)"
            let line = #"{"type":"ERROR","object":\#(Self.status(504, "Timeout", message))}"# + "\n"
            return send(Self.chunk(line) + "0\r\n\r\n", to: socket)
        }
        if mood == .replaying { position = min(position, current) - 60 }
        return follow(sort, from: position, socket)
    }

    /// What a list says its version is.
    private func understated(_ version: Int, _ mood: Mood) -> Int {
        mood == .understating ? withLock { max(oldest, version - 40) } : version
    }

    private static func bookmark(_ sort: ObjectSort, _ version: Int, endsList: Bool) -> String {
        let end = endsList ? #","annotations":{"k8s.io/initial-events-end":"true"}"# : ""
        return #"{"type":"BOOKMARK","object":\#(sort.head)"metadata":{"resourceVersion":"\#(version)"\#(end)}}}"# + "\n"
    }

    /// Tells changes as they come, and a bookmark now and then.
    private func follow(_ sort: ObjectSort, from start: Int, _ socket: Int32) -> Bool {
        var position = start
        var told = 0
        while true {
            let (lines, version, mood): ([String], Int, Mood) = withLock {
                while connections.contains(socket), listener >= 0, cluster.version <= position {
                    guard condition.wait(until: Date(timeIntervalSinceNow: 0.2)) else { break }
                }
                let lines = events.filter { $0.version > position && $0.sort == sort }.map(\.line)
                return (lines, cluster.version, self.mood)
            }
            guard isOpen(socket) else { return false }
            var text = lines.map(Self.chunk).joined()
            told += lines.count
            if told > 50 {
                text += Self.chunk(Self.bookmark(sort, version, endsList: false))
                told = 0
            }
            if mood == .cutting, text.count > 2 {
                _ = send(String(text.prefix(text.count / 2)), to: socket)
                return false
            }
            if !text.isEmpty { guard send(text, to: socket) else { return false } }
            position = max(position, version)
        }
    }

    /// Whether the other side is still there: it sends nothing while it follows.
    private func isOpen(_ socket: Int32) -> Bool {
        guard withLock({ connections.contains(socket) && listener >= 0 }) else { return false }
        var octet: UInt8 = 0
        let count = recv(socket, &octet, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count > 0 || (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    }
}
