import Manifests
import Registry

/// Feeds any bytes to the reader of manifests, and to the one of YAML bodies and kubeconfig files.
///
/// A file that is read twice says the same; a second reading of a file that was changed says what a first one would.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let text = bytes(data, size)
    var reader = ManifestReader(file: "f.yaml")
    let first = Reading(&reader, text)
    demand(Reading(&reader, text) == first, "another reading of the same file")
    // The first half, then the whole again: what is known of the former is used for the latter.
    let half = Array(text.prefix(size / 2))
    var fresh = ManifestReader(file: "f.yaml")
    demand(Reading(&reader, half) == Reading(&fresh, half), "an incremental reading that differs, of a half")
    demand(Reading(&reader, text) == first, "an incremental reading that differs")

    guard let values = try? YAMLText.values(of: text) else { return 0 }
    for value in values {
        let written = YAMLText.text(of: value)
        do {
            let again = try YAMLText.values(of: Array(written.utf8))
            demand(again == [value].filter { $0 != .null }, "another value: \(again) for \(value), by \(written)")
        } catch {
            demand(false, "YAML of ours that cannot be read, \(error): \(written)")
        }
    }
    return 0
}

private struct Reading: Equatable {
    var lines: [String] = []

    init(_ reader: inout ManifestReader, _ text: [UInt8]) {
        do {
            let contents = try reader.read(text)
            lines = contents.entries.map { "\($0.object) \($0.line) \($0.document)" }
            lines += contents.problems.map { "\($0)" } + contents.refused.map { "\($0)" }
            lines += contents.unusedKinds.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        } catch {
            lines = ["\(error)"]
        }
        for line in lines { demand(!line.isEmpty, "an empty line") }
    }
}
