import BenchmarkSupport
import Foundation
import Glibc
import Synchronization

/// The sorts of objects that a server asks for.
package enum ObjectSort: CaseIterable, Sendable {
    case namespace, service, endpointSlice, pod

    var path: String {
        switch self {
        case .namespace: "/api/v1/namespaces"
        case .service: "/api/v1/services"
        case .endpointSlice: "/apis/discovery.k8s.io/v1/endpointslices"
        case .pod: "/api/v1/pods"
        }
    }

    var kind: String {
        switch self {
        case .namespace: "Namespace"
        case .service: "Service"
        case .endpointSlice: "EndpointSlice"
        case .pod: "Pod"
        }
    }

    var apiVersion: String { self == .endpointSlice ? "discovery.k8s.io/v1" : "v1" }
}

/// A stand-in for a Kubernetes API server, over plain HTTP on a port of 127.0.0.1: lists whole and in pages, watches,
/// lists as streams (KEP-3157), and on command changes, expired versions and absence.
///
/// A thread for each connection; what is shared is behind one lock.
package final class ScriptedAPI: Sendable {
    /// A change that watches are told of.
    private struct Event {
        let version: Int
        let sort: ObjectSort
        /// The line of the watch as a chunk of the body.
        let chunk: [UInt8]
    }

    private struct State {
        var objects: [ObjectSort: [[UInt8]]] = [:]
        var version = 1000
        var events: [Event] = []
        /// Watches from before this version are told that it is too old.
        var oldest = 0
        /// The sockets of watches that have been told everything so far.
        var watches: [Int32: ObjectSort] = [:]
        var connections: Set<Int32> = []
        var listener: Int32 = -1
        var lists = 0
    }

    private let state = Mutex(State())
    /// Whether lists can be had as streams; servers before Kubernetes 1.32 refuse them.
    private let streamsLists: Bool
    package let port: UInt16

    /// Begins to answer.
    package convenience init(_ cluster: Cluster, streamsLists: Bool) throws(BenchmarkError) {
        try self.init(streamsLists: streamsLists) { version in
            [
                .namespace: Cluster.namespaces.map { Array(cluster.namespaceObject($0, version: version).utf8) },
                .service: (0..<cluster.size.services).map { Array(cluster.serviceObject($0, version: version).utf8) },
                .endpointSlice: (0..<cluster.size.slices).map { Array(cluster.sliceObject($0, version: version).utf8) },
            ]
        }
    }

    /// Begins to answer.
    ///
    /// - Parameter objects: the objects of a version, without the braces around them and without their kinds.
    package init(
        streamsLists: Bool, objects: (_ version: Int) -> [ObjectSort: [[UInt8]]]
    ) throws(BenchmarkError) {
        self.streamsLists = streamsLists
        let (listener, port) = try Self.listen(port: 0)
        self.port = port
        state.withLock { state in
            state.objects = objects(state.version)
        }
        open(listener)
    }

    /// How many lists were asked for, as streams or otherwise; the pages after the first do not count.
    package var listCount: Int { state.withLock { $0.lists } }

    // MARK: Commands

    /// Changes an object.
    ///
    /// - Parameters:
    ///   - isTold: whether watches hear of it; else it shows in the next list only.
    ///   - body: the object of the version that it is given.
    /// - Returns: When the first watch was about to be told: what it takes to make the object is over by then.
    @discardableResult
    package func put(
        _ sort: ObjectSort, _ index: Int, isTold: Bool = true, _ body: (Int) -> String
    ) -> ContinuousClock.Instant {
        state.withLock { state in
            state.version += 1
            let object = Array(body(state.version).utf8)
            state.objects[sort]?[index] = object
            guard isTold else { return .now }
            let chunk = Self.chunk(Self.event("MODIFIED", sort, object))
            state.events.append(Event(version: state.version, sort: sort, chunk: chunk))
            let told = ContinuousClock.now
            for (socket, watched) in state.watches where watched == sort { _ = Self.send(chunk, to: socket) }
            return told
        }
    }

    /// Declares all versions up to now too old, and ends the watches with that word.
    package func expire() {
        state.withLock { state in
            state.version += 1
            state.oldest = state.version
            state.events.removeAll()
            for socket in state.watches.keys { _ = Self.send(Self.expiredStream, to: socket) }
            state.watches.removeAll()
        }
    }

    /// Goes away: connections break, and no new ones are taken.
    package func cut() {
        state.withLock { state in
            shutdown(state.listener, Int32(SHUT_RDWR))
            close(state.listener)
            state.listener = -1
            state.watches.removeAll()
            for socket in state.connections { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    /// Comes back on the same port.
    ///
    /// - Parameter isExpired: whether the versions of before are too old.
    package func restore(isExpired: Bool = false) throws(BenchmarkError) {
        if isExpired { expire() }
        open(try Self.listen(port: port).descriptor)
    }

    /// Ends for good.
    package func stop() { if state.withLock({ $0.listener >= 0 }) { cut() } }

    // MARK: Connections

    private static func listen(port: UInt16) throws(BenchmarkError) -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system(call: "socket", errorNumber: errno) }
        var isOn: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<Int32>.size))
        guard withLoopbackAddress(port: port, { bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 64) == 0
        else {
            let errorNumber = errno
            close(descriptor)
            throw .system(call: "bind of the scripted API server", errorNumber: errorNumber)
        }
        return (descriptor, loopbackPort(of: descriptor) ?? port)
    }

    private func open(_ listener: Int32) {
        state.withLock { $0.listener = listener }
        Thread { [self] in
            while true {
                let socket = accept(listener, nil, nil)
                guard socket >= 0 else {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    return
                }
                // Not for the programs that are started meanwhile.
                _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
                let isWanted = state.withLock { state in
                    guard state.listener == listener else { return false }
                    state.connections.insert(socket)
                    return true
                }
                guard isWanted else {
                    close(socket)
                    return
                }
                Thread { [self] in serve(socket) }.start()
            }
        }.start()
    }

    private func serve(_ socket: Int32) {
        var isOn: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
        var reader = RequestReader(socket)
        while let request = reader.next() {
            // Whoever asks again on a connection has heard the end of the watch on it.
            state.withLock { _ = $0.watches.removeValue(forKey: socket) }
            guard answer(request, socket) else { break }
        }
        state.withLock { state in
            state.watches[socket] = nil
            state.connections.remove(socket)
            close(socket)
        }
    }

    // MARK: Answers

    /// - Returns: Whether the connection may be used on.
    private func answer(_ request: ScriptedRequest, _ socket: Int32) -> Bool {
        guard let sort = ObjectSort.allCases.first(where: { $0.path == request.path }) else {
            return Self.send(Self.reply(to: request.path), to: socket)
        }
        if request.query["watch"] == "true" || request.query["watch"] == "1" {
            return watch(sort, request, socket)
        }
        return list(sort, request, socket)
    }

    private func list(_ sort: ObjectSort, _ request: ScriptedRequest, _ socket: Int32) -> Bool {
        let start = request.query["continue"].flatMap { Int($0) } ?? 0
        let (objects, version) = state.withLock { state in
            if start == 0, request.query["limit"] != "1" { state.lists += 1 }
            return (state.objects[sort] ?? [], state.version)
        }
        // Any state is good enough: answered from memory, where there are no pages.
        let isWhole = request.query["resourceVersion"] == "0"
        let limit = isWhole ? nil : request.query["limit"].flatMap { Int($0) }
        let first = min(start, objects.count)
        let end = limit.map { min(first + $0, objects.count) } ?? objects.count
        var metadata = #""resourceVersion":"\#(version)""#
        if end < objects.count {
            metadata += #","continue":"\#(end)","remainingItemCount":\#(objects.count - end)"#
        }
        var body = BodyWriter(socket)
        body.write(
            Array(
                #"{"kind":"\#(sort.kind)List","apiVersion":"\#(sort.apiVersion)","metadata":{\#(metadata)},"items":["#
                    .utf8))
        for (index, object) in objects[first..<end].enumerated() {
            body.write(Array((index == 0 ? "{" : ",{").utf8) + object + [UInt8(ascii: "}")])
        }
        body.write(Array("]}\n".utf8))
        return body.finish()
    }

    private func watch(_ sort: ObjectSort, _ request: ScriptedRequest, _ socket: Int32) -> Bool {
        let isList = request.query["sendInitialEvents"] == "true"
        if isList, !streamsLists {
            let status = Self.status(
                422, "Invalid", "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled")
            return Self.send(Self.whole("422 Unprocessable Entity", status), to: socket)
        }
        var body = BodyWriter(socket)
        var position = Int(request.query["resourceVersion"] ?? "") ?? 0
        if isList {
            let (objects, version) = state.withLock { state in
                state.lists += 1
                return (state.objects[sort] ?? [], state.version)
            }
            for object in objects { body.write(Self.event("ADDED", sort, object)) }
            body.write(
                Array(
                    (#"{"type":"BOOKMARK","object":{"kind":"\#(sort.kind)","apiVersion":"\#(sort.apiVersion)","#
                        + #""metadata":{"resourceVersion":"\#(version)","annotations":{"#
                        + #""k8s.io/initial-events-end":"true"}}}}"# + "\n").utf8))
            position = version
        }
        guard body.flush() else { return false }
        return state.withLock { state in
            guard position >= state.oldest else { return Self.send(Self.expiredStream, to: socket) }
            for event in state.events where event.sort == sort && event.version > position {
                guard Self.send(event.chunk, to: socket) else { return false }
            }
            state.watches[socket] = sort
            return true
        }
    }

    /// What clients ask to get to know a server.
    private static func reply(to path: String) -> [UInt8] {
        switch path {
        case "/version":
            whole("200 OK", #"{"major":"1","minor":"34","gitVersion":"v1.34.0","platform":"linux/amd64"}"#)
        case "/apis/discovery.k8s.io/v1":
            whole(
                "200 OK",
                #"{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"discovery.k8s.io/v1","resources":[{"#
                    + #""name":"endpointslices","singularName":"endpointslice","namespaced":true,"#
                    + #""kind":"EndpointSlice","verbs":["get","list","watch"]}]}"#)
        default: whole("404 Not Found", status(404, "NotFound", "the server could not find the requested resource"))
        }
    }

    private static func status(_ code: Int, _ reason: String, _ message: String) -> String {
        #"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"\#(message)","#
            + #""reason":"\#(reason)","code":\#(code)}"#
    }

    private static func whole(_ status: String, _ body: String) -> [UInt8] {
        Array(
            ("HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body)
                .utf8)
    }

    private static func event(_ type: String, _ sort: ObjectSort, _ object: [UInt8]) -> [UInt8] {
        Array(#"{"type":"\#(type)","object":{"kind":"\#(sort.kind)","apiVersion":"\#(sort.apiVersion)","#.utf8) + object
            + Array("}}\n".utf8)
    }

    /// The event that a version is too old, and the end of the answer.
    private static let expiredStream: [UInt8] =
        chunk(Array((#"{"type":"ERROR","object":"# + status(410, "Expired", "too old resource version") + "}\n").utf8))
        + Array("0\r\n\r\n".utf8)

    static func chunk(_ data: [UInt8]) -> [UInt8] {
        Array((String(data.count, radix: 16) + "\r\n").utf8) + data + [13, 10]
    }

    /// - Returns: Whether all was sent.
    static func send(_ bytes: [UInt8], to socket: Int32) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = Glibc.send(
                    socket, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
                if count < 0 {
                    if errno == EINTR { continue }
                    return false
                }
                sent += count
            }
            return true
        }
    }
}
