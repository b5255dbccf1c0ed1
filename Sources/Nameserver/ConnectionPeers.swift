import NIOCore
import Pipeline
import Registry

/// Both ends of a connection.
struct ConnectionPeers: Sendable {
    let client: PipelineQuery.Peer
    let server: PipelineQuery.Peer

    /// nil for a channel that is not connected, or not over IP.
    init?(_ channel: any Channel) {
        guard let client = PipelineQuery.Peer(channel.remoteAddress),
            let server = PipelineQuery.Peer(channel.localAddress)
        else { return nil }
        self.client = client
        self.server = server
    }
}

extension PipelineQuery.Peer {
    /// nil for anything but an IP address.
    init?(_ address: SocketAddress?) {
        guard let address, let port = address.port.flatMap({ UInt16(exactly: $0) }) else { return nil }
        switch address {
        case .v4(let v4):
            self.init(
                withUnsafeBytes(of: v4.address.sin_addr) { bytes in
                    bytes.baseAddress.map { IPAddress(networkBytes: $0, isIPv6: false) } ?? .v4(0)
                }, port: port)
        case .v6(let v6):
            self.init(
                withUnsafeBytes(of: v6.address.sin6_addr) { bytes in
                    bytes.baseAddress.map { IPAddress(networkBytes: $0, isIPv6: true) } ?? .v6(0)
                }, port: port)
        default: return nil
        }
    }
}
