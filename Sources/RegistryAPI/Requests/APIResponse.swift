import ObjectRules
import Registry

/// What is answered to one request.
package struct APIResponse: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        /// Written piece by piece until the closure returns; it throws where the connection has gone.
        case stream(@Sendable (_ write: ([UInt8]) async throws -> Void) async throws -> Void)
    }

    package var code: Int
    package var contentType: String
    /// Each one becomes a header `Warning: 299 - "…"` (RFC 9111 §5.5).
    package var warnings: [String] = []
    package var headers: [(name: String, value: String)] = []
    package var body: Body
    /// Whether the body is of a document that is kept, and shared by all answers: it costs none of them anything.
    package var isShared = false
    /// Whether what the client still sends is not worth reading.
    package var closesConnection = false

    package init(code: Int = 200, contentType: String = "application/json", body: Body) {
        self.code = code
        self.contentType = contentType
        self.body = body
    }

    package init(code: Int = 200, _ document: JSONValue) {
        self.init(code: code, body: .bytes(Array(JSONText.text(of: document).utf8)))
    }

    package init(code: Int = 200, text: String) {
        self.init(code: code, contentType: "text/plain; charset=utf-8", body: .bytes(Array(text.utf8)))
    }

    package init(_ status: APIStatus) {
        self.init(code: status.code, status.document)
        if let seconds = status.details?.retryAfterSeconds, seconds > 0 {
            headers.append(("Retry-After", "\(seconds)"))
        }
    }
}
