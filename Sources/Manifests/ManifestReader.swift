import Registry

/// What a file of manifests says.
package struct ManifestContents: Sendable {
    package struct Entry: Sendable {
        package let object: ManifestObject
        /// The line that the object begins on, from 1.
        package let line: Int
        /// The document it stands in, from 1.
        package let document: Int
    }

    package fileprivate(set) var entries: [Entry] = []
    /// What is wrong with objects that were refused.
    package fileprivate(set) var problems: [ManifestProblem] = []
    /// The keys of objects that were refused, where they could be read.
    package fileprivate(set) var refused: [ObjectKey] = []
    /// How many objects there are of each kind that the registry does not keep.
    package fileprivate(set) var unusedKinds: [String: Int] = [:]

    init(entries: [Entry] = []) {
        self.entries = entries
    }
}

extension [String: Int] {
    /// Each kind behind its number, the most frequent first: `12 Deployment`.
    var asCounts: [String] {
        sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
    }
}

/// Reads the text of one file, YAML or JSON; on another reading it parses only the documents that changed.
package struct ManifestReader: Sendable {
    /// Files that are longer are refused unread.
    package static let maximumSize = 64 << 20

    private let file: String
    private var parts: [(text: ManifestText, documents: [ManifestDocument])] = []

    /// - Parameter file: The name of the file, for messages.
    package init(file: String) {
        self.file = file
    }

    /// The contents of the file; throws where the text does not parse, and then keeps what it knew.
    ///
    /// Objects that break a rule are no error: they are left out and named in `problems`.
    package mutating func read(_ bytes: [UInt8]) throws(ManifestProblem) -> ManifestContents {
        guard bytes.count <= Self.maximumSize else {
            throw ManifestProblem(file: file, reason: "is longer than \(Self.maximumSize >> 20) MiB")
        }
        let texts = ManifestSplitter.split(bytes)
        let pieces = texts.flatMap { ManifestList.split($0) ?? [$0] }
        do {
            return try read(pieces)
        } catch {
            guard pieces.count > texts.count else { throw error }
            return try read(texts)
        }
    }

    private mutating func read(_ texts: [ManifestText]) throws(ManifestProblem) -> ManifestContents {
        let head = zip(texts, parts).prefix { $0.hasSameContent(as: $1.text) }.count
        let tail = zip(texts[head...].reversed(), parts[head...].reversed()).prefix { $0.hasSameContent(as: $1.text) }
            .count
        // Between what stayed at both ends, documents may have stayed elsewhere.
        let known = texts.count - head > tail ? parts[head..<(parts.count - tail)] : []
        let places = Dictionary(known.indices.map { (known[$0].text.hash, $0) }) { first, _ in first }
        var renewed: [(text: ManifestText, documents: [ManifestDocument])] = []
        renewed.reserveCapacity(texts.count)
        var documentCount = 0
        for (index, text) in texts.enumerated() {
            let documents: [ManifestDocument]
            if index < head {
                documents = parts[index].documents
            } else if index >= texts.count - tail {
                documents = parts[index + parts.count - texts.count].documents
            } else if let place = places[text.hash], text.hasSameContent(as: known[place].text) {
                documents = known[place].documents
            } else {
                documents = try parse(text, number: documentCount + (text.list == nil ? 1 : 0))
            }
            documentCount += text.list == nil ? documents.count : 0
            renewed.append((text, documents))
        }
        parts = renewed
        return contents()
    }

    private func parse(_ text: ManifestText, number: Int) throws(ManifestProblem) -> [ManifestDocument] {
        do throws(ManifestSyntaxError) {
            if let list = text.list { return [try ManifestDocument(itemOf: list, text)] }
            return try ManifestDocument.parse(text)
        } catch {
            throw ManifestProblem(
                file: file, line: text.firstLine + (error.line ?? 1) - 1, column: error.column, document: number,
                reason: error.reason)
        }
    }

    private func contents() -> ManifestContents {
        var contents = ManifestContents()
        contents.entries.reserveCapacity(parts.count)
        var number = 0
        for part in parts {
            let offset = part.text.firstLine - 1
            for document in part.documents {
                if part.text.list == nil { number += 1 }
                for (object, line) in document.objects {
                    contents.entries.append(.init(object: object, line: offset + line, document: number))
                }
                contents.refused += document.refused
                for finding in document.findings {
                    contents.problems.append(
                        ManifestProblem(
                            file: file, line: finding.line.map { offset + $0 }, document: number,
                            object: finding.object, field: finding.field, reason: finding.reason))
                }
                contents.unusedKinds.merge(document.unusedKinds, uniquingKeysWith: +)
            }
        }
        return contents
    }
}
