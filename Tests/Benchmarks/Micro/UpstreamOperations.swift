import DNS
import Forwarding

/// An upstream's answer, from its bytes to the records that the question leads to: those that cost the most.
enum UpstreamOperations {
    static func all() throws -> [Operation] {
        [
            try cleaning("hostile answer: addresses beside 63 aliases", section: .answers),
            try cleaning("hostile answer: servers of other zones", section: .authorities),
        ]
    }

    private enum Section {
        case answers, authorities
    }

    /// Aliases whose targets are long and differ in their last label alone, and as many records of other names as 64 KiB
    /// hold behind them.
    private static func cleaning(_ name: String, section: Section) throws -> Operation {
        let asked: [UInt8] = [1, 97, 4] + Array("test".utf8) + [0]
        let label = [63] + [UInt8](repeating: 120, count: 63)
        let start = label + label + label + [UInt8](repeating: 39, count: 1) + [UInt8](repeating: 121, count: 39)
        var message: [UInt8] = [0, 1, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0] + asked + [0, 1, 0, 1]
        var owner: [UInt8] = [0xc0, 12]
        var aliases: UInt16 = 0
        func add(_ type: UInt8, _ data: [UInt8]) {
            message += owner + [0, type, 0, 1, 0, 0, 0, 60, UInt8(data.count >> 8), UInt8(data.count & 255)] + data
        }
        func pointer(to offset: Int) -> [UInt8] { [0xc0 | UInt8(offset >> 8), UInt8(offset & 255)] }
        while aliases < 63 {
            let number = aliases
            let target = start + [3, 122, 48 + UInt8(number / 10), 48 + UInt8(number % 10), 0]
            let offset = message.count + 12
            add(5, target)
            owner = pointer(to: offset)
            aliases += 1
        }
        // Two owners in turn, each as long as the aliases and not among them.
        var others: UInt16 = 0
        let (type, data): (UInt8, [UInt8]) = section == .answers ? (1, [192, 0, 2, 1]) : (2, [0])
        var owners: [[UInt8]] = []
        for letter: UInt8 in [121, 122] {
            owners.append(pointer(to: message.count))
            owner = start + [3, 122, 122, letter, 0]
            add(type, data)
            others += 1
        }
        while message.count < 65_400 {
            owner = owners[Int(others % 2)]
            add(type, data)
            others += 1
        }
        let answers = aliases + (section == .answers ? others : 0)
        let authorities = section == .authorities ? others : 0
        message.replaceSubrange(
            6..<10, with: [answers, authorities].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] })
        guard let question = DomainName(wire: asked), let read = DNSMessage.read(message),
            read.cleaned(for: question) != nil
        else { throw SetupError("\(name): the answer cannot be read") }
        return Operation(name, count: 10) { count in
            for _ in 0..<count { keep(DNSMessage.read(message)?.cleaned(for: question)) }
        }
    }
}
