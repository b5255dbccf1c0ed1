import Corefile
import DNS
import Registry

/// Addresses and names, as `/etc/hosts` lists them (hosts(5)).
struct HostsTable: Sendable {
    /// The most bytes of a file.
    static let sizeLimit = 64 << 20

    private struct Addresses {
        var v4: [IPAddress] = []
        var v6: [IPAddress] = []
    }

    private let zones: [DomainName]
    private let hasReverse: Bool
    private var addresses: [DomainName: Addresses] = [:]
    private var names: [IPAddress: [DomainName]] = [:]
    /// The number of addresses of names and names of addresses, as CoreDNS counts.
    private(set) var entryCount = 0
    /// Whether a name with `*` is there.
    private var hasWildcards = false

    init(_ settings: HostsSettings) {
        zones = settings.zones
        hasReverse = settings.hasReverse
    }

    /// Adds what a file says: what cannot be read is skipped, as CoreDNS does.
    mutating func add(file bytes: [UInt8]) {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let text = line.prefix { $0 != UInt8(ascii: "#") }
            let fields = text.split { $0 == 0x20 || (0x09...0x0d).contains($0) }
            guard fields.count > 1, fields[0].count <= 64 else { continue }
            let address = IPAddress(String(decoding: fields[0].prefix { $0 != UInt8(ascii: "%") }, as: UTF8.self))
            guard let address else { continue }
            for field in fields.dropFirst() { add(String(decoding: field, as: UTF8.self), address) }
        }
    }

    mutating func add(_ entry: HostsSettings.Entry) {
        for name in entry.names { add(name, entry.address) }
    }

    /// Names are kept, and shown, in lower case as CoreDNS has them.
    private mutating func add(_ text: String, _ address: IPAddress) {
        guard let name = DomainName(text)?.lowercased, zones.closest(to: name) != nil else { return }
        switch address.family {
        case .ipv4: addresses[name, default: Addresses()].v4.append(address)
        case .ipv6: addresses[name, default: Addresses()].v6.append(address)
        }
        entryCount += 1
        if name.labels.first?.elementsEqual("*".utf8) == true {
            hasWildcards = true
        } else if hasReverse {
            names[address, default: []].append(name)
            entryCount += 1
        }
    }

    /// The addresses of a name; nil where the name is not there.
    func addresses(of name: DomainName, _ family: IPFamily) -> [IPAddress]? {
        guard let found = addresses[name] ?? wildcard(for: name) else { return nil }
        return family == .ipv4 ? found.v4 : found.v6
    }

    /// `*.example.org` stands for names one label below `example.org`.
    private func wildcard(for name: DomainName) -> Addresses? {
        guard hasWildcards, let parent = name.parent,
            let wildcard = DomainName(labels: CollectionOfOne("*"), under: parent)
        else { return nil }
        return addresses[wildcard]
    }

    func contains(_ name: DomainName) -> Bool {
        addresses[name] != nil || wildcard(for: name) != nil
    }

    /// The names of an address, in the order of the file.
    func names(of address: IPAddress) -> [DomainName] { names[address] ?? [] }

    /// The address that a reverse name stands for (RFC 1035 §3.5, RFC 3596 §2.5).
    static func address(of name: DomainName) -> IPAddress? {
        let labels = name.labels
        guard labels.count == 6 || labels.count == 34, let parent = DomainName("arpa"), name.isWithin(parent) else {
            return nil
        }
        let suffix = labels[labels.count - 2].map(DomainName.lowercased)
        let digits = labels.dropLast(2).reversed().map { String(decoding: $0, as: UTF8.self) }
        if labels.count == 6, suffix.elementsEqual("in-addr".utf8) {
            return IPAddress(digits.joined(separator: "."))
        }
        guard labels.count == 34, suffix.elementsEqual("ip6".utf8), digits.allSatisfy({ $0.utf8.count == 1 }) else {
            return nil
        }
        return UInt128(digits.joined(), radix: 16).map(IPAddress.v6)
    }
}
