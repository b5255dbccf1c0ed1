import PodEnvironment
import Registry

/// Writes variables of any name and value in each dialect of environment files, and reads the files back.
///
/// The readers are those that the tests hold against the real ones: `sh`, docker's, systemd's and python-dotenv's.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var input = bytes(data, size)[...]
    // Lines end with a zero byte here, so that values hold newlines.
    var variables: [EnvironmentVariable] = []
    while !input.isEmpty, variables.count < 8 {
        let line = input.prefix { $0 != 0 }
        input = input.dropFirst(line.count + 1)
        guard let variable = try? EnvironmentVariable(assignment: String(decoding: line, as: UTF8.self)),
            !variables.contains(where: { $0.name == variable.name })
        else { continue }
        variables.append(variable)
        _ = try? ReferenceExpansion.expand(variable.value, limit: 4096) { name in
            variables.first { $0.name == name }?.value
        }
    }
    for dialect in EnvironmentDialect.allCases { check(dialect, variables) }
    return 0
}

private func check(_ dialect: EnvironmentDialect, _ variables: [EnvironmentVariable]) {
    // One that the dialect has no form for would refuse the whole file.
    let writable = variables.filter { (try? dialect.write([$0])) != nil }
    guard let file = try? dialect.write(writable) else { return demand(false, "parts that make no whole") }
    let read: ReadVariables
    do {
        switch dialect {
        case .systemd: read = try WrittenReaders.systemd(file.text)
        case .docker: read = try WrittenReaders.docker(file.text)
        case .dotenv: read = try WrittenReaders.dotenv(file.text)
        case .export: read = try ShellReader.exports(file.text)
        case .json:
            guard case .object(let members) = try JSONText.value(of: file.text) else {
                return demand(false, "no object")
            }
            read = members.mapValues { Array(($0.string ?? "").utf8) }
        }
    } catch {
        return demand(false, "\(dialect): \(error): \(file.text.debugDescription)")
    }
    let expected = writable.filter { !file.omittedNames.contains($0.name) }
    demand(read.count == expected.count, "\(dialect): \(read.keys) of \(file.text.debugDescription)")
    for variable in expected {
        demand(
            read[variable.name] == Array(variable.value.utf8),
            "\(dialect): \(variable) by \(file.text.debugDescription)")
    }
}

/// What a POSIX shell makes of words in single quotes and backslashes (XCU 2.2), which is all that we write.
enum ShellReader {
    static func exports(_ text: String) throws -> ReadVariables {
        var variables: ReadVariables = [:]
        var rest = Array(text.utf8)[...]
        let command = Array("export ".utf8)
        while !rest.isEmpty {
            guard rest.starts(with: command) else { throw UnreadableFile(reason: "no export") }
            rest = rest.dropFirst(command.count)
            let name = rest.prefix { $0 != UInt8(ascii: "=") }
            rest = rest.dropFirst(name.count + 1)
            variables[String(decoding: name, as: UTF8.self)] = try word(&rest)
        }
        return variables
    }

    private static func word(_ rest: inout ArraySlice<UInt8>) throws -> [UInt8] {
        var word: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "'"):
                let quoted = rest.prefix { $0 != UInt8(ascii: "'") }
                word += quoted
                rest = rest.dropFirst(quoted.count)
                guard rest.popFirst() != nil else { throw UnreadableFile(reason: "an open quote") }
            case UInt8(ascii: "\\"):
                guard let next = rest.popFirst(), next != UInt8(ascii: "\n") else {
                    throw UnreadableFile(reason: "a line that goes on")
                }
                word.append(next)
            case UInt8(ascii: "\n"): return word
            case _ where "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-".utf8.contains(byte):
                word.append(byte)
            default: throw UnreadableFile(reason: "a byte with a meaning: \(byte)")
            }
        }
        throw UnreadableFile(reason: "no newline")
    }
}
