import FileReading
import Corefile
import DNS
import Logging
import Pipeline
import Synchronization

/// `loadbalance`: the order of addresses in answers.
///
/// Changes NOERROR replies, transfers excepted. `round_robin` puts CNAME records first, all but addresses and mail
/// exchangers next in their order, and shuffles addresses and mail exchangers, in each section; SRV records stay in
/// their order. `weighted` moves one address to the front, in replies to A, AAAA and SRV questions. `prefer` then puts
/// addresses in its networks before others.
package struct LoadBalanceStage: Stage {
    private final class State: Sendable {
        let weights = Mutex(AddressWeights())
    }

    package var directive: String { LoadBalanceSettings.directive }

    /// Whether ready-made answers may go past, if only their addresses are put in another order each time.
    package var rotatesAddresses: Bool { settings.weights == nil && settings.preferred.isEmpty }

    /// An answer whose addresses are rotated elsewhere needs nothing from here.
    package func readyPassage(of zone: DomainName) -> ReadyPassage? { rotatesAddresses ? .free : nil }

    private let settings: LoadBalanceSettings
    private let logger: Logger
    private let sleep: @Sendable (Duration) async throws -> Void
    private let generator: OrderGenerator
    private let state = State()

    /// Reads the weights.
    ///
    /// - Parameters:
    ///   - settings: the path of the weights' file is taken as it is.
    ///   - sleep: throws when the task is cancelled.
    ///   - seed: of the orders.
    /// - Throws: where the file is wrong; one that cannot be read is tried again later, if `reload` says so.
    package init(
        _ settings: LoadBalanceSettings, logger: Logger = Logger(label: "loadbalance"),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        seed: UInt64 = .random(in: .min ... .max)
    ) throws(FileError) {
        self.settings = settings
        self.logger = logger
        self.sleep = sleep
        generator = OrderGenerator(seed: seed)
        guard let file = settings.weights else { return }
        do throws(FileError) {
            let weights = try AddressWeights(
                FileContents.bytes(file.path, limit: AddressWeights.sizeLimit), path: file.path)
            state.weights.withLock { $0 = weights }
        } catch {
            guard case .unreadable = error.reason, file.reload > .zero else { throw error }
            logger.warning("plugin/loadbalance: \(error); tried again in \(file.reload)")
        }
    }

    /// Reads the weights again from time to time; a file that is wrong leaves the former ones.
    package func run() async {
        guard let file = settings.weights, file.reload > .zero else { return }
        var former: FileStamp?
        var fault: FileError?
        while (try? await sleep(file.reload)) != nil {
            let known = former
            let (stamp, result) = await FileContents.perform {
                () -> (FileStamp?, Result<AddressWeights, FileError>?) in
                let stamp = FileStamp(of: file.path)
                if let stamp, stamp == known { return (stamp, nil) }
                do throws(FileError) {
                    let bytes = try FileContents.bytes(file.path, limit: AddressWeights.sizeLimit)
                    return (stamp, .success(try AddressWeights(bytes, path: file.path)))
                } catch {
                    return (stamp, .failure(error))
                }
            }
            former = stamp
            switch result {
            case nil: continue
            case .success(let weights):
                fault = nil
                let isNew = state.weights.withLock { current in
                    defer { current = weights }
                    return current != weights
                }
                if isNew { logger.info("plugin/loadbalance: Successfully reloaded weight file \(file.path)") }
            case .failure(let error):
                if error != fault { logger.error("plugin/loadbalance: \(error)") }
                fault = error
            }
        }
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        var response = await next.respond(to: query)
        guard response.code == .noError, query.type != .axfr, query.type != .ixfr else { return response }
        if settings.weights == nil {
            shuffle(&response.answers)
            shuffle(&response.authorities)
            shuffle(&response.additionals)
        } else if [.a, .aaaa, .srv].contains(query.type) {
            let weights = state.weights.withLock { $0 }
            moveOneToTheFront(&response.answers, weights)
            moveOneToTheFront(&response.additionals, weights)
        }
        if !settings.preferred.isEmpty {
            prefer(&response.answers)
            prefer(&response.additionals)
        }
        return response
    }

    private func shuffle(_ records: inout [Record]) {
        guard records.count > 1 else { return }
        var generator = generator
        if let type = records.first?.type, type == .a || type == .aaaa, records.allSatisfy({ $0.type == type }) {
            records.shuffle(using: &generator)
            return
        }
        var parts = Parts(records)
        parts.addresses.shuffle(using: &generator)
        parts.exchangers.shuffle(using: &generator)
        records = parts.aliases + parts.others + parts.addresses + parts.exchangers
    }

    private func moveOneToTheFront(_ records: inout [Record], _ weights: AddressWeights) {
        var parts = Parts(records)
        guard !parts.addresses.isEmpty else { return }
        let each = parts.addresses.map(weights.weight)
        var generator = generator
        var point = Int.random(in: 0..<each.reduce(0, +), using: &generator)
        for (index, weight) in each.enumerated() {
            point -= weight
            if point < 0 {
                parts.addresses.swapAt(0, index)
                break
            }
        }
        records = parts.aliases + parts.others + parts.addresses + parts.exchangers
    }

    private func prefer(_ records: inout [Record]) {
        guard records.count > 1 else { return }
        var parts = Parts(records)
        var sorted: [Record] = []
        for network in settings.preferred {
            func isWithin(_ record: Record) -> Bool { record.address.map(network.contains) ?? false }
            sorted += parts.addresses.filter(isWithin)
            parts.addresses.removeAll(where: isWithin)
        }
        records = parts.aliases + sorted + parts.addresses + parts.exchangers + parts.others
    }

    /// A section by what happens to its records.
    private struct Parts {
        var aliases: [Record] = []
        var addresses: [Record] = []
        var exchangers: [Record] = []
        var others: [Record] = []

        init(_ records: [Record]) {
            for record in records {
                switch record.type {
                case .cname: aliases.append(record)
                case .a, .aaaa: addresses.append(record)
                case .mx: exchangers.append(record)
                default: others.append(record)
                }
            }
        }
    }
}
