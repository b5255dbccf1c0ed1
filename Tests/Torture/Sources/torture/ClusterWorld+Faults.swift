import BenchmarkSupport
import Foundation
import Glibc

/// What can go wrong around a server that follows a cluster.
extension ClusterWorld {
    // MARK: The source

    var sourceFaults: [(SeededGenerator) -> Fault] {
        [
            sourceCut,
            moody("source hung", .hung),
            moody("source slow", .slow),
            { [self] generator in
                var generator = generator
                let code = [401, 403, 404, 429, 500, 503].randomElement(using: &generator) ?? 500
                return moody("source refuses (401 to 503)", .refusing(code))(generator)
            },
            moody("source answers garbage", .garbage),
            moody("source breaks off bodies", .cutting),
            moody("source says versions are too old", .expired),
            moody("source tells old changes again", .replaying, reach: .seconds(60)),
            moody("source understates versions", .understating),
            moody("source lists nothing, once", .emptyOnce),
            { [self] in wentBack("source restarted with an older state", $0, waitsForFuture: false) },
            wentBackInSilence,
        ]
    }

    /// A source from a backup whose watches wait in silence for the versions to come, as Kubernetes' own do, and in
    /// which nothing happens any more.
    private func wentBackInSilence(_ generator: SeededGenerator) -> Fault {
        var fault = wentBack("source restarted with an older state, silent and idle", generator, waitsForFuture: true)
        let heal = fault.heal
        fault.heal = { [self] in
            changes.rest(true)
            try heal()
        }
        fault.recovered = { [self] in changes.rest(false) }
        return fault
    }

    private func sourceCut(_ generator: SeededGenerator) -> Fault {
        var generator = generator
        let hold = UInt32.random(in: 200...4000, using: &generator)
        var start = ContinuousClock.now
        return Fault(
            kind: "source cut", area: .source, excuses: [.outdated], hold: hold,
            inject: { [self] in
                start = .now
                api.close()
            },
            complaint: { [self] in
                let isNoticed = hold >= 1500 && strain.lost(from: start, to: .now) < Strain.notable
                return isNoticed ? unmarked() : nil
            },
            heal: { [self] in try api.open() })
    }

    /// Whether it is said that what is answered may be old.
    private func unmarked() -> String? {
        guard server.isStarted, server.hasSaidReady, let metrics = HTTP.get(Self.metricsPort, "/metrics"),
            let ready = HTTP.get(Self.readyPort, "/ready")
        else { return nil }
        let line = metrics.text.split(separator: "\n").first { $0.hasPrefix("swiftlet_registry_in_sync") }
        return ready.status == 503 && line?.hasSuffix(" 0") == true
            ? nil : "the source is cut, /ready is \(ready.status) and metrics say \(line ?? "nothing")"
    }

    private func moody(
        _ kind: String, _ mood: ClusterAPI.Mood, reach: Duration = .zero
    ) -> (SeededGenerator) -> Fault {
        { [self] generator in
            var generator = generator
            return Fault(
                kind: kind, area: .source, excuses: [.outdated], reach: reach,
                hold: UInt32.random(in: 200...4000, using: &generator),
                inject: { [self] in api.behave(mood) }, heal: { [self] in api.behave(.well) })
        }
    }

    /// A source from a backup. More is lost than happens until that is noticed: a version that was given to another change
    /// before the followers are back cannot be told from what they know, which is why etcd's documentation has versions
    /// bumped when a backup is restored.
    private func wentBack(_ kind: String, _ generator: SeededGenerator, waitsForFuture: Bool) -> Fault {
        var generator = generator
        var former: Cluster?
        let isCut = generator.next() % 2 == 0
        return Fault(
            kind: kind, area: .source, excuses: [.outdated], hold: UInt32.random(in: 500...3000, using: &generator),
            inject: { [self] in
                former = api.state
                for _ in 0..<400 { api.mark() }
                if isCut { api.close() }
            },
            heal: { [self] in
                if let former { api.goBack(to: former, waitsForFuture: waitsForFuture) }
                if isCut { try api.open() }
            })
    }

    // MARK: Upstreams

    var upstreamFaults: [(SeededGenerator) -> Fault] {
        Upstream.Mood.allCases.filter { $0 != .well }.flatMap { mood in
            [{ [self] in badUpstreams(mood, $0, both: false) }, { [self] in badUpstreams(mood, $0, both: true) }]
        }
    }

    private func badUpstreams(_ mood: Upstream.Mood, _ generator: SeededGenerator, both: Bool) -> Fault {
        var generator = generator
        let chosen = both ? upstreams : [upstreams[Int(generator.next() % 2)]]
        return Fault(
            kind: "\(both ? "both upstreams" : "one upstream"): \(mood.name)", area: .upstreams,
            excuses: [.failedForwarding], hold: UInt32.random(in: 500...3000, using: &generator),
            inject: { for upstream in chosen { try upstream.behave(mood) } },
            heal: { for upstream in chosen { try upstream.behave(.well) } })
    }

    // MARK: Configuration

    var configurationFaults: [(SeededGenerator) -> Fault] { [badCorefile, badCertificate] }

    private func badCorefile(_ generator: SeededGenerator) -> Fault {
        var generator = generator
        let choice = generator.next()
        // What must never take effect says another number.
        let bad = corefile(generation: -1)
        let texts = [
            bad + "}", "", "\u{0}\u{1}\u{ff}garbage {", String(bad.dropLast(bad.count / 2)),
            bad.replacing("loadbalance", with: "loadbalanced"),
            bad.replacing("endpoint http", with: "endpoint gopher"),
            bad.replacing("forward . ", with: "forward . nowhere "),
            bad.replacing(certificatePath("pem"), with: "/nonexistent.pem"),
            bad.replacing("ready 127.0.0.1:\(Self.readyPort)", with: "ready 192.0.2.1:1"),
            bad + ".:53 {\n}\n",
        ]
        let signals = generator.next() % 2 == 0
        return Fault(
            kind: "Corefile wrong, then right", area: .configuration, excuses: [.outdatedConfiguration],
            reach: .seconds(3600), hold: UInt32.random(in: 500...4000, using: &generator),
            inject: { [self] in
                let place = Int(choice % UInt64(texts.count + 1))
                if texts.indices.contains(place) {
                    try write(texts[place])
                } else {
                    try FileManager.default.removeItem(atPath: corefilePath)
                }
                if signals, server.hasSaidReady { server.signal(SIGUSR1) }
            },
            heal: { [self] in
                generation += 1
                truth.set(Questions.configuration, [.records(["\(generation)"])])
                try write(corefile(generation: generation))
                if signals, server.hasSaidReady { server.signal(SIGUSR1) }
            })
    }

    private func badCertificate(_ generator: SeededGenerator) -> Fault {
        var generator = generator
        let choice = generator.next()
        let signals = generator.next() % 2 == 0
        return Fault(
            kind: "certificate wrong, then right", area: .configuration, excuses: [],
            hold: UInt32.random(in: 500...4000, using: &generator),
            inject: { [self] in
                switch choice % 5 {
                case 0: try "garbage".write(toFile: certificatePath("pem"), atomically: true, encoding: .utf8)
                case 1: try "".write(toFile: certificatePath("key"), atomically: true, encoding: .utf8)
                case 2: try FileManager.default.removeItem(atPath: certificatePath("pem"))
                case 3: try FileManager.default.removeItem(atPath: certificatePath("key"))
                default:
                    // A key that belongs to another certificate.
                    let former = try Data(contentsOf: URL(fileURLWithPath: certificatePath("pem")))
                    try writeCertificate(-1)
                    try former.write(to: URL(fileURLWithPath: certificatePath("pem")))
                }
                if signals, server.hasSaidReady { server.signal(SIGUSR1) }
            },
            complaint: { [self] in
                guard server.isStarted, server.hasSaidReady else { return nil }
                let shown = shownCertificate()
                return shown.hasSuffix("generation-\(certificate)") ? nil : "over TLS is shown: \(shown)"
            },
            heal: { [self] in
                certificate += 1
                try writeCertificate(certificate)
                if signals, server.hasSaidReady { server.signal(SIGUSR1) }
            })
    }
}

extension Upstream.Mood {
    /// What a report calls it.
    var name: String {
        switch self {
        case .well: "well"
        case .gone: "gone"
        case .silent: "black hole"
        case .wrongIdentifier: "wrong identifiers"
        case .forgedFirst: "a forged reply first"
        case .wrongQuestion: "another question"
        case .twice: "each reply twice"
        case .extraRecords: "records of others"
        case .truncated: "truncated"
        case .garbage: "garbage"
        case .cutShort: "cut short"
        case .failing: "SERVFAIL"
        case .refusing: "REFUSED"
        }
    }
}
