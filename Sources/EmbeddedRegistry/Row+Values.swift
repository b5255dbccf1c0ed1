import GRDB

/// Values of columns as they should be; a damaged database may hold anything, and GRDB's own subscript would trap.
extension Row {
    /// The value of a column that is never null.
    ///
    /// - Throws: `DatabaseError` of the code SQLITE_CORRUPT.
    func value<Value: DatabaseValueConvertible>(_ column: String) throws -> Value {
        let stored: DatabaseValue = self[column]
        guard let value = Value.fromDatabaseValue(stored) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "column \(column) holds \(stored.storageName)")
        }
        return value
    }

    /// The text of a column, for messages; a question mark where it is none.
    func text(_ column: String) -> String { String.fromDatabaseValue(self[column] as DatabaseValue) ?? "?" }

    /// The value of a column that may be null.
    func optional<Value: DatabaseValueConvertible>(_ column: String) throws -> Value? {
        let stored: DatabaseValue = self[column]
        return stored.isNull ? nil : try value(column)
    }
}

extension DatabaseValue {
    fileprivate var storageName: String {
        switch storage {
        case .null: "null"
        case .int64: "an integer"
        case .double: "a number"
        case .string: "a text of another kind"
        case .blob: "bytes"
        }
    }
}
