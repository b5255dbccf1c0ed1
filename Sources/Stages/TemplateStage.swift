import Corefile
import DNS
import LDNS
import Pipeline
import Registry
import Telemetry

/// `template`: answers written by the operator, parts of the question put in.
package struct TemplateStage: Stage {
    package var directive: String { TemplateSettings.directive }

    package func readyPassage(of zone: DomainName) -> ReadyPassage? {
        .sparing(templates.flatMap(\.zones), of: zone)
    }

    private let templates: [TemplateSettings.Template]
    /// Whether a template's records tell of who asks, in the order of the templates.
    private let arePersonal: [Bool]
    private let metrics: Metrics

    package init(_ settings: TemplateSettings, metrics: Metrics) {
        templates = settings.templates
        arePersonal = templates.map { template in
            (template.answers + template.additionals + template.authorities).contains { part in
                part.readsMetadata || !part.fields.isDisjoint(with: [["Remote"], ["Message", "Id"]])
            }
        }
        self.metrics = metrics
    }

    /// Why a record could not be made.
    private struct Failure: Error {
        let text: String
        /// Whether the template could not be expanded, rather than its text be read.
        let isExpansion: Bool
        let template: String
        let section: String
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        var text: String?
        for (template, isPersonal) in zip(templates, arePersonal) {
            guard let zone = template.zones.closest(to: query.name), Self.fits(template, query) else { continue }
            let name = text ?? LogText.name(query.name)
            text = name
            guard let match = TemplateMatch(template.patterns, name: name, zone: zone, query: query) else {
                if template.fallThrough.covers(query.name) { continue }
                return Self.response(.serverFailure)
            }
            count("matches_total", "Counter of template regex matches.", query)
            var response = Self.response(template.code)
            response.extendedError = template.extendedError.map {
                ExtendedError(ExtendedErrorCode(rawValue: $0.code), $0.text)
            }
            guard template.code != .serverFailure else { return response }
            response.isAuthoritative = true
            response.dependsOnAsker = isPersonal
            do throws(Failure) {
                try await fill(&response, template, match, query)
            } catch {
                count(error, query)
                return .failed(TemplateSettings.directive, error.text)
            }
            return response
        }
        return await next.respond(to: query)
    }

    private static func response(_ code: ResponseCode) -> Response {
        var response = Response(code)
        response.source = TemplateSettings.directive
        return response
    }

    private static func fits(_ template: TemplateSettings.Template, _ query: PipelineQuery) -> Bool {
        let any = RecordClass(rawValue: 255)
        return (template.recordClass == any || query.recordClass == any || template.recordClass == query.recordClass)
            && (template.type == .any || query.type == .any || template.type == query.type)
    }

    nonisolated(nonsending) private func fill(
        _ response: inout Response, _ template: TemplateSettings.Template, _ match: TemplateMatch,
        _ query: PipelineQuery
    ) async throws(Failure) {
        // An alias is followed for those who want an address: the first one, as a name has no more (RFC 2181 §10.1).
        // Several that lead to names of the same template would make answers without an end.
        var isFollowing = query.type == .a || query.type == .aaaa
        for part in template.answers {
            let record = try record(part, "answer", match)
            response.answers.append(record)
            if isFollowing, record.type == .cname, let target = record.data.target {
                isFollowing = false
                let rest = await query.ask(target, query.type, aliases: 1)
                response.answers += rest.answers
                response.dependsOnAsker = response.dependsOnAsker || rest.dependsOnAsker
                response.isTruncated = response.isTruncated || rest.isTruncated
            }
        }
        for part in template.additionals { response.additionals.append(try record(part, "additional", match)) }
        for part in template.authorities { response.authorities.append(try record(part, "authority", match)) }
    }

    private func record(_ part: GoTemplate, _ section: String, _ match: TemplateMatch) throws(Failure) -> Record {
        let text: String
        do throws(GoTemplateError) {
            text = try part.expanded(value: match.value, metadata: { match.query.metadata[$0] ?? "" })
        } catch {
            throw Failure(
                text: "the \(section) template \(error)", isExpansion: true, template: part.text, section: section)
        }
        do {
            // Records without a TTL have the one that CoreDNS gives them.
            let records = try ZoneFileReader.records(in: "$TTL 3600\n" + text, origin: .root, name: section)
            if records.count == 1 { return records[0] }
            throw Failure(
                text: "the \(section) template makes \(records.count) records", isExpansion: false,
                template: part.text, section: section)
        } catch let failure as Failure {
            throw failure
        } catch {
            let reason = (error as? ZoneFileError)?.reason.description ?? "\(error)"
            throw Failure(
                text: "the \(section) template makes no record of '\(text)': \(reason)", isExpansion: false,
                template: part.text, section: section)
        }
    }

    private func count(_ name: String, _ help: String, _ query: PipelineQuery, _ more: [(String, String)] = []) {
        let labels =
            [
                ("server", query.serverLabel), ("zone", query.zone.description), ("view", ""),
                ("class", Mnemonic.name(of: query.recordClass)),
                // Types without a name come from strangers, in any number.
                ("type", Mnemonic.isKnown(query.type) ? Mnemonic.name(of: query.type) : "other"),
            ] + more
        metrics.counter("coredns_template_\(name)", help, Labels(labels.map { (name: $0.0, value: $0.1) })).increment()
    }

    private func count(_ failure: Failure, _ query: PipelineQuery) {
        let more = [("section", failure.section), ("template", failure.template)]
        if failure.isExpansion {
            count("template_failures_total", "Counter of go template failures.", query, more)
        } else {
            count("rr_failures_total", "Counter of mis-templated RRs.", query, more)
        }
    }
}

/// What a name gave to a template: its fields.
private struct TemplateMatch {
    let name: String
    let zone: DomainName
    let query: PipelineQuery
    private let matches: [String]
    private var groups: [String: String] = [:]

    /// nil where no pattern matches.
    init?(_ patterns: [RegularExpression], name: String, zone: DomainName, query: PipelineQuery) {
        self.name = name
        self.zone = zone
        self.query = query
        guard !patterns.isEmpty else {
            matches = [name]
            groups["0"] = name
            return
        }
        for pattern in patterns {
            guard let found = pattern.captures(in: name) else { continue }
            matches = found.map { String($0 ?? "") }
            for (number, text) in matches.enumerated() { groups["\(number)"] = text }
            for case (let group?, let text) in zip(pattern.groupNames, matches) { groups[group] = text }
            return
        }
        return nil
    }

    func value(_ field: [String]) -> GoTemplateValue? {
        switch field {
        case ["Name"], ["Question", "Name"]: .text(name)
        case ["Zone"]: .text(zone.description)
        case ["Class"]: .text(Mnemonic.name(of: query.recordClass))
        case ["Type"]: .text(Mnemonic.name(of: query.type))
        case ["Match"]: .list(matches)
        case ["Group"]: .map(groups)
        case ["Remote"]: .text(query.client.address.description)
        case ["Question", "Qtype"]: .number(Int64(query.type.rawValue))
        case ["Question", "Qclass"]: .number(Int64(query.recordClass.rawValue))
        case ["Message", "Id"]: .number(Int64(query.id))
        default: field.count == 2 && field[0] == "Group" ? groups[field[1]].map(GoTemplateValue.text) : nil
        }
    }
}
