/// Why a selector cannot be used; the text is what Kubernetes' API server answers with 400 BadRequest.
package struct SelectorError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
