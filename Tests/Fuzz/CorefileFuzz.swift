import Corefile

/// Feeds any bytes to the Corefile parser and the check of all directives, as a file and as what it imports.
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
        demand(!line.utf8.contains(0x0a) && line.utf8.count < 4096, "a problem that is no line: \(line)")
        demand(!problem.file.isEmpty, "a problem of no file: \(line)")
    }
    demand(problems.count <= 1000, "more problems than are told")
    guard problems.isEmpty else { return 0 }
    do {
        // A file without problems is read the same way again.
        let first = try CorefileParser.corefile(text, file: "Corefile", surroundings: surroundings)
        let second = try CorefileParser.corefile(text, file: "Corefile", surroundings: surroundings)
        demand(first == second && !first.blocks.isEmpty, "another reading of the same file")
    } catch {
        demand(false, "a problem that was not told: \(error)")
    }
    return 0
}
