import Glibc
import NIOCore

/// Lets a listener of NIO rest where the system has no descriptor for what it would accept.
///
/// NIO tries again at once, as the connection goes on to wait, and takes a whole core for as long as descriptors are
/// used up. Connections wait in the kernel meanwhile.
package final class AcceptPause: ChannelInboundHandler {
    package typealias InboundIn = any Channel

    /// From a failure until the next try.
    static let length = TimeAmount.milliseconds(100)

    private var end: Scheduled<Void>?

    package init() {}

    /// Puts one before all other handlers of a listener; from any thread.
    package static func add(to listener: any Channel) async throws {
        try await listener.eventLoop.submit {
            try listener.pipeline.syncOperations.addHandler(AcceptPause(), position: .first)
        }.get()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, Self.isShortage(error.errnoCode), end == nil {
            let channel = context.channel
            try? channel.syncOptions?.setOption(.autoRead, value: false)
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            end = context.eventLoop.scheduleTask(in: Self.length) {
                bound.value.end = nil
                try? channel.syncOptions?.setOption(.autoRead, value: true)
            }
        }
        context.fireErrorCaught(error)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        end?.cancel()
        end = nil
        context.fireChannelInactive()
    }

    /// What accept(2) fails with until something of the process or of the system is given back.
    private static func isShortage(_ code: CInt) -> Bool {
        [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code)
    }
}
