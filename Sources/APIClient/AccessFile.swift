import FileReading
import Glibc

/// Files of credentials and kubeconfigs: small, read whole.
enum AccessFile {
    static func bytes(_ path: String) throws(APIAccessError) -> [UInt8] {
        do {
            return try RegularFile.bytes(path, limit: RegularFile.configurationLimit)
        } catch {
            throw APIAccessError(path, "\(error)")
        }
    }

    /// The text of a file without white space at both ends; empty ones and such as are no UTF-8 are refused.
    static func word(_ path: String) throws(APIAccessError) -> String {
        guard let text = String(validating: try bytes(path), as: UTF8.self) else {
            throw APIAccessError(path, "is not UTF-8 text")
        }
        let word = text.trimmed
        guard !word.isEmpty else { throw APIAccessError(path, "is empty") }
        return word
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        let scalars = unicodeScalars.drop { $0.properties.isWhitespace }
        guard let last = scalars.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
        return String(scalars[...last])
    }
}
