import Corefile
import DNS
import Pipeline
import Registry
import Telemetry

/// `autopath`: a name that was made with the first name of the asker's search path is tried with all the others, and
/// bare, before the answer; the asker is spared these questions.
///
/// The first answer but NXDOMAIN is given, behind a CNAME from the name asked for. Where all are NXDOMAIN, the first
/// one is given, and the asker goes on by itself. An answer with such a CNAME depends on who asks. Place this stage
/// before `cache`, and the names tried are kept each.
package struct AutopathStage: Stage {
    package var directive: String { AutopathSettings.directive }

    /// NXDOMAIN of the cluster's zone may become an answer here.
    package func readyPassage(of zone: DomainName) -> ReadyPassage? { .sparing(settings.zones, of: zone) }

    /// The most names of a search path that are tried, as in the C library (resolv.conf(5)) and Kubernetes.
    package static let nameLimit = 32

    private let settings: AutopathSettings
    private let searchPaths: any SearchPaths
    private let metrics: Metrics

    package init(_ settings: AutopathSettings, searchPaths: any SearchPaths, metrics: Metrics) {
        self.settings = settings
        self.searchPaths = searchPaths
        self.metrics = metrics
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        guard query.opcode == .query, query.recordClass == .internet,
            settings.zones.contains(where: { query.name.isWithin($0) }),
            let path = searchPaths.searchPath(of: query.client.address, asking: query.name), let first = path.first,
            query.name != first, query.name.isWithin(first)
        else { return await next.respond(to: query) }
        let firstReply = await next.respond(to: query)
        guard firstReply.code == .nxDomain, !firstReply.isSilent else {
            if firstReply.code == .noError { countSuccess(query) }
            return firstReply
        }
        let labels = query.name.wire.dropLast(first.wire.count)
        for suffix in path.dropFirst().prefix(Self.nameLimit - 1).filter({ !$0.isRoot }) + [.root] {
            guard let name = DomainName(wire: Array(labels) + suffix.wire), name != query.name else { continue }
            var question = query
            question.name = name
            var response = await next.respond(to: question)
            if response.code == .nxDomain, response.failure == nil, !response.isSilent { continue }
            response.source = directive
            response.dependsOnAsker = true
            if response.failure != nil || response.isSilent { return response }
            if let ttl = response.answers.first?.ttl {
                response.answers.insert(Record(owner: query.name, ttl: ttl, data: .cname(name)), at: 0)
            }
            countSuccess(query)
            return response
        }
        return firstReply
    }

    private func countSuccess(_ query: PipelineQuery) {
        metrics.counter(
            "coredns_autopath_success_total", "Counter of requests that did autopath.", ["server": query.serverLabel]
        ).increment()
    }
}

/// One search path for all askers, as a file in the form of resolv.conf(5) has it.
package struct FixedSearchPath: SearchPaths, Hashable {
    /// The largest file that is read, in bytes.
    private static let sizeLimit = 1 << 20

    package let names: [DomainName]

    /// Reads the file.
    package init(file path: String) throws(FileError) {
        names = try Self.names(in: FileContents.bytes(path, limit: Self.sizeLimit), path: path)
    }

    /// Reads the text of such a file: the last `search` or `domain` line counts.
    package init(text: [UInt8], path: String) throws(FileError) {
        names = try Self.names(in: text, path: path)
    }

    package func searchPath(of client: IPAddress, asking name: DomainName) -> [DomainName]? { names }

    private static func names(in text: [UInt8], path: String) throws(FileError) -> [DomainName] {
        var names: [DomainName] = []
        for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let words = line.split { $0 == 0x20 || (0x09...0x0d).contains($0) }
                .map { String(decoding: $0, as: UTF8.self) }
            guard let keyword = words.first, keyword == "search" || keyword == "domain" else { continue }
            names = []
            for word in words.dropFirst().prefix(keyword == "domain" ? 1 : AutopathStage.nameLimit) {
                guard let name = DomainName(word) else {
                    throw FileError(
                        path: path,
                        reason: .content("\(path):\(index + 1): '\(word.prefix(128))' is no domain name"))
                }
                names.append(name)
            }
        }
        return names
    }
}
