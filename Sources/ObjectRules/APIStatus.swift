import Registry

/// The answer of the API where there is no object to answer with: an error, or the success of a deletion
/// (meta/v1 Status).
package struct APIStatus: Error, Hashable, Sendable {
    /// What a client may switch on; an open set.
    package struct Reason: RawRepresentable, Hashable, Sendable {
        package let rawValue: String

        package init(rawValue: String) {
            self.rawValue = rawValue
        }

        package static let unauthorized = Self(rawValue: "Unauthorized")
        package static let forbidden = Self(rawValue: "Forbidden")
        package static let notFound = Self(rawValue: "NotFound")
        package static let alreadyExists = Self(rawValue: "AlreadyExists")
        package static let conflict = Self(rawValue: "Conflict")
        package static let gone = Self(rawValue: "Gone")
        package static let invalid = Self(rawValue: "Invalid")
        package static let serverTimeout = Self(rawValue: "ServerTimeout")
        package static let timeout = Self(rawValue: "Timeout")
        package static let tooManyRequests = Self(rawValue: "TooManyRequests")
        package static let badRequest = Self(rawValue: "BadRequest")
        package static let methodNotAllowed = Self(rawValue: "MethodNotAllowed")
        package static let notAcceptable = Self(rawValue: "NotAcceptable")
        package static let requestEntityTooLarge = Self(rawValue: "RequestEntityTooLarge")
        package static let unsupportedMediaType = Self(rawValue: "UnsupportedMediaType")
        package static let internalError = Self(rawValue: "InternalError")
        package static let expired = Self(rawValue: "Expired")
        /// Of this API, as upstream has none for a full disk.
        package static let insufficientStorage = Self(rawValue: "InsufficientStorage")
        package static let serviceUnavailable = Self(rawValue: "ServiceUnavailable")
    }

    /// One of the reasons behind an error.
    package struct Cause: Hashable, Sendable {
        /// Empty where there is none to switch on.
        package let reason: String
        package let message: String
        /// The place in the object; empty where the cause is not about one.
        package let field: String

        package init(reason: String, message: String, field: String = "") {
            self.reason = reason
            self.message = message
            self.field = field
        }

        package init(_ violation: FieldViolation) {
            self.init(reason: violation.reason.rawValue, message: violation.message, field: violation.path.description)
        }
    }

    /// What the answer is about.
    package struct Details: Hashable, Sendable {
        package var name = ""
        package var group = ""
        /// The resource (`services`); the kind (`Service`) where an object is invalid.
        package var kind = ""
        package var uid = ""
        package var causes: [Cause] = []
        /// 0 where the client is not told when to come back.
        package var retryAfterSeconds = 0

        package init() {}

        package init(name: String = "", resourceOf kind: ObjectKind) {
            self.name = name
            group = kind.group
            self.kind = kind.resource
        }
    }

    package let isSuccess: Bool
    /// The HTTP status.
    package let code: Int
    /// nil where the client has nothing to switch on.
    package let reason: Reason?
    package let message: String
    package var details: Details?
    /// The token by which an expired list can be carried on with; empty for none.
    package var continueToken = ""

    package init(_ code: Int, _ reason: Reason?, _ message: String, details: Details? = nil) {
        isSuccess = false
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
    }

    /// An object is gone: the answer to a DELETE that does not return the object.
    package init(deleted name: String, uid: String, kind: ObjectKind) {
        isSuccess = true
        code = 200
        reason = nil
        message = ""
        var details = Details(name: name, resourceOf: kind)
        details.uid = uid
        self.details = details
    }

    /// What was asked for is done, and there is nothing to show.
    package static var done: APIStatus {
        var status = APIStatus(deleted: "", uid: "", kind: .namespace)
        status.details = nil
        return status
    }
}

extension APIStatus: CustomStringConvertible {
    package var description: String { message }
}

extension APIStatus {
    /// The answer as it is sent.
    package var document: JSONValue {
        var document: [String: JSONValue] = [
            "kind": .string("Status"), "apiVersion": .string("v1"),
            "metadata": .object(continueToken.isEmpty ? [:] : ["continue": .string(continueToken)]),
            "status": .string(isSuccess ? "Success" : "Failure"),
        ]
        if !message.isEmpty { document["message"] = .string(message) }
        if let reason { document["reason"] = .string(reason.rawValue) }
        if let details { document["details"] = details.document }
        if !isSuccess { document["code"] = .integer(Int64(code)) }
        return .object(document)
    }
}

extension APIStatus.Details {
    var document: JSONValue {
        var document: [String: JSONValue] = [:]
        for (field, text) in [("name", name), ("group", group), ("kind", kind), ("uid", uid)] where !text.isEmpty {
            document[field] = .string(text)
        }
        if !causes.isEmpty { document["causes"] = .array(causes.map(\.document)) }
        if retryAfterSeconds > 0 { document["retryAfterSeconds"] = .integer(Int64(retryAfterSeconds)) }
        return .object(document)
    }
}

extension APIStatus.Cause {
    var document: JSONValue {
        var document: [String: JSONValue] = [:]
        for (field, text) in [("reason", reason), ("message", message), ("field", field)] where !text.isEmpty {
            document[field] = .string(text)
        }
        return .object(document)
    }
}

extension ObjectKind {
    /// The resource with its group, as messages name it: `services`, `endpointslices.discovery.k8s.io`.
    package var qualifiedResource: String { group.isEmpty ? resource : "\(resource).\(group)" }

    /// The kind with its group, as messages name it: `Service`, `EndpointSlice.discovery.k8s.io`.
    package var qualifiedKind: String { group.isEmpty ? rawValue : "\(rawValue).\(group)" }
}
