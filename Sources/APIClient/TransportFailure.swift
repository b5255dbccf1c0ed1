import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// What went wrong below the API, in words.
enum TransportFailure {
    static func error(_ error: any Error, method: String, url: String) -> APIClientError {
        switch error {
        case let error as APIClientError: error
        case is CancellationError: APIClientError(.cancelled, "cancelled", method: method, url: url)
        case let error as HTTPClientError where error == .cancelled:
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
            return "TLS: \(cause)"
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return "TLS: the server's certificate is for another name"
        case NIOSSLError.uncleanShutdown:
            return "the server closed the connection"
        default:
            return "\(error)"
        }
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
