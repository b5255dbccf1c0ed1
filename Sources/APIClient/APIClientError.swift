import Registry

/// Why a request to an API server came to nothing.
package struct APIClientError: Error, Hashable, Sendable {
    package enum Cause: Hashable, Sendable {
        /// Nobody answered, or not in time.
        case unreachable
        /// The server answered with an error; `reason` is the Status' own (`NotFound`), empty where none was sent.
        case refused(code: Int, reason: String)
        /// The answer is not what the API says it is.
        case malformed
        case cancelled
    }

    package let cause: Cause
    /// One sentence; of a refusal the server's own.
    package let message: String
    package let method: String
    package let url: String
    /// The Status object of a refusal, where one was sent.
    package let status: JSONValue?

    package init(_ cause: Cause, _ message: String, method: String, url: String, status: JSONValue? = nil) {
        self.cause = cause
        self.message = message
        self.method = method
        self.url = url
        self.status = status
    }

    /// The HTTP status of a refusal.
    package var code: Int? {
        guard case .refused(let code, _) = cause else { return nil }
        return code
    }

    /// The reason of a refusal, as `metav1.StatusReason` spells it.
    package var reason: String {
        guard case .refused(_, let reason) = cause else { return "" }
        return reason
    }

    /// Whether the object, or its kind, is not there.
    package var isNotFound: Bool { code == 404 }

    /// Whether an object of that name is there already.
    package var isAlreadyExists: Bool { code == 409 && reason == "AlreadyExists" }

    /// Whether the version that a list or a watch goes on from is no longer kept: it begins anew.
    package var isExpired: Bool { code == 410 }

    /// Whether the same request may succeed later without anybody changing it.
    package var isTransient: Bool {
        switch cause {
        case .unreachable: true
        case .refused(let code, _): code == 429 || code >= 500
        case .malformed, .cancelled: false
        }
    }
}

extension APIClientError: CustomStringConvertible {
    package var description: String {
        switch cause {
        case .refused: message.withoutControls
        case .unreachable, .malformed, .cancelled: "\(method) \(url): \(message)".withoutControls
        }
    }
}

extension APIClientError {
    /// Reads a refusal; a body that is no Status is quoted by its beginning.
    init(code: Int, body: [UInt8], method: String, url: String) {
        let text = String(decoding: body.prefix(64 << 10), as: UTF8.self)
        if let status = try? JSONText.value(of: text), status["kind"]?.string == "Status" {
            let message = status["message"]?.string ?? ""
            self.init(
                .refused(code: code, reason: status["reason"]?.string ?? ""),
                message.isEmpty ? "the server answered with status \(code)" : message, method: method, url: url,
                status: status)
            return
        }
        let quote = text.prefix(200).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        self.init(
            .refused(code: code, reason: ""),
            "\(method) \(url): status \(code)" + (quote.isEmpty ? "" : ": \(quote)"), method: method, url: url)
    }

    /// What an ERROR event of a watch says.
    init(watchError status: JSONValue, method: String, url: String) {
        var code = 500
        if case .integer(let number)? = status["code"] { code = Int(clamping: number) }
        self.init(
            .refused(code: code, reason: status["reason"]?.string ?? ""),
            status["message"]?.string ?? "the watch ended with an error", method: method, url: url, status: status)
    }
}
