import DNS
import Registry

/// The file of `loadbalance weighted`: names, and below each its addresses with their weights.
struct AddressWeights: Hashable, Sendable {
    /// The largest file that is read, in bytes.
    static let sizeLimit = 16 << 20

    private var weights: [DomainName: [IPAddress: UInt8]] = [:]

    init() {}

    /// Reads the text of a file: one name or one `ADDRESS WEIGHT` a line, `#` begins a line that says nothing.
    ///
    /// - Parameter path: for messages.
    init(_ text: [UInt8], path: String) throws(FileError) {
        var name: DomainName?
        for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            func fault(_ reason: String) -> FileError {
                FileError(path: path, reason: .content("\(path):\(index + 1): \(reason)"))
            }
            let words = line.split { $0 == 0x20 || (0x09...0x0d).contains($0) }
                .map { String(decoding: $0, as: UTF8.self) }
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            let word = first.prefix(128)
            guard words.count <= 2 else { throw fault("has more than an address and its weight") }
            if words.count == 1 {
                guard IPAddress(first) == nil else { throw fault("'\(word)' has no weight") }
                guard let domain = DomainName(first) else { throw fault("'\(word)' is no domain name") }
                name = domain
                continue
            }
            guard let address = IPAddress(first) else { throw fault("'\(word)' is no IP address") }
            guard let weight = UInt8(words[1]), weight > 0 else {
                throw fault("'\(words[1].prefix(128))' is no weight; write 1 to 255")
            }
            guard let name else { throw fault("'\(word)' stands before the first name") }
            weights[name, default: [:]][address] = weight
        }
    }

    /// The weight of an address record; 1 where the file says nothing.
    func weight(of record: Record) -> Int {
        guard !weights.isEmpty, let known = weights[record.owner], let address = record.address else { return 1 }
        return Int(known[address] ?? 1)
    }
}
