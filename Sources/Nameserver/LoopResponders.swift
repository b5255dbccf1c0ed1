import NIOCore
import Pipeline
import Synchronization

/// What all connections of one listener on one event loop share: a responder, memory to answer in, and room for what
/// they keep.
///
/// `@unchecked Sendable`: each loop's part is handed out to channels of that loop only and so used by its thread
/// alone; the dictionary itself is behind a lock.
final class LoopResponders: @unchecked Sendable {
    /// One loop's part; confined to its thread.
    final class Part {
        let room: ConnectionRoom
        private let responder: Responder
        private let scratch: UnsafeMutableRawPointer

        /// The largest message, in bytes, and room behind it.
        private static let scratchLength = 65535 + Responder.slack

        fileprivate init(_ responder: Responder, room: Int) {
            self.responder = responder
            self.room = ConnectionRoom(most: room)
            scratch = .allocate(byteCount: Self.scratchLength, alignment: 16)
            scratch.initializeMemory(as: UInt8.self, repeating: 0, count: Self.scratchLength)
        }

        deinit { scratch.deallocate() }

        /// The durations that connections are held to at present.
        var timeouts: Timeouts { responder.content.timeouts }

        /// Answers several queries as one batch.
        func batch(_ body: () -> Void) { responder.batch(body) }

        /// Answers one query, inside `batch`; the reply's bytes are valid within `use` only.
        func respond(
            _ query: UnsafeRawBufferPointer, from origin: some QueryOrigin, use: (UnsafeRawBufferPointer) -> Void
        ) -> Responder.Outcome {
            guard let base = query.baseAddress, query.count <= 65535 else { return .silence }
            scratch.copyMemory(from: base, byteCount: query.count)
            let isIPv6 = if case .v6 = origin.client.address { true } else { false }
            let outcome = responder.respond(
                scratch, length: query.count, capacity: 65535, isIPv6: isIPv6, from: origin)
            if case .reply(let length) = outcome { use(UnsafeRawBufferPointer(start: scratch, count: length)) }
            return outcome
        }
    }

    private let lock = Mutex(())
    private var isOver = false
    private var parts: [ObjectIdentifier: (loop: any EventLoop, part: Part)] = [:]
    private let state: ListenerState
    private let transport: Transport
    private let room: Int

    /// - Parameter room: the bytes that the connections of one loop may keep, all together.
    init(_ state: ListenerState, transport: Transport, room: Int) {
        self.state = state
        self.transport = transport
        self.room = room
    }

    /// The part of a loop; to be called on it.
    func part(of loop: any EventLoop) -> Part {
        loop.preconditionInEventLoop()
        return lock.withLock { _ in
            if let known = parts[ObjectIdentifier(loop)] { return known.part }
            let made = Part(Responder(state, transport: transport), room: room)
            parts[ObjectIdentifier(loop)] = (loop, made)
            return made
        }
    }

    /// The loops may end from now on.
    func end() { lock.withLock { _ in isOver = true } }

    /// Has loops that nobody asks let go of content that was exchanged.
    func renew() {
        let loops = lock.withLock { _ in isOver ? [] : parts.values.map(\.loop) }
        for loop in loops { loop.execute { self.part(of: loop).batch {} } }
    }
}
