/// A place inside an object, as Kubernetes writes it: `spec.ports[0].name`.
package struct FieldPath: Hashable, Sendable {
    package enum Component: Hashable, Sendable {
        case member(String)
        case element(Int)
    }

    package var components: [Component]

    package init(_ components: [Component] = []) {
        self.components = components
    }

    package static func / (path: FieldPath, member: String) -> FieldPath {
        FieldPath(path.components + [.member(member)])
    }

    package subscript(index: Int) -> FieldPath {
        FieldPath(components + [.element(index)])
    }
}

extension FieldPath: CustomStringConvertible {
    package var description: String { text(stoppingBehind: .max) }

    /// The path as messages about any document quote it: whole up to 256 bytes, else its beginning.
    package var beginning: String { text(stoppingBehind: 256).beginning }

    /// - Parameter limit: In bytes; the component that goes beyond it is the last one.
    private func text(stoppingBehind limit: Int) -> String {
        var text = ""
        for component in components {
            switch component {
            case .member(let name): text += text.isEmpty ? name : ".\(name)"
            case .element(let index): text += "[\(index)]"
            }
            if text.utf8.count > limit { break }
        }
        return text
    }
}

extension FieldPath: ExpressibleByStringLiteral {
    /// A path of member names: `"spec.clusterIPs"`.
    package init(stringLiteral text: String) {
        self.init(text.split(separator: ".").map { .member(String($0)) })
    }
}
