import DNS

/// A log that wants a line for answers that go past its stage.
package protocol ReadyLog: Sendable {
    /// The kinds of answers that are written down.
    var kinds: ReadyPassage.Kinds { get }

    /// One thread's way to the log.
    func makeWriter() -> any ReadyLogWriter
}

/// Gathers the lines of one thread's batch; not for more than one thread at a time.
package protocol ReadyLogWriter: AnyObject {
    func note(_ fact: ReadyLogFact)

    /// Hands over the lines gathered: at the end of a batch. Never waits.
    func flush()
}

/// What a log may say of an answer that went past it.
package struct ReadyLogFact {
    package let client: PipelineQuery.Peer
    /// The name in wire form, lower-cased; valid during `note`.
    package let name: UnsafeRawBufferPointer
    package let type: RecordType
    package let transport: Transport
    package let id: UInt16
    /// The query's length in bytes.
    package let size: Int
    package let isDNSSECOK: Bool
    /// The largest datagram the asker takes, in bytes; nil where it did not say.
    package let udpPayload: Int?
    package let code: ResponseCode
    /// The second 16 bits of the reply's header.
    package let flags: UInt16
    /// The reply's length in bytes, before it is cut to what the asker takes, and without options of the listener's.
    package let answerSize: Int
    /// How long it took.
    package let nanoseconds: UInt64

    package init(
        client: PipelineQuery.Peer, name: UnsafeRawBufferPointer, type: RecordType, transport: Transport, id: UInt16,
        size: Int, isDNSSECOK: Bool, udpPayload: Int?, code: ResponseCode, flags: UInt16, answerSize: Int,
        nanoseconds: UInt64
    ) {
        self.client = client
        self.name = name
        self.type = type
        self.transport = transport
        self.id = id
        self.size = size
        self.isDNSSECOK = isDNSSECOK
        self.udpPayload = udpPayload
        self.code = code
        self.flags = flags
        self.answerSize = answerSize
        self.nanoseconds = nanoseconds
    }
}
