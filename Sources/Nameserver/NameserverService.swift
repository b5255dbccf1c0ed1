import AnswerTable
import CDatagram
import Glibc
import Logging
import NIOPosix
import ServiceLifecycle

/// The listeners of a server, UDP and TCP, from bind to the end.
package struct NameserverService: Service {
    /// The addresses listened on, with the ports that were given for port 0.
    package let addresses: [ListenAddress]
    private let workers: [UDPWorker]
    private let listeners: [TCPListener]
    private let group: MultiThreadedEventLoopGroup

    /// Binds all addresses, each for UDP and TCP; queries are answered once `run` is called.
    ///
    /// - Parameter workers: UDP threads for each address; nil: one for each processor this process may use.
    /// - Throws: `NameserverError`, with nothing left open.
    package static func bind(
        _ wanted: [ListenAddress], table: AnswerTable, pipeline: QueryPipeline, workers: Int? = nil
    ) async throws -> NameserverService {
        let processors = workers ?? Int(datagram_processor_count())
        let makeResponder: @Sendable () -> Responder = { Responder(table: table, pipeline: pipeline) }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: processors)
        let loops = TCPLoops(makeResponder: makeResponder)
        let open = ConnectionCount()
        var sockets: [UDPSocket] = []
        var listeners: [TCPListener] = []
        var addresses: [ListenAddress] = []
        do {
            for address in wanted {
                let bound = try await bindBoth(address) { address in
                    listeners.append(
                        try await TCPListener.start(
                            address, group: group, limits: .init(), open: open, loops: loops))
                }
                for _ in 0..<processors { sockets.append(try UDPSocket(bound)) }
                addresses.append(bound)
            }
        } catch {
            for socket in sockets { socket.close() }
            for listener in listeners { await listener.stop() }
            try? await group.shutdownGracefully()
            throw error
        }
        return NameserverService(
            addresses: addresses, workers: sockets.map { UDPWorker(socket: $0, makeResponder: makeResponder) },
            listeners: listeners, group: group)
    }

    /// Finds a port that is free for UDP and TCP alike.
    private static func bindBoth(
        _ address: ListenAddress, startTCP: (ListenAddress) async throws -> Void
    ) async throws -> ListenAddress {
        var attempts = address.port == 0 ? 16 : 1
        while true {
            let candidate = try UDPSocket.probe(address)
            attempts -= 1
            do {
                try await startTCP(candidate)
                return candidate
            } catch let error as NameserverError where error.code == EADDRINUSE && attempts > 0 {
                continue
            }
        }
    }

    /// Answers until the service is asked to end.
    package func run() async throws {
        await withTaskGroup(of: Void.self) { tasks in
            for worker in workers {
                tasks.addTask { await Self.runOnThread(worker) }
            }
            tasks.addTask {
                try? await gracefulShutdown()
                for listener in listeners { await listener.stop() }
                for worker in workers { worker.stop() }
            }
        }
        try await group.shutdownGracefully()
    }

    /// Runs a worker on a thread of its own: it blocks, which tasks must not.
    private static func runOnThread(_ worker: UDPWorker) async {
        await withCheckedContinuation { continuation in
            let job = ThreadJob {
                worker.run()
                continuation.resume()
            }
            job.start()
        }
    }
}

/// A closure that runs on a thread of its own.
private final class ThreadJob: Sendable {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }

    /// Starts the thread, which keeps the job alive; without one the closure runs here.
    func start() {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<ThreadJob>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            }, box.toOpaque())
        if result == 0 {
            pthread_detach(thread)
        } else {
            box.release()
            body()
        }
    }
}
