import AsyncHTTPClient
import NIOCore

/// An answer whose body is read as it comes, in pieces as the network delivers them.
package struct APIStream: Sendable {
    /// The HTTP status.
    package let code: Int
    /// How long the server asks to wait (`Retry-After` in seconds, at most an hour); nil where it does not.
    package let retryAfter: Duration?
    package let parts: Parts
    fileprivate let method: String
    fileprivate let url: String

    init(_ response: HTTPClientResponse, method: String, url: String) {
        code = Int(response.status.code)
        retryAfter = response.headers.first(name: "retry-after").flatMap { Int64($0) }.map {
            .seconds(min(max($0, 0), 3600))
        }
        parts = Parts(body: response.body, method: method, url: url)
        self.method = method
        self.url = url
    }

    package var isSuccess: Bool { (200...299).contains(code) }

    /// Reads the body of a refusal, at most 64 KiB of it.
    package func refusal() async -> APIClientError {
        var bytes: [UInt8] = []
        do {
            for try await part in parts {
                part.withBytes { bytes += $0.prefix(max(0, (64 << 10) - bytes.count)) }
                if bytes.count >= 64 << 10 { break }
            }
        } catch {
            // What has been read says enough.
        }
        return APIClientError(code: code, body: bytes, method: method, url: url)
    }

    /// Bytes of a body, as they came.
    package struct Part: Sendable {
        fileprivate let buffer: ByteBuffer

        package var count: Int { buffer.readableBytes }

        /// Hands over the bytes without copying them; the pointer is valid inside of `body` only.
        package func withBytes<Value, Failure: Error>(
            _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Value
        ) throws(Failure) -> Value {
            let result: Result<Value, Failure> = buffer.withUnsafeReadableBytes { bytes in
                do throws(Failure) {
                    return .success(try body(bytes.assumingMemoryBound(to: UInt8.self)))
                } catch {
                    return .failure(error)
                }
            }
            return try result.get()
        }
    }

    /// Ends where the server ends the answer; throws `APIClientError` where it breaks off.
    package struct Parts: AsyncSequence, Sendable {
        package typealias Element = Part

        fileprivate let body: HTTPClientResponse.Body
        fileprivate let method: String
        fileprivate let url: String

        package func makeAsyncIterator() -> Iterator { Iterator(self) }

        package struct Iterator: AsyncIteratorProtocol {
            private var body: HTTPClientResponse.Body.AsyncIterator
            private let method: String
            private let url: String

            fileprivate init(_ parts: Parts) {
                body = parts.body.makeAsyncIterator()
                method = parts.method
                url = parts.url
            }

            package mutating func next() async throws -> Part? {
                do {
                    return try await body.next().map { Part(buffer: $0) }
                } catch {
                    throw TransportFailure.error(error, method: method, url: url)
                }
            }
        }
    }
}

extension APIClient {
    /// Sends a request and hands over the answer, of whatever status, when its head is there.
    ///
    /// The body is asked for uncompressed: a compressed stream could keep events back, and of a list in a cluster's
    /// network the CPU time of both ends is the dearer part.
    package func stream(_ call: APICall) async throws(APIClientError) -> APIStream {
        let url = displayURL(call)
        return APIStream(
            try await open(call, url: url, isStream: true), method: call.method.rawValue, url: url)
    }
}

extension APIClient {
    /// Lets the kernel ask the other end whether it is still there: a peer that is gone without a word is noticed
    /// after a minute of silence instead of never.
    static func keepAlive(_ channel: any Channel) -> EventLoopFuture<Void> {
        let options: [(ChannelOptions.Types.SocketOption, SocketOptionValue)] = [
            (.init(level: .socket, name: .so_keepalive), 1),
            (.init(level: .tcp, name: .init(rawValue: TCPOption.keepIdle)), 30),
            (.init(level: .tcp, name: .init(rawValue: TCPOption.keepInterval)), 10),
            (.init(level: .tcp, name: .init(rawValue: TCPOption.keepCount)), 3),
        ]
        let changes = options.map { channel.setOption($0.0, value: $0.1) }
        // A socket that takes no such option serves as well.
        return EventLoopFuture.andAllComplete(changes, on: channel.eventLoop)
    }

    /// The numbers of `TCP_KEEP…` in `<netinet/tcp.h>` of Linux.
    private enum TCPOption {
        static let keepIdle: CInt = 4
        static let keepInterval: CInt = 5
        static let keepCount: CInt = 6
    }
}
