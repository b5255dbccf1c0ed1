import ObjectRules
import Registry

@testable import KeptState

/// Feeds any text to the readers of selectors: the first line to that of labels, the second to that of fields.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var input = bytes(data, size)[...]
    let labels = String(decoding: input.takeLine(), as: UTF8.self)
    let fields = String(decoding: input, as: UTF8.self)
    if let selector = try? LabelSelector(parsing: labels) {
        let text = selector.text
        do {
            let again = try LabelSelector(parsing: text)
            demand(again == selector, "another selector: \(again.text) for \(text)")
        } catch {
            demand(false, "a selector of ours that cannot be read, \(error): \(text)")
        }
        for sample in samples {
            demand(
                selector.matches(sample) == selector.requirements.allSatisfy { LabelSelector([$0]).matches(sample) },
                "a selector is more than its requirements")
        }
        demand(selector.isEverything == selector.requirements.isEmpty, "everything is something")
    }
    for kind in ObjectKind.allCases {
        guard let selector = try? FieldSelector(parsing: fields, kind: kind) else { continue }
        for requirement in selector.requirements where requirement.isEqual {
            let isMet = selector.matches([requirement.path: requirement.value])
            demand(isMet || selector.requirements.count > 1, "a value that is not its own")
        }
    }
    return 0
}

private let samples: [[String: String]] = [
    [:], ["a": ""], ["a": "b"], ["a": "1", "b": "2"], ["app.kubernetes.io/name": "x"],
]
