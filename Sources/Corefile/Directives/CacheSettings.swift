import DNS

/// `cache [TTL] [ZONES…] { … }`: which answers are kept, how many, and for how long.
package struct CacheSettings: DirectiveSettings {
    package static let directive = "cache"

    /// How many answers of one kind are kept and for how long.
    package struct Limits: Hashable, Sendable {
        /// Answers in all; the cache rounds it down to a multiple of 256, to no less than 1024.
        package var capacity: Int
        /// Seconds; longer times to live are cut.
        package var maximumTTL: UInt32
        /// Seconds; shorter times to live are lengthened. Where it is above the maximum, the maximum counts.
        package var minimumTTL: UInt32 = 5

        package init(capacity: Int = defaultCapacity, maximumTTL: UInt32) {
            self.capacity = capacity
            self.maximumTTL = maximumTTL
        }

        /// 39 answers in each of 256 shards.
        package static let defaultCapacity = 9984
    }

    /// Asks anew for what is popular, shortly before its time is over.
    package struct Prefetch: Hashable, Sendable {
        /// So many hits make an answer popular.
        package var amount: Int
        /// A longer gap between two hits begins the count anew.
        package var gap = Duration.seconds(60)
        /// Asks when at most this part of the time to live is left, 10 to 90.
        package var percentage = 10

        package init(amount: Int) {
            self.amount = amount
        }
    }

    /// Answers with what is too old, where nothing better is to be had (RFC 8767).
    package struct Stale: Hashable, Sendable {
        package enum Refresh: Hashable, Sendable {
            /// Answers first, then asks.
            case immediate
            /// Asks first, and answers with what is too old where that fails or takes longer than `timeout`; nil waits
            /// as long as it takes.
            case verify(timeout: Duration?)
        }

        /// How long an answer may be too old.
        package var window = Duration.seconds(3600)
        package var refresh = Refresh.immediate
        /// The time to live of such answers, in seconds.
        package var responseTTL: UInt32 = 0
        /// How long after a failure nothing is asked; zero asks each time.
        package var failureRecheck = Duration.zero

        package init() {}
    }

    /// Names outside of these zones pass by.
    package var zones: [DomainName]
    package var success = Limits(maximumTTL: 3600)
    package var denial = Limits(maximumTTL: 1800)
    package var prefetch: Prefetch?
    package var stale: Stale?
    /// Seconds; 0 keeps no SERVFAIL. At most 300 (RFC 2308 §7.1).
    package var servfail: UInt32 = 5
    /// Zones whose answers, or whose denials, are not kept.
    package var uncachedSuccess: [DomainName] = []
    package var uncachedDenial: [DomainName] = []
    /// Answers go out with the time to live they came with, not with what is left of it.
    package var keepsTTL = false

    /// The defaults, for some zones.
    package init(zones: [DomainName]) {
        self.zones = zones
    }

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        self.init(zones: block.zones)
        if let second = lines.dropFirst().first { throw second.error("may stand only once in a server block") }
        guard let line = lines.first else { return }
        var arguments = line.arguments
        if let first = arguments.first, Int(first.text) != nil {
            let ttl = try Self.ttl(first, minimum: 1)
            success.maximumTTL = ttl
            denial.maximumTTL = ttl
            arguments = arguments.dropFirst()
        }
        if !arguments.isEmpty { zones = try Self.zones(arguments) }
        for option in line.options {
            try option.expectNoBlock()
            try read(option)
        }
    }

    private mutating func read(_ option: CorefileLine) throws(CorefileError) {
        switch option.name {
        case "success": try Self.read(option, into: &success)
        case "denial": try Self.read(option, into: &denial)
        case "prefetch": prefetch = try Self.prefetch(option)
        case "serve_stale": stale = try Self.stale(option)
        case "servfail":
            servfail = try Self.seconds(option.argument(), atMost: 300)
        case "disable":
            try option.expect(1...Int.max)
            guard let kind = option.arguments.first else { return }
            let zones = option.arguments.count > 1 ? try Self.zones(option.arguments.dropFirst()) : [.root]
            switch kind.text {
            case "success": uncachedSuccess += zones
            case "denial": uncachedDenial += zones
            default: throw kind.error("is no kind of answer", wanted: "write success or denial")
            }
        case "keepttl":
            try option.expect(0...0)
            keepsTTL = true
        default:
            throw option.unknown(
                in: Self.directive,
                known: ["success", "denial", "prefetch", "serve_stale", "servfail", "disable", "keepttl"])
        }
    }

    private static func read(_ option: CorefileLine, into limits: inout Limits) throws(CorefileError) {
        try option.expect(1...3)
        for (index, argument) in option.arguments.enumerated() {
            switch index {
            case 0: limits.capacity = try argument.integer(in: 0...(1 << 24))
            case 1: limits.maximumTTL = try ttl(argument, minimum: 1)
            default: limits.minimumTTL = try ttl(argument, minimum: 0)
            }
        }
    }

    /// nil for an amount of 0, which asks for nothing.
    private static func prefetch(_ option: CorefileLine) throws(CorefileError) -> Prefetch? {
        try option.expect(1...3)
        var prefetch = Prefetch(amount: 0)
        for (index, argument) in option.arguments.enumerated() {
            switch index {
            case 0: prefetch.amount = try argument.integer(in: 0...Int(Int32.max))
            case 1: prefetch.gap = try argument.duration()
            default:
                guard argument.text.hasSuffix("%"), let number = Int(argument.text.dropLast()) else {
                    throw argument.error("is no percentage", wanted: "write one as 20%")
                }
                guard (10...90).contains(number) else {
                    throw argument.error("is out of range", wanted: "write 10% to 90%")
                }
                prefetch.percentage = number
            }
        }
        return prefetch.amount == 0 ? nil : prefetch
    }

    /// nil for a window of 0, which keeps nothing too long.
    private static func stale(_ option: CorefileLine) throws(CorefileError) -> Stale? {
        try option.expect(0...5)
        var stale = Stale()
        var arguments = option.arguments
        if let window = arguments.popFirst() { stale.window = try window.duration() }
        if let mode = arguments.popFirst() {
            switch mode.text.lowercased() {
            case "immediate": break
            case "verify":
                var timeout: Duration?
                if let token = arguments.popFirst() {
                    let duration = try token.duration()
                    timeout = duration == .zero ? nil : duration
                }
                stale.refresh = .verify(timeout: timeout)
            default: throw mode.error("is no refresh mode", wanted: "write immediate or verify")
            }
        }
        if let ttl = arguments.popFirst() { stale.responseTTL = try seconds(ttl, atMost: 3600) }
        if let recheck = arguments.popFirst() {
            stale.failureRecheck = .seconds(try seconds(recheck, atMost: 300))
        }
        if let rest = arguments.first { throw rest.error("is one argument too many for \(option.name)") }
        return stale.window == .zero ? nil : stale
    }

    private static func zones(_ tokens: ArraySlice<Token>) throws(CorefileError) -> [DomainName] {
        var zones: [DomainName] = []
        for token in tokens { zones += try token.zones() }
        return zones
    }

    private static func ttl(_ token: Token, minimum: Int) throws(CorefileError) -> UInt32 {
        UInt32(try token.integer(in: minimum...Int(Int32.max)))
    }

    /// A length of time in whole seconds, rounded down.
    private static func seconds(_ token: Token, atMost limit: Int64) throws(CorefileError) -> UInt32 {
        let duration = try token.duration()
        guard duration <= .seconds(limit) else {
            throw token.error("is too long", wanted: "write at most \(limit)s")
        }
        return UInt32(duration.components.seconds)
    }
}
