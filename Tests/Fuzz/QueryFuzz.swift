import Pipeline

/// Feeds any bytes to the query reader, the responder and stages, over UDP and TCP, and checks what comes back.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    guard size <= 65535 else { return 0 }
    for transport in [Transport.udp, .tcp] { server.run(UnsafeRawBufferPointer(start: data, count: size), transport) }
    return 0
}

/// Used by one thread only, the one that libFuzzer calls from.
nonisolated(unsafe) private let server = AnsweringServer()
