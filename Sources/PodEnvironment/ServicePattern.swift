import Glibc
import Registry

/// A shell pattern that picks Services: `*`, `?` and `[…]` (POSIX 2.13).
///
/// Without a slash it is held against the name of a Service, with one against `namespace/name`.
package struct ServicePattern: Hashable, Sendable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package func matches(_ id: NamespacedName) -> Bool {
        let subject = text.utf8.contains(UInt8(ascii: "/")) ? id.description : id.name
        return fnmatch(text, subject, FNM_PATHNAME) == 0
    }
}
