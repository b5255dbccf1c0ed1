import AsyncHTTPClient
import NIOCore
import NIOPosix

/// Asks over HTTP whether somebody is ready: any status from 200 to 399 says so (Kubernetes core/v1 HTTPGetAction).
package final class HTTPProbe: Sendable {
    private let url: String
    private let seconds: Int64
    private let http: HTTPClient

    /// nil where the text is no URL of http or https. Certificates are not checked, as by the kubelet.
    package init?(url: String, seconds: Int64) {
        guard ServerURL(url.prefix { $0 != "?" }.description) != nil else { return nil }
        self.url = url
        self.seconds = seconds
        var tls = TLSSettings.anyone
        tls.minimumTLSVersion = .tlsv12
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow, timeout: .init(connect: .seconds(seconds)))
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        // Each answer is to come of a connection of its own, as a new client's would.
        configuration.connectionPool.idleTimeout = .milliseconds(1)
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    package func isReady() async -> Bool {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "user-agent", value: "swiftlet-probe")
        request.headers.add(name: "connection", value: "close")
        guard let response = try? await http.execute(request, timeout: .seconds(seconds)) else { return false }
        return (200...399).contains(response.status.code)
    }

    package func close() async { try? await http.shutdown() }
}

/// Asks whether a TCP port takes connections.
package enum TCPProbe {
    package static func isReady(host: String, port: Int, seconds: Int64) async -> Bool {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(seconds))
        guard let channel = try? await bootstrap.connect(host: host, port: port).get() else { return false }
        try? await channel.close()
        return true
    }
}
