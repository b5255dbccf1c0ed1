import Registry

/// One request to an API server.
package struct APICall: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    /// The media types of bodies.
    package enum ContentType: String, Sendable {
        case json = "application/json"
        case applyPatch = "application/apply-patch+yaml"
        case mergePatch = "application/merge-patch+json"
    }

    /// The forms of answers.
    package enum Form: String, Sendable {
        case object = "application/json"
        /// Rows and columns for people (meta.k8s.io/v1 Table), objects where the server makes no tables.
        case table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    }

    package var method: Method
    package var path: ResourcePath
    package var query: [(name: String, value: String)]
    package var body: JSONValue?
    package var contentType: ContentType
    package var form: Form

    package init(
        _ method: Method, _ path: ResourcePath, query: [(name: String, value: String)] = [], body: JSONValue? = nil,
        contentType: ContentType = .json, form: Form = .object
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.contentType = contentType
        self.form = form
    }
}

/// What a server answered: a success, as refusals are errors.
package struct APIAnswer: Sendable {
    package let code: Int
    package let bytes: [UInt8]
    /// The texts of `Warning` headers.
    package let warnings: [String]
    let method: String
    let url: String

    /// The body as JSON.
    package func document() throws(APIClientError) -> JSONValue {
        do {
            return try JSONText.value(of: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw APIClientError(.malformed, "the answer is no JSON: \(error)", method: method, url: url)
        }
    }
}

/// The `Warning` header (RFC 7234 §5.5): `299 - "text"`.
enum WarningHeader {
    /// The text between the quotes; the whole value where it has another form.
    static func text(of value: String) -> String {
        guard let open = value.firstIndex(of: "\"") else { return value }
        var text = ""
        var isEscaped = false
        for character in value[value.index(after: open)...] {
            if isEscaped {
                text.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                return text
            } else {
                text.append(character)
            }
        }
        return text
    }
}
