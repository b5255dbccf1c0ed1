import DNS
import Registry

/// Finds zones that two server blocks would answer for at one address.
struct ListenerOverlap {
    private struct Place: Hashable {
        let key: ServerKey
        /// An address, or the name of an interface whose addresses are not known; empty for all addresses.
        let address: String
    }

    private let interfaces: ((String) -> [IPAddress]?)?
    private var taken: [Place: Token] = [:]
    /// Where a zone is served at any address.
    private var served: [ServerKey: Token] = [:]

    init(interfaces: ((String) -> [IPAddress]?)?) {
        self.interfaces = interfaces
    }

    /// What a block has in common with those before it; a zone at all addresses overlaps with one at a single address.
    mutating func add(_ block: ServerBlock) -> [CorefileError] {
        // What is wrong with `bind` is said elsewhere.
        guard let bind = try? block.settings(BindSettings.self) else {
            let hasBind = block.lines.contains { $0.name == BindSettings.directive }
            return hasBind ? [] : add(block.keys, addresses: [""], start: block.start)
        }
        if let interfaces {
            do throws(CorefileError) {
                let addresses = try bind.addresses(interfaces: interfaces)
                return add(block.keys, addresses: addresses.map(\.description), start: block.start)
            } catch {
                return [error]
            }
        }
        let words = bind.choices.flatMap(\.places).map { IPAddress($0.text)?.description ?? $0.text }
        return add(block.keys, addresses: words.unrepeated, start: block.start)
    }

    private mutating func add(_ keys: [ServerKey], addresses: [String], start: Token) -> [CorefileError] {
        var problems: [CorefileError] = []
        for key in keys {
            for address in addresses {
                let place = Place(key: key, address: address)
                let everywhere = Place(key: key, address: "")
                if let other = taken[place] ?? taken[everywhere] ?? (address.isEmpty ? served[key] : nil) {
                    let isSame = other == start
                    problems.append(
                        start.error(
                            "serves \(key)\(address.isEmpty ? "" : " at \(address)") "
                                + (isSame ? "twice" : "as the block of '\(other.shown)' in line \(other.line) does")))
                } else {
                    taken[place] = start
                    served[key] = start
                }
            }
        }
        return problems
    }
}
