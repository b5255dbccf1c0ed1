import DNS

/// What the pipeline says to one question.
package struct Response: Hashable, Sendable {
    package var code: ResponseCode
    package var isAuthoritative: Bool
    package var answers: [Record] = []
    package var authorities: [Record] = []
    package var additionals: [Record] = []
    package var extendedError: ExtendedErrorCode?

    package init(_ code: ResponseCode, isAuthoritative: Bool) {
        self.code = code
        self.isAuthoritative = isAuthoritative
    }
}
