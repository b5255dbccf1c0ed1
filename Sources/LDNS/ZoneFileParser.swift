import DNS

/// Makes records of a zone file's entries: directives, owners, TTLs and classes here, data by ldns.
struct ZoneFileParser {
    /// The file being read, as messages name it.
    private var file: String
    /// The line of the entry being read.
    private var line = 1
    /// Whether `file` is one, so that `$INCLUDE` can look beside it.
    private let isFile: Bool
    /// How many files deep `$INCLUDE` has led.
    private var depth = 0
    /// How many bytes have been read, in all files.
    private var size = 0
    /// What relative names end in.
    private var origin: DomainName
    /// What `$TTL` said.
    private var defaultTTL: UInt32?
    /// What the last record with a TTL of its own said, or the SOA record's minimum.
    private var lastTTL: UInt32?
    private var lastOwner: DomainName?
    /// What has been read so far.
    private(set) var records: [Record] = []

    init(file: String, origin: DomainName, isFile: Bool) {
        self.file = file
        self.origin = origin
        self.isFile = isFile
    }

    /// Reads all the bytes of a file.
    mutating func read(_ bytes: [UInt8]) throws(ZoneFileError) {
        size += bytes.count
        var lexer = ZoneFileLexer(bytes)
        while let entry = try next(&lexer) {
            line = entry.line
            if !entry.isIndented, entry.fields[0].first == UInt8(ascii: "$") {
                try obey(entry.fields)
            } else {
                try readRecord(entry)
            }
        }
    }

    private func next(_ lexer: inout ZoneFileLexer) throws(ZoneFileError) -> ZoneFileLexer.Entry? {
        do throws(ZoneFileLexer.Fault) {
            return try lexer.next()
        } catch {
            throw ZoneFileError(file: file, line: error.line, reason: error.reason)
        }
    }

    private func fault(_ reason: ZoneFileError.Reason) -> ZoneFileError {
        ZoneFileError(file: file, line: line, reason: reason)
    }
}

// MARK: - Directives

extension ZoneFileParser {
    private mutating func obey(_ fields: [ArraySlice<UInt8>]) throws(ZoneFileError) {
        let directive = text(fields[0])
        switch directive.uppercased() {
        case "$ORIGIN":
            guard fields.count == 2 else { throw fault(.directiveUsage("$ORIGIN NAME")) }
            origin = try name(fields[1])
        case "$TTL":
            guard fields.count == 2 else { throw fault(.directiveUsage("$TTL TIME")) }
            guard let ttl = Self.ttl(fields[1]) else { throw fault(.badTTL(text(fields[1]))) }
            defaultTTL = ttl
        case "$INCLUDE":
            guard (2...3).contains(fields.count) else { throw fault(.directiveUsage("$INCLUDE FILE [ORIGIN]")) }
            try include(text(fields[1]), origin: fields.count == 3 ? try name(fields[2]) : origin)
        default:
            throw fault(.unknownDirective(directive))
        }
    }

    /// Reads another file in place of an `$INCLUDE`; origin and last owner are afterwards what they were.
    private mutating func include(_ name: String, origin: DomainName) throws(ZoneFileError) {
        guard isFile else { throw fault(.includeOutsideFile) }
        guard depth < ZoneFileReader.includeLimit else { throw fault(.includeTooDeep) }
        var path = name.hasPrefix("\"") ? String(name.dropFirst().dropLast()) : name
        if !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") { path = file[...slash] + path }
        let bytes: [UInt8]
        do throws(ZoneFileError.Reason) {
            bytes = try ZoneFileReader.fileBytes(path, limit: ZoneFileReader.sizeLimit - size)
        } catch {
            throw fault(.include(path, error))
        }
        let outer = (file: file, line: line, origin: self.origin, owner: lastOwner)
        (file, self.origin, depth) = (path, origin, depth + 1)
        try read(bytes)
        (file, line, self.origin, lastOwner) = outer
        depth -= 1
    }
}

// MARK: - Records

extension ZoneFileParser {
    private mutating func readRecord(_ entry: ZoneFileLexer.Entry) throws(ZoneFileError) {
        var fields = entry.fields[...]
        let owner: DomainName
        if entry.isIndented {
            guard let lastOwner else { throw fault(.noOwner) }
            owner = lastOwner
        } else {
            owner = try name(fields.removeFirst())
            lastOwner = owner
        }
        let ttl = try takeTTLAndClass(&fields)
        guard let typeField = fields.popFirst() else { throw fault(.noType) }
        let type = try recordType(typeField)
        let data: RecordData
        do throws(ZoneFileError.Reason) {
            data = try RecordDataParser.data(of: type, in: fields, origin: origin)
        } catch {
            throw fault(error)
        }
        lastTTL = ttl ?? lastTTL ?? StartOfAuthority(data)?.minimum
        guard let ttl = ttl ?? defaultTTL ?? lastTTL else { throw fault(.noTTL) }
        records.append(Record(owner: owner, ttl: min(ttl, Self.largestTTL), data: data))
    }

    /// Takes the TTL and the class off the front, of which each may be absent and either come first.
    private func takeTTLAndClass(_ fields: inout ArraySlice<ArraySlice<UInt8>>) throws(ZoneFileError) -> UInt32? {
        var ttl: UInt32?
        var hasClass = false
        while let field = fields.first {
            if ttl == nil, let first = field.first, (0x30...0x39).contains(first) {
                guard let time = Self.ttl(field) else { throw fault(.badTTL(text(field))) }
                ttl = time
            } else if !hasClass, let name = Self.className(field) {
                guard name == "IN" || name == "CLASS1" else { throw fault(.foreignClass(name)) }
                hasClass = true
            } else {
                break
            }
            fields.removeFirst()
        }
        return ttl
    }

    private static func className(_ field: ArraySlice<UInt8>) -> String? {
        let name = String(decoding: field, as: UTF8.self).uppercased()
        let isGeneric = name.hasPrefix("CLASS") && RecordDataParser.decimal(name.dropFirst(5).utf8) != nil
        return isGeneric || ["IN", "CH", "HS", "CS"].contains(name) ? name : nil
    }

    private func recordType(_ field: ArraySlice<UInt8>) throws(ZoneFileError) -> RecordType {
        let name = text(field)
        guard let type = RecordDataParser.type(named: name) else { throw fault(.unknownType(name)) }
        // OPT, and the range of types for questions and messages (RFC 6895 §3.1); 0 is reserved.
        if type.rawValue == 0 || type == .opt || (128...255).contains(type.rawValue) { throw fault(.metaType(name)) }
        return type
    }

    /// A name as it stands in a field: relative to the origin unless it ends in a dot.
    private func name(_ field: ArraySlice<UInt8>) throws(ZoneFileError) -> DomainName {
        guard let name = DomainName(field: field, origin: origin) else { throw fault(.badName(text(field))) }
        return name
    }

    private func text(_ field: ArraySlice<UInt8>) -> String { ZoneFileLexer.text(field) }

    /// Seconds, at most (RFC 2181 §8).
    private static let largestTTL: UInt32 = 0x7fff_ffff

    /// A time as TTLs are written: seconds, or numbers with units as in `1h30m`; nil for other text.
    private static func ttl(_ field: ArraySlice<UInt8>) -> UInt32? {
        Period(field).flatMap { $0.seconds <= largestTTL ? $0.seconds : nil }
    }
}
