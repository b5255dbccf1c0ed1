import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Registry

/// What went wrong below the API, in words.
enum TransportFailure {
    static func error(_ error: any Error, method: String, url: String) -> APIClientError {
        switch error {
        case let error as APIClientError: error
        case is CancellationError: APIClientError(.cancelled, "cancelled", method: method, url: url)
        // Without anybody's wish it is the connection that was given up.
        case let error as HTTPClientError where error == .cancelled && Task.isCancelled:
            APIClientError(.cancelled, "cancelled", method: method, url: url)
        default: APIClientError(.unreachable, reason(error), method: method, url: url)
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: return reason(error)
        case let error as NIOConnectionError:
            if error.dnsAError != nil && error.dnsAAAAError != nil && error.connectionErrors.isEmpty {
                return "the host name \(error.host) is unknown"
            }
            return error.connectionErrors.first.map { reason($0.error) } ?? "no connection"
        case let error as IOError:
            return String(cString: strerror(error.errnoCode))
        case ChannelError.connectTimeout:
            return "no connection within \(APIClient.connectSeconds) seconds"
        case NIOSSLError.handshakeFailed(let cause):
            return "TLS: \(handshakeReason("\(cause)"))"
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return "TLS: the server's certificate is for another name"
        case NIOSSLError.uncleanShutdown, HTTPParserError.invalidEOFState:
            return "the server closed the connection"
        default:
            return "\(error)"
        }
    }

    /// What BoringSSL's list of errors comes to: the name of the first one, in words where it is the common one.
    private static func handshakeReason(_ text: String) -> String {
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return "the server's certificate is of no authority that is trusted here, or not valid now"
        }
        return LogText.handshakeFault(in: text) ?? text
    }

    private static func reason(_ error: HTTPClientError) -> String {
        switch error {
        case .connectTimeout: "no connection within \(APIClient.connectSeconds) seconds"
        case .tlsHandshakeTimeout: "no TLS handshake within \(APIClient.connectSeconds) seconds"
        case .deadlineExceeded, .readTimeout: "no answer in time"
        case .remoteConnectionClosed, .uncleanShutdown: "the server closed the connection"
        default: error.shortDescription
        }
    }
}
