import Pipeline

/// Where a query came from; asked on the way through the stages only, while the query's memory is as it was received.
package protocol QueryOrigin {
    var client: PipelineQuery.Peer { get }
    /// The address that the query was sent to.
    var server: PipelineQuery.Peer { get }

    /// How a reply is sent that is not there yet; valid after this origin is gone.
    func makeReturnPath() -> ReturnPath
}

/// Sends the reply to one query: called once, on any thread, with no bytes where there is nothing to send.
///
/// - Returns: false where the system does not take the reply.
package typealias ReturnPath = @Sendable (_ reply: [UInt8]) -> Bool
