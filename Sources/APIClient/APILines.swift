import AsyncHTTPClient
import NIOCore

/// The lines of an answer that does not end, without their newlines; empty ones are left out.
package struct APILines: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    fileprivate let body: HTTPClientResponse.Body
    fileprivate let lineLimit: Int
    fileprivate let method: String
    fileprivate let url: String

    init(body: HTTPClientResponse.Body, lineLimit: Int, method: String, url: String) {
        self.body = body
        self.lineLimit = lineLimit
        self.method = method
        self.url = url
    }

    package func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// Ends where the server ends the answer between lines; throws `APIClientError` where it breaks off.
    package struct Iterator: AsyncIteratorProtocol {
        private var body: HTTPClientResponse.Body.AsyncIterator
        private var splitter: LineSplitter
        private let lines: APILines

        fileprivate init(_ lines: APILines) {
            body = lines.body.makeAsyncIterator()
            splitter = LineSplitter(limit: lines.lineLimit)
            self.lines = lines
        }

        package mutating func next() async throws -> [UInt8]? {
            while true {
                if let line = splitter.next() { return line }
                guard !splitter.isOverLimit else {
                    throw APIClientError(
                        .malformed, "a line is longer than \(lines.lineLimit) bytes", method: lines.method,
                        url: lines.url)
                }
                do {
                    guard let part = try await body.next() else { return nil }
                    splitter.append(part.readableBytesView)
                } catch {
                    throw TransportFailure.error(error, method: lines.method, url: lines.url)
                }
            }
        }
    }
}

/// Cuts a stream of bytes into lines, looking at each byte once.
struct LineSplitter {
    private var bytes: [UInt8] = []
    /// Where the line under way begins.
    private var start = 0
    /// Up to where no newline is.
    private var searched = 0
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Whether the line under way is longer than it may be.
    var isOverLimit: Bool { searched - start > limit }

    mutating func append(_ part: some Sequence<UInt8>) {
        if start > 0 {
            bytes.removeFirst(start)
            searched -= start
            start = 0
        }
        bytes += part
    }

    /// The next line that is complete and not empty.
    mutating func next() -> [UInt8]? {
        while let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = bytes[start..<end]
            start = end + 1
            searched = start
            let isBlank = line.allSatisfy { $0 == 0x20 || $0 == 0x0d || $0 == 0x09 }
            if line.count > limit {
                // The caller sees it as it sees a line without an end.
                start -= line.count + 1
                return nil
            }
            if !isBlank { return Array(line) }
        }
        searched = bytes.count
        return nil
    }
}
