import AddressAllocator
import ArgumentParser
import EmbeddedRegistry
import Registry

/// `swiftlet vip`: virtual IPs and node ports, as they are and whether they are sound.
struct VIPCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vip",
        abstract: "Show virtual IPs and node ports, or prove that they are sound.",
        subcommands: [List.self, Audit.self])

    /// `swiftlet vip list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show ranges, their bands, and who has which address.")

        @OptionGroup var registry: RegistryOptions

        func run() async throws {
            try await VIPCommand.reporting("vip list") { () throws(CommandFailure) in
                OutputFile.write(Array(VIPListing(try await addressing(of: registry)).text.utf8), to: 1)
            }
        }
    }

    /// `swiftlet vip audit`
    struct Audit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prove that no address is held twice or leaked and all lie in range; exits with 1 otherwise.")

        @OptionGroup var registry: RegistryOptions

        func run() async throws {
            try await VIPCommand.reporting("vip audit") { () throws(CommandFailure) in
                let addressing = try await addressing(of: registry)
                let findings = addressing.findings
                for finding in findings { OutputFile.write(Array("\(finding)\n".utf8), to: 1) }
                let checked =
                    "\(addressing.allocations.count) addresses and \(addressing.nodePorts.count) node ports of "
                    + "\(addressing.services.count) services"
                guard findings.isEmpty else {
                    throw CommandFailure(.other, "\(findings.count) findings among \(checked)")
                }
                OutputFile.write(Array("sound: \(checked)\n".utf8), to: 1)
            }
        }
    }

    private static func reporting(
        _ command: String, _ body: () async throws(CommandFailure) -> Void
    ) async throws {
        do {
            try await body()
        } catch {
            throw Reporter(command: command).exitCode(for: error)
        }
    }
}

private func addressing(of registry: RegistryOptions) async throws(CommandFailure) -> RegistryReader.Addressing {
    try await registry.withRegistry { registry throws(CommandFailure) in try await registry.addressing() }
}

/// Virtual IPs and node ports as a text for people.
struct VIPListing {
    private let addressing: RegistryReader.Addressing

    init(_ addressing: RegistryReader.Addressing) {
        self.addressing = addressing
    }

    /// Tables of ranges, allocations, node ports, quarantined addresses and waiting Services.
    var text: String {
        var allocator = AddressAllocator(ranges: addressing.ranges)
        for allocation in addressing.allocations { allocator.take(allocation.address, for: allocation.owner) }
        let claim = NamespacedName(namespace: "", name: "(claimed by hand)")
        for address in addressing.claims { allocator.take(address, for: claim) }
        let quarantine = (addressing.quarantine ?? [:]).filter { $0.value > .now }
        for (address, end) in quarantine { allocator.setQuarantine(of: address, until: end) }
        var sections = [Self.table(ranges(allocator.usage))]
        let held = allocator.allocations.map { allocation in
            ["\(allocation.address)", band(of: allocation.address), "\(allocation.owner)"]
        }
        sections.append(Self.table([["ADDRESS", "BAND", "SERVICE"]] + held))
        let resting = quarantine.filter { allocator.owner(of: $0.key) == nil }
        if !resting.isEmpty {
            sections.append(
                Self.table(
                    [["QUARANTINED", "UNTIL"]]
                        + resting.sorted { $0.key < $1.key }.map { ["\($0.key)", $0.value.text] }
                ))
        }
        if !addressing.nodePorts.isEmpty {
            sections.append(
                Self.table(
                    [["NODE PORT", "SERVICE"]]
                        + addressing.nodePorts.sorted { $0.key < $1.key }.map { ["\($0.key)", "\($0.value)"] }))
        }
        if !addressing.pending.isEmpty {
            sections.append(
                Self.table(
                    [["WAITING", "REASON"]]
                        + addressing.pending.sorted { $0.key < $1.key }.map { ["\($0.key)", $0.value] }))
        }
        return sections.joined(separator: "\n")
    }

    private func ranges(_ usage: [RangeUsage]) -> [[String]] {
        [["RANGE", "BAND", "FROM", "TO", "SIZE", "USED", "FREE", "QUARANTINED"]]
            + zip(addressing.ranges, usage).flatMap { range, usage in
                [(AddressRange.Band.static, usage.static, "static"), (.dynamic, usage.dynamic, "dynamic")].map {
                    let bounds = range.bounds(of: $0.0)
                    let isKnown = addressing.quarantine != nil
                    return [
                        "\(range.cidr)", $0.2, bounds.map { "\($0.lowerBound)" } ?? "-",
                        bounds.map { "\($0.upperBound)" } ?? "-", "\($0.1.size)", "\($0.1.used)",
                        isKnown ? "\($0.1.free)" : "-", isKnown ? "\($0.1.quarantined)" : "-",
                    ]
                }
            }
    }

    private func band(of address: IPAddress) -> String {
        for range in addressing.ranges {
            guard let offset = range.offset(of: address) else { continue }
            return range.band(ofOffset: offset) == .static ? "static" : "dynamic"
        }
        return "out of range"
    }

    /// Columns as wide as their widest cell.
    private static func table(_ rows: [[String]]) -> String {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                if widths.indices.contains(column) {
                    widths[column] = max(widths[column], cell.count)
                } else {
                    widths.append(cell.count)
                }
            }
        }
        return rows.map { row in
            row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count + 2)
            }.joined() + "\n"
        }.joined()
    }
}
