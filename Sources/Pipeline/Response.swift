import DNS

/// What the stages say to one question; the listener makes the message of it.
package struct Response: Hashable, Sendable {
    package var code: ResponseCode
    package var isAuthoritative: Bool
    /// RA: recursion is to be had here (RFC 1035 §4.1.1).
    package var isRecursionAvailable = false
    /// RD, where it is not to be copied from the query (`header`).
    package var isRecursionDesired: Bool?
    /// AD: the answer was validated by whom we asked (RFC 6840 §5.8).
    package var isAuthenticData = false
    /// TC, whether or not the records fit: an upstream's answer that was cut itself.
    package var isTruncated = false
    package var answers: [Record] = []
    package var authorities: [Record] = []
    /// Without the OPT record, which the listener writes.
    package var additionals: [Record] = []
    package var extendedError: ExtendedError?
    /// Further EDNS options to be sent where the query had an OPT record.
    package var options: [EDNSOption] = []
    /// The most bytes the answer may have over UDP, where that is less than the asker takes (`bufsize`); at least 512
    /// are sent in any case.
    package var udpLimit: Int?
    /// Nobody here answers for the name: no server block has its zone, or none of the block's stages took the question.
    package var isUnanswered = false
    /// Whether another client may be told something else, as by `acl`, the search path of a Pod or a template: `cache`
    /// does not keep it.
    package var dependsOnAsker = false
    /// Nothing is sent at all.
    package var isSilent = false
    /// What went wrong on the way, for `errors` and `log`: one line, without the question.
    package var failure: String?
    /// The directive that answered, as metrics name it; empty where none did.
    package var source = ""

    package init(_ code: ResponseCode, isAuthoritative: Bool = false) {
        self.code = code
        self.isAuthoritative = isAuthoritative
    }

    /// What is said of a name that nobody here answers for (see `isUnanswered`).
    ///
    /// - Parameter failure: what is missing; nil where the name is just not ours.
    package static func unanswered(_ code: ResponseCode = .refused, _ failure: String? = nil) -> Response {
        var response = Response(code)
        response.isUnanswered = true
        response.failure = failure
        return response
    }

    /// SERVFAIL for a reason.
    ///
    /// - Parameters:
    ///   - source: the directive that failed.
    ///   - failure: the reason, one line.
    package static func failed(_ source: String, _ failure: String, _ extendedError: ExtendedError? = nil) -> Response {
        var response = Response(.serverFailure)
        response.source = source
        response.failure = failure
        response.extendedError = extendedError
        return response
    }
}

/// Why an answer is what it is, with a text for people (RFC 8914 §2).
package struct ExtendedError: Hashable, Sendable {
    package var code: ExtendedErrorCode
    /// UTF-8, without a final NUL; empty for none.
    package var text: String

    package init(_ code: ExtendedErrorCode, _ text: String = "") {
        self.code = code
        self.text = text
    }
}
