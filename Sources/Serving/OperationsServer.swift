import Corefile
import Descriptors
import Glibc
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Where operators and probes ask: `health`, `ready` and `prometheus`, each a page of a few bytes over HTTP.
///
/// Pages may be exchanged while the server runs; addresses come and go with them.
package actor OperationsServer {
    /// What a page says.
    package struct Page: Sendable {
        package var status: Int
        package var contentType: String
        package var body: String

        package init(status: Int = 200, contentType: String = "text/plain; charset=utf-8", body: String) {
            self.status = status
            self.contentType = contentType
            self.body = body
        }
    }

    /// Pages by path, each made when it is asked for.
    package typealias Pages = [String: @Sendable () async -> Page]

    /// Why an address is not served.
    package struct ListenFailure: Error, Hashable, Sendable, CustomStringConvertible {
        package let address: PageAddress
        package let reason: String
        /// Whether another socket holds the address.
        package var isTaken = false

        package var description: String { "cannot listen on \(address) (TCP): \(reason)" }
    }

    private struct Listener {
        let task: Task<Void, Never>
        let group: ServiceGroup
        let pages: PageBook
        let port: Int

        /// Takes no more connections and ends when those that are there have; they are not waited for long.
        ///
        /// A server that is cancelled may drop connections that it has accepted and not begun, which NIO takes for a
        /// mistake that ends the process: so it is asked to end first.
        func end() async {
            await group.triggerGracefulShutdown()
            let task = task
            let limit = Task {
                try? await Task.sleep(for: .seconds(2))
                task.cancel()
            }
            await task.value
            limit.cancel()
        }
    }

    private var listeners: [PageAddress: Listener] = [:]
    /// What is due at addresses that a predecessor still holds.
    private var awaited: [PageAddress: Pages] = [:]
    private var waiting: Task<Void, Never>?
    /// Between two tries to get an address from a predecessor.
    private static let patience = Duration.milliseconds(100)

    /// What connections may cost: those of probes and scrapers are few and brief.
    struct Limits: Sendable {
        /// The most connections at a time, of all addresses; one client has an eighth at most.
        var connections = 512
        /// Without a request.
        var idleTime = Duration.seconds(10)
        /// From accept to the end, whatever is sent meanwhile.
        var lifetime = Duration.seconds(15)
    }

    private let limits: Limits
    private let connections: OpenConnections
    /// Probes and scrapers send little; in bytes and in number.
    private static let headerLimits = HTTP1Channel.Configuration.DecoderConfiguration(
        maxHeaderFieldSize: 8 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100)

    package init() { self.init(Limits()) }

    init(_ limits: Limits) {
        self.limits = limits
        connections = OpenConnections(limits.connections, share: limits.connections / 8)
    }

    /// Serves these pages from now on, and no others; throws, with everything as before, where an address is taken.
    ///
    /// - Parameter succeeds: Whether a process that is about to end may hold addresses: it answers there until it ends,
    ///   and this one from then on.
    package func setPages(_ wanted: [PageAddress: Pages], succeeds: Bool = false) async throws(ListenFailure) {
        var opened: [PageAddress: Listener] = [:]
        var taken: [PageAddress: Pages] = [:]
        for (address, pages) in wanted where listeners[address] == nil {
            do throws(ListenFailure) {
                opened[address] = try await open(address, pages)
            } catch {
                if succeeds, error.isTaken {
                    taken[address] = pages
                    continue
                }
                for listener in opened.values { await listener.end() }
                throw error
            }
        }
        for (address, listener) in listeners {
            if let pages = wanted[address] {
                listener.pages.set(pages)
            } else {
                await listener.end()
                listeners[address] = nil
            }
        }
        listeners.merge(opened) { _, new in new }
        awaited = taken
        if !awaited.isEmpty, waiting == nil { waiting = Task { await waitForAddresses() } }
    }

    /// Takes the addresses of a predecessor as it leaves them.
    private func waitForAddresses() async {
        while !awaited.isEmpty, (try? await Task.sleep(for: Self.patience)) != nil {
            for (address, pages) in awaited {
                guard let listener = try? await open(address, pages) else { continue }
                // The pages may have been exchanged, or done away with, while the socket was opened.
                if let due = awaited.removeValue(forKey: address), !Task.isCancelled {
                    listener.pages.set(due)
                    listeners[address] = listener
                } else {
                    await listener.end()
                }
            }
        }
        waiting = nil
    }

    /// The ports that are served, by the address asked for.
    package var ports: [PageAddress: Int] { listeners.mapValues(\.port) }

    /// Ends everything.
    package func stop() async {
        awaited = [:]
        waiting?.cancel()
        await waiting?.value
        await withDiscardingTaskGroup { tasks in
            for listener in listeners.values { tasks.addTask { await listener.end() } }
        }
        listeners = [:]
    }

    private func open(_ address: PageAddress, _ pages: Pages) async throws(ListenFailure) -> Listener {
        var failure = ListenFailure(address: address, reason: "no address")
        // All addresses of the host are one socket where there is IPv6, and those of IPv4 where there is none.
        for host in address.host.isEmpty ? ["::", "0.0.0.0"] : [address.host] {
            do throws(ListenFailure) {
                return try await open(host: host, address, PageBook(pages))
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private func open(
        host: String, _ address: PageAddress, _ book: PageBook
    ) async throws(ListenFailure) -> Listener {
        let (events, continuation) = AsyncStream<Result<Int, ListenFailure>>.makeStream()
        let channel = HTTP1Channel(
            responder: { request, writer, _ in try await book.respond(request, writer) },
            configuration: HTTP1Channel.Configuration(
                idleTimeout: TimeAmount(limits.idleTime), httpDecoderConfiguration: Self.headerLimits))
        let server = Server(
            childChannelSetup: BriefConnections(channel, among: connections, lifetime: limits.lifetime),
            configuration: ServerConfiguration(
                address: .hostname(host, port: Int(address.port)), serverName: nil),
            onServerRunning: { channel in
                try? await AcceptPause.add(to: channel)
                continuation.yield(.success(channel.localAddress?.port ?? 0))
            },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "operations") { _ in SwiftLogNoOpLogHandler() })
        let group = ServiceGroup(
            services: [server], logger: Logger(label: "operations") { _ in SwiftLogNoOpLogHandler() })
        let task = Task {
            do {
                try await group.run()
            } catch {
                let code = (error as? IOError)?.errnoCode
                let reason = code.map { String(cString: strerror($0)) } ?? "\(error)"
                continuation.yield(
                    .failure(ListenFailure(address: address, reason: reason, isTaken: code == EADDRINUSE)))
            }
            continuation.finish()
        }
        for await event in events {
            return Listener(task: task, group: group, pages: book, port: try event.get())
        }
        throw ListenFailure(address: address, reason: "ended before it began")
    }
}

/// The pages of one address, exchanged as a whole.
private final class PageBook: Sendable {
    private let pages: Mutex<OperationsServer.Pages>

    init(_ pages: OperationsServer.Pages) {
        self.pages = Mutex(pages)
    }

    func set(_ new: OperationsServer.Pages) { pages.withLock { $0 = new } }

    func respond(_ request: HummingbirdCore.Request, _ writer: consuming ResponseWriter) async throws {
        let path = String((request.head.path ?? "/").prefix { $0 != "?" })
        let page: OperationsServer.Page
        if request.method != .get, request.method != .head {
            page = OperationsServer.Page(status: 405, body: "method not allowed\n")
        } else if let make = pages.withLock({ $0[path] }) {
            page = await make()
        } else {
            page = OperationsServer.Page(status: 404, body: "404 page not found\n")
        }
        var head = HTTPResponse(status: .init(code: page.status))
        head.headerFields[.contentType] = page.contentType
        head.headerFields[.contentLength] = "\(page.body.utf8.count)"
        if request.method == .head { return try await writer.writeResponse(head) }
        try await writer.write(response: head, body: ResponseBody(byteBuffer: ByteBuffer(string: page.body)))
    }
}
