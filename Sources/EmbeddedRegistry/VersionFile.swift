import FileReading
import Glibc
import Registry

/// A small file whose closing tells other processes that the registry has changed: SQLite's own are never closed.
///
/// What counts is in the database. Beside an older one than it was written for, the file is what is left of the newer.
enum VersionFile {
    static let name = "registry.version"
    /// Numbers beyond are no versions that were ever reached.
    private static let largest = Int64.max / 4

    static func write(_ version: ResourceVersion, in directory: String) {
        guard
            let (descriptor, _) = try? RegularFile.open(
                "\(directory)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
        else { return }
        let text = Array("\(version.rawValue)\n".utf8)
        // A hint only.
        _ = Glibc.write(descriptor, text, text.count)
        close(descriptor)
    }

    /// The version that was told last; nil where none is whole, as while it is written.
    static func read(in directory: String) -> ResourceVersion? {
        guard let (descriptor, _) = try? RegularFile.open("\(directory)/\(name)", O_RDONLY) else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 24)
        let count = max(0, Glibc.read(descriptor, &bytes, bytes.count))
        guard let end = bytes.prefix(count).firstIndex(of: 0x0a),
            let number = Int64(String(decoding: bytes[..<end], as: UTF8.self)), (0...largest).contains(number)
        else { return nil }
        return ResourceVersion(rawValue: number)
    }
}
