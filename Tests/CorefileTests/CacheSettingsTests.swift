import Corefile
import DNS
import Testing

@Suite struct CacheSettingsTests {
    @Test func theDefaultsAreThoseOfCoreDNS() throws {
        let settings = try #require(try SettingsText("cache").settings(CacheSettings.self))
        #expect(settings == CacheSettings(zones: SettingsText.zones))
        #expect(settings.success.capacity == 9984 && settings.success.maximumTTL == 3600)
        #expect(settings.denial.capacity == 9984 && settings.denial.maximumTTL == 1800)
        #expect(settings.success.minimumTTL == 5 && settings.denial.minimumTTL == 5 && settings.servfail == 5)
        #expect(settings.prefetch == nil && settings.stale == nil && !settings.keepsTTL)
    }

    @Test func everyOptionIsRead() throws {
        let text = """
            cache 30 example.org 10.0.0.0/8 {
                success 20000 7200 1
                denial 1000
                prefetch 10 2m 20%
                serve_stale 12h Verify 100ms 30s 10s
                servfail 1m30s
                disable success a.example b.example
                disable denial
                keepttl
            }
            """
        let settings = try #require(try SettingsText(text).settings(CacheSettings.self))
        #expect(settings.zones.map(\.description) == ["example.org.", "10.in-addr.arpa."])
        #expect(settings.success.capacity == 20000 && settings.success.maximumTTL == 7200)
        #expect(settings.success.minimumTTL == 1)
        #expect(settings.denial.capacity == 1000 && settings.denial.maximumTTL == 30 && settings.denial.minimumTTL == 5)
        #expect(settings.prefetch?.amount == 10 && settings.prefetch?.gap == .seconds(120))
        #expect(settings.prefetch?.percentage == 20)
        let stale = try #require(settings.stale)
        #expect(stale.window == .seconds(43200) && stale.refresh == .verify(timeout: .milliseconds(100)))
        #expect(stale.responseTTL == 30 && stale.failureRecheck == .seconds(10))
        #expect(settings.servfail == 90)
        #expect(settings.uncachedSuccess.map(\.description) == ["a.example.", "b.example."])
        #expect(settings.uncachedDenial == [.root])
        #expect(settings.keepsTTL)
    }

    @Test("serve_stale", arguments: ServeStaleCase.all)
    func serveStale(_ text: ServeStaleCase) throws {
        let settings = try #require(try SettingsText("cache {\n\(text.option)\n}").settings(CacheSettings.self))
        #expect(settings.stale == text.stale)
    }

    @Test func whatIsZeroIsOff() throws {
        let settings = try SettingsText("cache {\nprefetch 0 1m\nserve_stale 0s\nservfail 0\n}").settings(
            CacheSettings.self)
        #expect(settings?.prefetch == nil && settings?.stale == nil && settings?.servfail == 0)
    }

    @Test("What is wrong is named", arguments: CacheFault.all)
    func faults(_ fault: WrongText) {
        fault.expect(CacheSettings.self)
    }
}

struct ServeStaleCase: Sendable {
    var option: String
    var stale: CacheSettings.Stale

    static let all: [ServeStaleCase] = [
        make("serve_stale") { _ in },
        make("serve_stale 10m") { $0.window = .seconds(600) },
        make("serve_stale 10m IMMEDIATE 30s") {
            $0.window = .seconds(600)
            $0.responseTTL = 30
        },
        make("serve_stale 1h immediate 0 5m") { $0.failureRecheck = .seconds(300) },
        make("serve_stale 1h verify") { $0.refresh = .verify(timeout: nil) },
        make("serve_stale 1h verify 0s 30s") {
            $0.refresh = .verify(timeout: nil)
            $0.responseTTL = 30
        },
    ]

    private static func make(_ option: String, _ change: (inout CacheSettings.Stale) -> Void) -> ServeStaleCase {
        var stale = CacheSettings.Stale()
        change(&stale)
        return ServeStaleCase(option: option, stale: stale)
    }
}

enum CacheFault {
    static let all: [WrongText] = [
        .init("cache 0", "Corefile:2: '0' is out of range; write 1 to 2147483647"),
        .init("cache -1", "Corefile:2: '-1' is out of range; write 1 to 2147483647"),
        .init("cache a..b", "Corefile:2: 'a..b' is no domain name"),
        .init("cache\ncache", "Corefile:3: 'cache' may stand only once in a server block"),
        .init(
            "cache {\nttl 5\n}",
            "Corefile:3: 'ttl' is unknown in cache; write one of success, denial, prefetch, serve_stale, servfail, "
                + "disable, keepttl"),
        .init("cache {\nsuccess\n}", "Corefile:3: 'success' needs at least 1 argument"),
        .init("cache {\nsuccess many\n}", "Corefile:3: 'many' is no whole number"),
        .init("cache {\nsuccess 99999999\n}", "Corefile:3: '99999999' is out of range; write 0 to 16777216"),
        .init("cache {\ndenial 1 0\n}", "Corefile:3: '0' is out of range; write 1 to 2147483647"),
        .init("cache {\ndenial 1 2 -3\n}", "Corefile:3: '-3' is out of range; write 0 to 2147483647"),
        .init("cache {\ndenial 1 2 3 4\n}", "Corefile:3: '4' is one argument too many for denial"),
        .init("cache {\nprefetch\n}", "Corefile:3: 'prefetch' needs at least 1 argument"),
        .init(
            "cache {\nprefetch 1 soon\n}", "Corefile:3: 'soon' is no length of time; write one as 500ms, 5s or 1m30s"),
        .init("cache {\nprefetch 1 1m 20\n}", "Corefile:3: '20' is no percentage; write one as 20%"),
        .init("cache {\nprefetch 1 1m 95%\n}", "Corefile:3: '95%' is out of range; write 10% to 90%"),
        .init("cache {\nserve_stale 1h later\n}", "Corefile:3: 'later' is no refresh mode; write immediate or verify"),
        .init(
            "cache {\nserve_stale 1h immediate 1s 1s 1s\n}", "Corefile:3: '1s' is one argument too many for serve_stale"
        ),
        .init("cache {\nserve_stale 1h immediate 30s 1h\n}", "Corefile:3: '1h' is too long; write at most 300s"),
        .init("cache {\nservfail 6m\n}", "Corefile:3: '6m' is too long; write at most 300s"),
        .init("cache {\ndisable\n}", "Corefile:3: 'disable' needs at least 1 argument"),
        .init("cache {\ndisable all\n}", "Corefile:3: 'all' is no kind of answer; write success or denial"),
        .init("cache {\nkeepttl yes\n}", "Corefile:3: 'yes' is one argument too many for keepttl"),
        .init("cache {\nkeepttl {\n}\n}", "Corefile:3: 'keepttl' takes no block"),
    ]
}
