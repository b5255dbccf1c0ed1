import FileReading
import Registry

/// What lies in a registry's folder, looked at before SQLite is asked: that takes a file without bytes for a new database
/// and removes the log beside it, even where it only reads.
struct StoreRemains {
    /// Whether there is a file for the database, with bytes in it or none yet.
    let isThere: Bool
    /// The version that other processes were told of last; nil where none can be read.
    let toldVersion: ResourceVersion?
    private let file: String
    /// The files beside it that there are only where it held a registry once. A first start that was cut short leaves
    /// none of them.
    private let witnesses: [String]

    /// - Throws: `StoreError.notRegular`; `.damaged` where the database is missing or empty, and was not.
    init(of directory: String) throws(StoreError) {
        func size(_ name: String) throws(StoreError) -> Int64? {
            let path = "\(directory)/\(name)"
            do {
                return try RegularFile.status(at: path).map { Int64($0.st_size) }
            } catch .otherKind {
                throw .notRegular(file: path)
            } catch {
                throw .failed(file: path, reason: "\(error)")
            }
        }
        // Before the database: where a server is about to make it, that comes first.
        let log = try size(StoreFolder.log(of: RegistryReader.fileName)) ?? 0
        let isVersionThere = try size(VersionFile.name) != nil
        toldVersion = VersionFile.read(in: directory)
        // What is wrong with this one is told by whoever keeps it.
        let names = try? RegularFile.status(at: "\(directory)/\(RegistryReader.namesFileName)")
        _ = try size("\(RegistryReader.fileName)-shm")
        let bytes = try size(RegistryReader.fileName)
        file = "\(directory)/\(RegistryReader.fileName)"
        isThere = bytes != nil
        let hasBytes = (bytes ?? 0) > 0
        // SQLite makes the log of a database that has its first page; the others follow the first transaction.
        let found = [
            (StoreFolder.log(of: RegistryReader.fileName), !hasBytes && log > 0), (VersionFile.name, isVersionThere),
            (RegistryReader.namesFileName, names != nil),
        ]
        witnesses = found.filter(\.1).map(\.0)
        if !hasBytes { try refuseLoss(isThere ? "it is empty" : "it is not there") }
    }

    /// Refuses a database in which nothing is left of what it held; one that never held anything goes.
    func refuseLoss(_ state: String) throws(StoreError) {
        guard !witnesses.isEmpty else { return }
        throw .damaged(
            file: file,
            reason: "\(state), and was not at the writing of \(witnesses.joined(separator: " and "))")
    }
}
