import Corefile
import DNS
import Pipeline
import Registry
import Telemetry

/// `dns64`: gives names with IPv4 addresses only IPv6 ones, which lead to a translator (RFC 6147).
///
/// As in CoreDNS, askers over IPv4 are left out unless they are let in, and reverse names go on unchanged. Askers who
/// validate for themselves (DO and CD, §5.5) get what there is.
package struct DNS64Stage: Stage {
    package var directive: String { DNS64Settings.directive }

    /// An empty answer to an AAAA question would have to be filled.
    package func readyPassage(of zone: DomainName) -> ReadyPassage? {
        var passage = ReadyPassage()
        passage.heldTypes = [.aaaa]
        return passage
    }

    private let settings: DNS64Settings
    private let metrics: Metrics

    package init(_ settings: DNS64Settings, metrics: Metrics) {
        self.settings = settings
        self.metrics = metrics
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        var response = await next.respond(to: query)
        // What an asker over IPv4 is told is not for the others.
        if query.type == .aaaa, !settings.allowsIPv4 { response.dependsOnAsker = true }
        guard query.type == .aaaa, query.recordClass == .internet, query.opcode == .query,
            settings.allowsIPv4 || query.client.address.family == .ipv6,
            !(query.isDNSSECOK && query.isCheckingDisabled),
            // What was cut says nothing about AAAA: the asker comes again by TCP.
            !response.isSilent, !response.isTruncated, response.code != .nxDomain
        else { return response }
        var native = response
        native.answers.removeAll(where: Self.isExcluded)
        if !settings.translatesAll, native.answers.contains(where: { $0.type == .aaaa }) { return native }
        // Whatever went wrong with AAAA counts as an empty answer (§5.1.2, §5.1.3).
        var question = query
        question.type = .a
        let found = await next.respond(to: question)
        guard found.code == .noError, found.answers.contains(where: { $0.type == .a }) else {
            native.isTruncated = found.isTruncated
            return native
        }
        metrics.counter(
            "coredns_dns64_requests_translated_total", "Counter of DNS requests translated by dns64.",
            ["server": query.serverLabel]
        ).increment()
        return translated(found, instead: response)
    }

    private func translated(_ found: Response, instead response: Response) -> Response {
        // §5.1.7: no longer than the denial that it stands for.
        let limit = response.authorities.first { $0.type == .soa }?.ttl ?? 600
        var translated = found
        translated.source = directive
        translated.dependsOnAsker = translated.dependsOnAsker || !settings.allowsIPv4
        // Nobody signed these addresses.
        translated.isAuthenticData = false
        translated.answers = found.answers.compactMap { record in
            if record.signedType == .a { return nil }
            guard record.type == .a, case .v4(let address)? = record.address else { return record }
            return Record(
                owner: record.owner, ttl: min(record.ttl, limit),
                data: .address(Self.address(address, in: settings.prefix).bytes))
        }
        return translated
    }

    /// IPv4 addresses in IPv6 form (`::ffff:0:0/96`) lead nowhere (§5.1.4).
    private static func isExcluded(_ record: Record) -> Bool {
        record.address?.isIPv4Mapped ?? false
    }

    /// An IPv4 address in a prefix, bits 64 to 71 left out (RFC 6052 §2.2).
    static func address(_ address: UInt32, in prefix: CIDR) -> IPAddress {
        var value = prefix.base.value
        // From the left; byte 8 is always zero.
        var place = prefix.prefixLength / 8
        for byte in [address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255] {
            if place == 8 { place += 1 }
            value |= UInt128(byte) << UInt128(8 * max(0, 15 - place))
            place += 1
        }
        return .v6(value)
    }
}
