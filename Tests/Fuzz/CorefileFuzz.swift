import Corefile
import Glibc

/// Feeds any bytes to the Corefile parser and the check of all directives, as a file and as what it imports.
///
/// A broken rule ends the process by `abort`, which libFuzzer reports with the input that did it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let text = Array(UnsafeBufferPointer(start: data, count: size))
    let surroundings = CorefileParser.Surroundings(environment: ["A": "{$B} x", "B": "10.0.0.1", "C": "{$C}"]) {
        pattern, importer in
        // Two files that may import each other.
        importer == "Corefile" && pattern.hasPrefix("f") ? [("f", text), ("g", Array("errors\nimport f\n".utf8))] : []
    }
    let problems = CorefileCheck.problems(in: text, file: "Corefile", surroundings: surroundings)
    for problem in problems {
        let line = problem.description
        guard !line.utf8.contains(0x0a), !problem.file.isEmpty, line.utf8.count < 4096 else { abort() }
    }
    guard problems.count <= 1000 else { abort() }
    guard problems.isEmpty else { return 0 }
    do {
        // A file without problems is read the same way again.
        let first = try CorefileParser.corefile(text, file: "Corefile", surroundings: surroundings)
        let second = try CorefileParser.corefile(text, file: "Corefile", surroundings: surroundings)
        guard first == second, !first.blocks.isEmpty else { abort() }
    } catch {
        abort()
    }
    return 0
}
