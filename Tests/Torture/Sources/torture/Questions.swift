import BenchmarkSupport

/// Which questions are asked, by chance: two thirds of the registry's names.
struct Questions: Sendable {
    let truth: Truth
    /// Whether there are upstreams and a configuration to ask for.
    let hasUpstreams: Bool
    static let configuration = Key("version.config.", .txt)

    func next(using generator: inout SeededGenerator) -> Pending? {
        let choice = generator.next() % 100
        let (source, key): (Pending.Source, Key)
        if hasUpstreams, choice < 20 {
            // A few names that are kept in the cache, and many that are not.
            let number = choice < 5 ? generator.next() % 20 : generator.next() % 1_000_000_000
            (source, key) = (.upstream, Key("n\(number).example.", .a))
        } else if hasUpstreams, choice < 25 {
            (source, key) = (.configuration, Self.configuration)
        } else {
            guard let known = truth.randomKey(using: &generator) else { return nil }
            (source, key) = (known == Self.configuration ? .configuration : .registry, known)
        }
        return Self.pending(source, key, case: generator.next())
    }

    static func pending(_ source: Pending.Source, _ key: Key, case bits: UInt64) -> Pending {
        Pending(
            source: source, key: key, question: Packet.question(Packet.mixedCase(key.name, by: bits), key.type),
            asked: .now)
    }
}
