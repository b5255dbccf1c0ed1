/// Why a patch has no result.
package struct PatchError: Error, Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        /// Nobody can read the patch, whatever the document (400).
        case malformed
        /// More operations than one patch may have (413).
        case tooManyOperations
        /// The patch cannot be carried out on this document (422).
        case notApplicable
    }

    package let reason: Reason
    package let message: String

    package init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    /// Whether the patch itself is at fault; otherwise it is the document that it does not fit.
    package var isMalformed: Bool { reason != .notApplicable }

    static func malformed(_ message: String) -> PatchError { PatchError(.malformed, message) }
    static func notApplicable(_ message: String) -> PatchError { PatchError(.notApplicable, message) }
}

extension PatchError: CustomStringConvertible {
    package var description: String { message }
}
