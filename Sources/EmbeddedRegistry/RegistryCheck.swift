import AddressAllocator
import GRDB
import Registry

/// What is wrong with a registry on disk; found without changing anything, whether a server runs on it or not.
package struct RegistryCheck: Sendable {
    /// How many problems are told one by one.
    private static let maximumProblems = 100

    /// One line each: the file, the object and what is wrong with it. Empty where all is well.
    package var problems: [String] { told + (untold > 0 ? ["\(file): \(untold) more problems"] : []) }
    /// How many objects there are, and the version they are the state of.
    package private(set) var objectCount = 0
    package private(set) var version = ResourceVersion(rawValue: 0)

    private var file: String
    private var told: [String] = []
    private var untold = 0

    /// Whether a folder holds a registry, or what is left of one.
    package static func applies(to directory: String) -> Bool {
        do {
            return try StoreRemains(of: directory).isThere
        } catch .damaged, .notRegular {
            return true
        } catch {
            return false
        }
    }

    /// Checks the registry in a folder: the pages of the database, every document, the versions, and the allocations
    /// against the Services.
    package init(directory: String) {
        file = "\(directory)/\(RegistryReader.fileName)"
        do {
            let reader = try RegistryReader(directory: directory)
            // Before the database is looked at: a server may go on meanwhile.
            let last = VersionFile.read(in: directory)
            let check = self
            self = try reader.read { database in
                var check = check
                try check.checkPages(of: database)
                try check.checkObjects(in: database)
                try check.checkChanges(in: database)
                try check.checkPending(in: database)
                if let last, last > check.version {
                    check.note(
                        "the registry is at version \(check.version.rawValue), and \(VersionFile.name) tells of "
                            + "\(last.rawValue)")
                }
                return check
            }
            // What cannot be read has been named by now, and would end this.
            guard told.isEmpty else { return }
            for finding in try reader.addressing().findings { note("\(finding)") }
        } catch let error as StoreError {
            tell("\(error)")
        } catch {
            note("\(error)")
        }
    }

    private mutating func note(_ problem: String) { tell("\(file): \(LogText.line(problem))") }

    private mutating func tell(_ line: String) {
        if told.count < Self.maximumProblems { told.append(line) } else { untold += 1 }
    }

    /// What SQLite finds wrong with its own structures (sqlite.org/pragma.html#pragma_integrity_check).
    private mutating func checkPages(of database: Database) throws {
        let lines = try String.fetchAll(database, sql: "PRAGMA integrity_check(\(Self.maximumProblems))")
        for line in lines where line != "ok" { note("damaged: \(line)") }
    }

    private mutating func checkObjects(in database: Database) throws {
        version = try StoredRows.version(in: database)
        var holders: [Int64: ObjectKey] = [:]
        let rows = try Row.fetchCursor(
            database, sql: "SELECT kind, namespace, name, uid, version, document FROM objects")
        while let row = try rows.next() {
            objectCount += 1
            guard let record = readable(row) else { continue }
            if let other = holders.updateValue(record.key, forKey: record.version.rawValue) {
                note("\(record.key): its version \(record.version.rawValue) is that of \(other), too")
            }
            if record.version > version || record.version.rawValue < 1 {
                note("\(record.key): its version \(record.version.rawValue) is not in 1...\(version.rawValue)")
            }
            guard let document = document(record.text, of: "\(record.key)") else { continue }
            for problem in Self.disagreements(of: document, with: record) { note("\(record.key): \(problem)") }
            do {
                _ = try RegistryObject(document, kind: record.key.kind)
            } catch {
                note("\(record.key): \(error)")
            }
            if record.key.kind == .ipAddress, IPAddress(record.key.id.name) == nil {
                note("\(record.key): its name is no IP address")
            }
        }
    }

    /// Where a document says something else of the object than the row does.
    private static func disagreements(of document: JSONValue, with record: ObjectRecord) -> [String] {
        let metadata = document["metadata"]
        let fields: [(name: String, said: String?, kept: String)] = [
            ("metadata.name", metadata?["name"]?.string, record.key.id.name),
            ("metadata.namespace", metadata?["namespace"]?.string ?? "", record.key.id.namespace),
            ("metadata.uid", metadata?["uid"]?.string, record.uid),
            ("metadata.resourceVersion", metadata?["resourceVersion"]?.string, "\(record.version.rawValue)"),
        ]
        return fields.filter { $0.said != $0.kept }.map { field in
            "\(field.name) is \(field.said.map { "\"\($0)\"" } ?? "missing") instead of \"\(field.kept)\""
        }
    }

    /// Every version since the oldest that is kept has one change.
    private mutating func checkChanges(in database: Database) throws {
        var expected = try StoredRows.oldestVersion(in: database).rawValue
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT kind, namespace, name, uid, version, document, change, former FROM changes ORDER BY version
                """)
        while let row = try rows.next() {
            let (number, change): (Int64, String) = (try row.value("version"), try row.value("change"))
            expected = expected &+ 1
            if number != expected { note("change \(number): version \(expected) was to come before it") }
            expected = number
            if RecordedChange.Kind(rawValue: change) == nil { note("change \(number): its kind \(change) is unknown") }
            guard let record = readable(row) else { continue }
            _ = document(record.text, of: "change \(number) of \(record.key)")
            let former: String? = try row.optional("former")
            if let former { _ = document(former, of: "change \(number) of \(record.key), what was before") }
        }
        if expected != version.rawValue {
            note("the last change is that of version \(expected), and the registry is at \(version.rawValue)")
        }
    }

    private mutating func checkPending(in database: Database) throws {
        for row in try Row.fetchAll(
            database,
            sql: """
                SELECT namespace, name, document, EXISTS (SELECT 1 FROM objects WHERE kind = 'Service'
                    AND objects.namespace = pending.namespace AND objects.name = pending.name) AS stored FROM pending
                """)
        {
            let key = ObjectKey(
                .service, NamespacedName(namespace: try row.value("namespace"), name: try row.value("name")))
            if !(try row.value("stored") as Bool) { note("\(key) waits for an address, and is not there") }
            _ = document(try row.value("document"), of: "\(key), as it waits")
        }
    }

    /// The row as a record; nil, and noted, where its kind is unknown.
    private mutating func readable(_ row: Row) -> ObjectRecord? {
        do {
            return try StoredRows.record(row, file: file)
        } catch {
            // A row that cannot be read says who it is as far as it can.
            let (namespace, name) = (row.text("namespace"), row.text("name"))
            if case StoreError.damaged(_, let reason) = error {
                note("\(namespace)/\(name): \(reason)")
            } else {
                note("\(namespace)/\(name): \(error)")
            }
            return nil
        }
    }

    /// The document of a text; nil, and noted, where it is none.
    private mutating func document(_ text: String, of subject: String) -> JSONValue? {
        do {
            return try JSONText.value(of: text)
        } catch {
            note("\(subject): \(error)")
            return nil
        }
    }
}
