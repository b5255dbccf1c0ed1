import Registry
import Testing

@testable import RegistryAPI

@Suite("What a request says")
struct APIRequestTests {
    @Test(
        "Fields are written for whom the query or the user agent names",
        arguments: [
            ("", "kubectl/v1.34 (linux)", "kubectl"), ("?fieldManager=me", "kubectl/v1", "me"), ("", "", "unknown"),
            ("", "a b", "a"), ("", "\u{e9}\u{1b}[31mred\u{7f}\u{301}/1", "[31mred"), ("", "\u{301}/1", "unknown"),
            ("", String(repeating: "y", count: 1000), String(repeating: "y", count: 128)),
        ])
    func fieldManager(_ query: String, _ agent: String, _ want: String) throws {
        #expect(try APIRequest(method: "GET", target: "/api\(query)", userAgent: agent).fieldManager == want)
    }

    @Test("A page goes on where the page before says, whose text cannot be made to cost much")
    func continueTokens() {
        let token = ContinueToken(
            version: ResourceVersion(rawValue: 7), after: NamespacedName(namespace: "prod", name: "web"))
        #expect(ContinueToken(text: token.text) == token)
        let marks = String(repeating: "\u{301}\u{323}", count: 1000)
        let hostile = ContinueToken(
            version: ResourceVersion(rawValue: 7), after: NamespacedName(namespace: "prod", name: "a" + marks))
        #expect(ContinueToken(text: hostile.text) == nil)
    }

    @Test("A NUL in a path or a query is no part of a name", arguments: ["/a%00b", "/a?b=%00", "/%00", "/a?%00=b"])
    func nul(_ target: String) {
        #expect(throws: MalformedTarget.self) {
            try APIRequest(method: "GET", target: "/api/v1/namespaces\(target)", userAgent: "")
        }
    }

    @Test(
        "A flag is set by any value but two, as Kubernetes reads them",
        arguments: [
            ("", false), ("watch", true), ("watch=", true), ("watch=1", true), ("watch=yes", true), ("watch=f", true),
            ("watch=TRUE", true), ("watch=0", false), ("watch=false", false), ("watch=False", false),
            ("watch=0&watch=1", false),
        ])
    func flags(_ query: String, _ isSet: Bool) throws {
        #expect(try QueryItems(query[...]).flag("watch") == isSet)
    }
}
