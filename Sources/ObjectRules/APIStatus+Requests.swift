import Registry

// Answers about a request, with the texts of Kubernetes' API server.
extension APIStatus {
    package static func badRequest(_ message: String) -> APIStatus {
        APIStatus(400, .badRequest, message)
    }

    package static let unauthorized = APIStatus(401, .unauthorized, "Unauthorized")

    /// There is nothing at the path.
    package static let unknownPath = APIStatus(
        404, .notFound, "the server could not find the requested resource", details: Details())

    /// The path is known, and the method is not for it.
    package static let methodNotAllowed = APIStatus(
        405, .methodNotAllowed, "the server does not allow this method on the requested resource", details: Details())

    package static func notAcceptable(accepted: [String]) -> APIStatus {
        APIStatus(
            406, .notAcceptable,
            "only the following media types are accepted: \(accepted.joined(separator: ", "))")
    }

    package static func unsupportedMediaType(accepted: [String]) -> APIStatus {
        APIStatus(
            415, .unsupportedMediaType,
            "the body of the request was in an unknown format - accepted media types include: "
                + accepted.joined(separator: ", "))
    }

    /// - Parameter limit: In bytes.
    package static func requestEntityTooLarge(limit: Int) -> APIStatus {
        APIStatus(413, .requestEntityTooLarge, "Request entity too large: limit is \(limit)")
    }

    package static func tooManyRequests(
        _ message: String = "Too many requests, please try again later.", retryAfterSeconds: Int = 1
    ) -> APIStatus {
        APIStatus(429, .tooManyRequests, message, details: retry(after: retryAfterSeconds))
    }

    package static func internalError(_ cause: String) -> APIStatus {
        var details = Details()
        details.causes = [Cause(reason: "", message: cause)]
        return APIStatus(500, .internalError, "Internal error occurred: \(cause)", details: details)
    }

    /// An error of the server for which upstream has no reason, only a text.
    package static func unspecified(_ message: String) -> APIStatus {
        APIStatus(500, nil, message)
    }

    /// A document that is to be created has a version already.
    package static let versionOnCreate = unspecified("resourceVersion should not be set on objects to be created")

    /// - Parameter verb: What was to be done, in lower case: `create`.
    package static func serverTimeout(_ kind: ObjectKind, verb: String, retryAfterSeconds: Int = 0) -> APIStatus {
        var details = Details(resourceOf: kind)
        details.retryAfterSeconds = retryAfterSeconds
        return APIStatus(
            500, .serverTimeout,
            "The \(verb) operation against \(kind.qualifiedResource) could not be completed at this time, "
                + "please try again.", details: details)
    }

    /// Too much takes place at present; nothing was done.
    package static func serviceUnavailable(_ message: String) -> APIStatus {
        APIStatus(503, .serviceUnavailable, message)
    }

    package static func timeout(_ message: String, retryAfterSeconds: Int = 0) -> APIStatus {
        APIStatus(504, .timeout, "Timeout: \(message)", details: retry(after: retryAfterSeconds))
    }

    /// A list or a watch asks for a version that has not been reached.
    package static func versionTooLarge(_ version: ResourceVersion, newest: ResourceVersion) -> APIStatus {
        var status = timeout(
            "Too large resource version: \(version.rawValue), current: \(newest.rawValue)", retryAfterSeconds: 1)
        status.details?.causes = [Cause(reason: "ResourceVersionTooLarge", message: "Too large resource version")]
        return status
    }

    /// Nothing can be written as there is no room.
    package static func insufficientStorage(_ message: String) -> APIStatus {
        APIStatus(507, .insufficientStorage, message)
    }

    private static func retry(after seconds: Int) -> Details {
        var details = Details()
        details.retryAfterSeconds = seconds
        return details
    }
}

// What is no longer kept.
extension APIStatus {
    package static func expired(_ message: String) -> APIStatus {
        APIStatus(410, .expired, message)
    }

    /// A watch asks for changes that are no longer kept.
    package static let watchExpired = expired("The resourceVersion for the provided watch is too old.")

    /// A list asks for a state that is no longer kept.
    package static let listExpired = expired("The resourceVersion for the provided list is too old.")

    /// - Parameter oldest: The first version that can still be asked for.
    package static func versionTooOld(_ version: ResourceVersion, oldest: ResourceVersion) -> APIStatus {
        expired("too old resource version: \(version.rawValue) (\(oldest.rawValue))")
    }

    /// The state that a continue token belongs to is no longer kept.
    ///
    /// - Parameter token: By which the rest can be had as it is now; empty for none.
    package static func continueExpired(token: String) -> APIStatus {
        var status = expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list "
                + "without the continue parameter, or use the continue token in this response to retrieve the "
                + "remainder of the results. Continuing with the provided token results in an inconsistent list - "
                + "objects that were created, modified, or deleted between the time the first chunk was returned and "
                + "now may show up in the list.")
        status.continueToken = token
        return status
    }
}
