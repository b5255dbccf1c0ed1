import Corefile
import DNS
import Pipeline
import Registry

/// `rewrite`: changes questions on their way in, and answers on their way back.
package struct RewriteStage: Stage {
    package var directive: String { RewriteSettings.directive }

    /// Answers to questions that no rule can touch.
    package func readyPassage(of zone: DomainName) -> ReadyPassage? {
        var passage = ReadyPassage()
        for condition in conditions {
            switch condition {
            case .name(.exact(let text)): passage.heldNames.append(.exact(text))
            case .name(.prefix(let text)): passage.heldNames.append(.prefix(text))
            case .name(.suffix(let text)): passage.heldNames.append(.suffix(text))
            case .name(.substring(let text)): passage.heldNames.append(.substring(text))
            case .name(.regex(let pattern)): passage.heldNames.append(.other { pattern.matches($0) })
            case .type(let type): passage.heldTypes.insert(type)
            // Ready-made answers are of class IN.
            case .recordClass(let recordClass): if recordClass == .internet { return nil }
            case .none: return nil
            }
        }
        return passage
    }

    /// What must hold for a rule to be looked at closer; in the order of the rules.
    private enum Condition {
        case name(RewriteSettings.NamePattern)
        case type(RecordType)
        case recordClass(RecordClass)
        /// Depends on more than the question.
        case none
    }

    private let rules: [RewriteSettings.Rule]
    private let conditions: [Condition]

    package init(_ settings: RewriteSettings) {
        rules = settings.rules
        conditions = settings.rules.map { rule in
            switch rule.change {
            case .name(let rewrite): .name(rewrite.pattern)
            case .type(let from, _): .type(from)
            case .recordClass(let from, _): .recordClass(from)
            case .ttl(let pattern, _), .code(let pattern, _, _): .name(pattern)
            case .aliasTarget, .edns: .none
            }
        }
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        var text = NameText.bytes(of: query.name)
        // Most questions are none of any rule's.
        guard let first = conditions.firstIndex(where: { Self.holds($0, query, text) }) else {
            return await next.respond(to: query)
        }
        var changed = query
        var reversal = RewriteReversal(original: query)
        var hasMatch = false
        var tellsOfAsker = false
        for rule in rules[first...] {
            let isMatch: Bool
            switch rule.change {
            case .name(let rewrite):
                guard let new = rewrite.pattern.replaced(in: text, by: rewrite.replacement) else { continue }
                guard let name = NameText.name(new) else { return Self.failure(new) }
                reversal.note(rewrite, from: changed.name, to: name)
                changed.name = name
                text = NameText.bytes(of: name)
                isMatch = true
            case .type(let from, let to):
                isMatch = changed.type == from
                if isMatch { changed.type = to }
            case .recordClass(let from, let to):
                isMatch = changed.recordClass == from
                if isMatch { changed.recordClass = to }
            case .ttl(let pattern, let range):
                isMatch = pattern.matches(text)
                if isMatch { reversal.ttls.append(range) }
            case .code(let pattern, let from, let to):
                isMatch = pattern.matches(text)
                if isMatch { reversal.codes.append((from, to)) }
            case .aliasTarget(let pattern, let replacement):
                isMatch = true
                reversal.aliasTargets.append((pattern, replacement))
            case .edns(let rewrite):
                isMatch = rewrite.apply(to: &changed)
                if isMatch, rewrite.tellsOfAsker { tellsOfAsker = true }
                if isMatch, rewrite.isReverted { reversal.options.append(rewrite.code) }
            }
            guard isMatch else { continue }
            hasMatch = true
            if !rule.continues { break }
        }
        guard hasMatch else { return await next.respond(to: query) }
        var response = await next.respond(to: changed)
        response.dependsOnAsker = response.dependsOnAsker || tellsOfAsker
        for (pattern, replacement) in reversal.aliasTargets {
            await Self.changeAliasTarget(&response, changed, pattern, replacement)
        }
        reversal.apply(to: &response)
        return response
    }

    private static func holds(_ condition: Condition, _ query: PipelineQuery, _ text: [UInt8]) -> Bool {
        switch condition {
        case .name(let pattern): pattern.matches(text)
        case .type(let type): query.type == type
        case .recordClass(let recordClass): query.recordClass == recordClass
        case .none: true
        }
    }

    private static func failure(_ name: [UInt8]) -> Response {
        .failed(
            RewriteSettings.directive,
            "invalid name after rewrite: \(LogText.line(String(decoding: name, as: UTF8.self)))")
    }

    /// Gives an alias in an answer another target, and puts that target's records in the place of those behind it.
    nonisolated(nonsending) private static func changeAliasTarget(
        _ response: inout Response, _ query: PipelineQuery, _ pattern: RewriteSettings.NamePattern,
        _ replacement: RewriteSettings.NameReplacement
    ) async {
        for (index, record) in response.answers.enumerated() where record.type == .cname {
            guard let target = record.data.target,
                let new = pattern.replaced(in: NameText.bytes(of: target), by: replacement),
                let name = NameText.name(new), name != target
            else { continue }
            response.answers.removeSubrange(index...)
            response.answers.append(Record(owner: record.owner, ttl: record.ttl, data: .cname(name)))
            guard query.type != .cname else { return }
            let rest = await query.ask(name, query.type, aliases: 1)
            response.dependsOnAsker = response.dependsOnAsker || rest.dependsOnAsker
            guard rest.code != .refused, !rest.isSilent else { return }
            response.code = rest.code
            response.failure = rest.failure
            response.extendedError = rest.extendedError
            response.isTruncated = rest.isTruncated
            response.answers += rest.answers
            response.authorities = rest.authorities
            response.additionals = rest.additionals
            return
        }
    }
}

extension RewriteSettings.EDNSRewrite {
    /// The option's code.
    var code: OptionCode {
        switch option {
        case .local(let code, _): OptionCode(rawValue: code)
        case .nsid: .nsid
        // RFC 7871 §6.
        case .subnet: OptionCode(rawValue: 8)
        }
    }

    /// Whether what is written into the question is not the same for all who ask it.
    var tellsOfAsker: Bool {
        guard action != .unset else { return false }
        return switch option {
        case .local(_, .bytes), .nsid: false
        case .local, .subnet: true
        }
    }

    /// Changes the options of a question; false where nothing is to be changed.
    func apply(to query: inout PipelineQuery) -> Bool {
        // What CoreDNS says to servers behind it where the asker said nothing.
        var edns = query.edns ?? EDNS(udpPayload: 4096)
        let place = edns.options.firstIndex { $0.code == code }
        if action == .unset {
            guard place != nil else { return false }
            edns.options.removeAll { $0.code == code }
        } else {
            guard let data = data(for: query) else { return false }
            switch (place, action) {
            case (let place?, .set), (let place?, .replace): edns.options[place].data = data
            case (nil, .set), (nil, .append): edns.options.append(EDNSOption(code, data))
            default: return false
            }
        }
        query.edns = edns
        return true
    }

    /// nil where metadata has no value.
    private func data(for query: PipelineQuery) -> [UInt8]? {
        switch option {
        case .local(_, .bytes(let bytes)): bytes
        case .local(_, .metadata(let key)):
            query.metadata[key].flatMap { $0.isEmpty ? nil : Array($0.utf8.prefix(1024)) }
        case .local(_, .variable(let variable)): Self.value(of: variable, in: query)
        case .nsid: []
        case .subnet(let v4, let v6): Self.subnet(query, v4: Int(v4), v6: Int(v6))
        }
    }

    private static func value(of variable: Variable, in query: PipelineQuery) -> [UInt8] {
        func bytes(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 255)] }
        return switch variable {
        case .name: Array(query.name.description.utf8)
        case .type: bytes(query.type.rawValue)
        case .clientAddress: query.client.address.bytes
        case .clientPort: bytes(query.client.port)
        case .transport: Array((query.transport == .udp ? "udp" : "tcp").utf8)
        case .serverAddress: query.server.address.bytes
        case .serverPort: bytes(query.server.port)
        }
    }

    /// The client's network: family, length of the prefix, 0, and as many bytes as the prefix reaches into
    /// (RFC 7871 §6).
    private static func subnet(_ query: PipelineQuery, v4: Int, v6: Int) -> [UInt8] {
        let isV4 = query.client.address.family == .ipv4
        let length = isV4 ? v4 : v6
        var bytes = Array(query.client.address.bytes.prefix((length + 7) / 8))
        if length % 8 != 0, !bytes.isEmpty { bytes[bytes.count - 1] &= 0xff << UInt8(8 - length % 8) }
        return [0, isV4 ? 1 : 2, UInt8(length), 0] + bytes
    }
}
