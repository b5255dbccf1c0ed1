import Foundation
import Testing

/// What the compiler does not check says beside it why it is right.
@Suite("Unsafe code")
struct UnsafeCodeTests {
    @Test("Each promise to the compiler has a comment right above it")
    func promises() throws {
        var places = 0
        for file in try SourceFile.all(in: ["Sources", "Tests"]) where !file.isAboutThis {
            for (index, line) in file.lines.enumerated()
            where !line.isComment && (line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)")) {
                places += 1
                #expect(file.hasComment(above: index), "\(file.path):\(index + 1): \(line)")
            }
        }
        #expect(places > 0)
    }

    @Test("Each pointer that is kept says who owns its memory, or its type does")
    func pointers() throws {
        var places = 0
        for file in try SourceFile.all(in: ["Sources"]) {
            for (index, line) in file.lines.enumerated() where line.keepsPointer {
                places += 1
                let isExplained = file.hasReason(above: index) || file.enclosing(index).contains(where: file.hasReason)
                #expect(isExplained, "\(file.path):\(index + 1): \(line)")
            }
        }
        #expect(places > 0)
    }

    /// Who may call what is written in C, as the C has no bounds of its own: the answers' witness and zone files, the
    /// sockets of both directions, the process' own rights, its memory, and the database.
    private static let callers = [
        "CLdns": ["LDNS"], "CDatagram": ["Forwarding", "Nameserver"], "CRights": ["ProcessRights"],
        "CMemory": ["ProcessMemory"], "GRDBSQLite": ["EmbeddedRegistry"],
    ]

    @Test("What is written in C is called from the targets that stand in front of it only")
    func callersOfC() throws {
        var found: [String: Set<String>] = [:]
        for file in try SourceFile.all(in: ["Sources"]) {
            for line in file.lines {
                guard let module = line.firstMatch(of: /^(?:@\w+ )*import (\w+)/)?.1 else { continue }
                let target = file.path.split(separator: "/")[1]
                if Self.callers[String(module)] != nil { found[String(module), default: []].insert(String(target)) }
            }
        }
        #expect(found == Self.callers.mapValues { Set($0) })
    }
}

/// A Swift file of the repository.
private struct SourceFile {
    let path: String
    let lines: [Substring]

    static func all(in folders: [String]) throws -> [SourceFile] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try folders.flatMap { folder in
            try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
                .filter { $0.hasSuffix(".swift") }
                .map { path in
                    let text = try String(contentsOf: root.appending(path: "\(folder)/\(path)"), encoding: .utf8)
                    return SourceFile(
                        path: "\(folder)/\(path)", lines: text.split(separator: "\n", omittingEmptySubsequences: false))
                }
        }
    }

    /// This file speaks of promises without making any.
    var isAboutThis: Bool { path.hasSuffix("UnsafeCodeTests.swift") }

    /// The comment that belongs to a line: above it, attributes and the rest of its group of declarations between.
    private func comment(above index: Int) -> [Substring] {
        var place = index - 1
        while place >= 0, !lines[place].isComment, lines[place].isPartOfGroup { place -= 1 }
        var comment: [Substring] = []
        while place >= 0, lines[place].isComment {
            comment.append(lines[place])
            place -= 1
        }
        return comment
    }

    func hasComment(above index: Int) -> Bool { index > 0 && (lines[index - 1].isComment || hasReason(above: index)) }

    /// Whether the comment of a line says something of memory or of threads.
    func hasReason(above index: Int) -> Bool {
        comment(above: index).contains { line in
            [
                "memory", "owns", "own ", "owned", "lives", "live ", "valid", "freed", "borrowed", "pointer", "thread",
                "keeps",
            ]
            .contains { line.lowercased().contains($0) }
        }
    }

    /// The lines that open what a line stands in, the innermost first.
    func enclosing(_ index: Int) -> [Int] {
        var indentation = lines[index].indentation
        return (0..<index).reversed().filter { place in
            let line = lines[place]
            guard !line.isComment, !line.allSatisfy(\.isWhitespace), line.indentation < indentation else {
                return false
            }
            indentation = line.indentation
            return true
        }
    }
}

extension Substring {
    fileprivate var indentation: Int { prefix { $0 == " " }.count }
    fileprivate var isComment: Bool { drop { $0 == " " }.hasPrefix("//") }

    /// Whether the line is an attribute or a stored property, as those in a group have one comment.
    fileprivate var isPartOfGroup: Bool {
        let line = drop { $0 == " " }
        return line.hasPrefix("@") || line.hasPrefix("var ") || line.hasPrefix("let ") || line.hasPrefix("private let ")
            || line.hasPrefix("private var ") || line.hasPrefix("package let ")
    }

    /// Whether the line declares a stored property that is an unsafe pointer.
    fileprivate var keepsPointer: Bool {
        let pointer = /\b(let|var) \w+ *[:=] *[\[(]*(\w+: *)?(Unsafe|OpaquePointer|Unmanaged)/
        guard !isComment, !contains("{"), let name = firstRange(of: pointer) else { return false }
        // Locals have no modifiers and stand deeper than members of members.
        let modifiers = self[..<name.lowerBound].drop { $0 == " " }
        return !modifiers.isEmpty || indentation == 4
    }
}
