/// `any`: answers queries of type ANY with one small record (RFC 8482 §4.2); takes no options.
package struct AnySettings: DirectiveSettings {
    package static let directive = "any"

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        for line in lines { try line.expectNothing() }
    }
}
