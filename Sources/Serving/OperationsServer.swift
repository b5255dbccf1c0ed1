import Corefile
import Glibc
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
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

        package var description: String { "cannot listen on \(address) (TCP): \(reason)" }
    }

    private struct Listener {
        let task: Task<Void, Never>
        let pages: PageBook
        let port: Int
    }

    private var listeners: [PageAddress: Listener] = [:]
    private static let maximumConnections = 256
    /// Probes and scrapers send little; in bytes and in number.
    private static let headerLimits = HTTP1Channel.Configuration.DecoderConfiguration(
        maxHeaderFieldSize: 8 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100)

    package init() {}

    /// Serves these pages from now on, and no others; throws, with everything as before, where an address is taken.
    package func setPages(_ wanted: [PageAddress: Pages]) async throws(ListenFailure) {
        var opened: [PageAddress: Listener] = [:]
        for (address, pages) in wanted where listeners[address] == nil {
            do throws(ListenFailure) {
                opened[address] = try await Self.open(address, pages)
            } catch {
                for listener in opened.values { listener.task.cancel() }
                throw error
            }
        }
        for (address, listener) in listeners {
            if let pages = wanted[address] {
                listener.pages.set(pages)
            } else {
                listener.task.cancel()
                await listener.task.value
                listeners[address] = nil
            }
        }
        listeners.merge(opened) { _, new in new }
    }

    /// The ports that are served, by the address asked for.
    package var ports: [PageAddress: Int] { listeners.mapValues(\.port) }

    /// Ends everything.
    package func stop() async {
        for listener in listeners.values { listener.task.cancel() }
        for listener in listeners.values { await listener.task.value }
        listeners = [:]
    }

    private static func open(_ address: PageAddress, _ pages: Pages) async throws(ListenFailure) -> Listener {
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

    private static func open(
        host: String, _ address: PageAddress, _ book: PageBook
    ) async throws(ListenFailure) -> Listener {
        let (events, continuation) = AsyncStream<Result<Int, ListenFailure>>.makeStream()
        let channel = HTTP1Channel(
            responder: { request, writer, _ in try await book.respond(request, writer) },
            configuration: HTTP1Channel.Configuration(
                idleTimeout: .seconds(60), httpDecoderConfiguration: headerLimits))
        let server = Server(
            childChannelSetup: channel,
            configuration: ServerConfiguration(
                address: .hostname(host, port: Int(address.port)), serverName: nil,
                availableConnectionsDelegate: MaximumAvailableConnections(maximumConnections)),
            onServerRunning: { channel in continuation.yield(.success(channel.localAddress?.port ?? 0)) },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "operations") { _ in SwiftLogNoOpLogHandler() })
        let task = Task {
            do {
                try await server.run()
            } catch {
                let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
                continuation.yield(.failure(ListenFailure(address: address, reason: reason)))
            }
            continuation.finish()
        }
        for await event in events {
            return Listener(task: task, pages: book, port: try event.get())
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
