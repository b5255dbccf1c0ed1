import Corefile
import DNS
import Registry
import Testing

private enum RRLFault {
    static let all = [
        WrongText("rrl {\nwindow 0\n}", "Corefile:3: '0' is no number; write one from above 0 to 3600"),
        WrongText("rrl {\nipv4-prefix-length 33\n}", "Corefile:3: '33' is out of range; write 1 to 32"),
        WrongText("rrl {\nresponses-per-second -1\n}", "Corefile:3: '-1' is no number; write one from 0 to 1000000"),
        WrongText("rrl {\nresponses-per-second nan\n}", "Corefile:3: 'nan' is no number; write one from 0 to 1000000"),
        WrongText("rrl {\nslip-ratio 11\n}", "Corefile:3: '11' is out of range; write 0 to 10"),
        WrongText(
            "rrl {\nexempt 10.0.0.0\n}", "Corefile:3: '10.0.0.0' is no network; write one as 10.0.0.0/8 or fd00::/8"),
        WrongText("rrl\nrrl", "Corefile:3: 'rrl' may stand only once in a server block"),
    ]
}

@Suite struct RRLSettingsTests {
    @Test func withoutAllowancesNothingIsLimited() throws {
        let settings = try #require(try SettingsText("rrl").settings(RRLSettings.self))
        #expect(settings.zones == SettingsText.zones)
        #expect(settings.window == 15 && settings.ipv4PrefixLength == 24 && settings.ipv6PrefixLength == 56)
        #expect(settings.allowances.isEmpty && settings.requestsPerSecond == 0 && settings.slipRatio == 2)
        #expect(settings.amplification == 10 && settings.tableSize == 100_000 && !settings.reportsOnly)
        for address in [
            "10.1.2.3", "127.0.0.1", "172.31.0.1", "192.168.1.1", "100.100.0.1", "fd12::1", "fe80::1", "::1",
        ] {
            let address = try #require(IPAddress(address))
            #expect(settings.exempt.contains { $0.contains(address) }, "\(address)")
        }
        let outside = try #require(IPAddress("203.0.113.9"))
        #expect(!settings.exempt.contains { $0.contains(outside) })
    }

    @Test func everyOptionIsRead() throws {
        let text = """
            rrl example.com 10.0.0.0/8 {
                window 5.5
                ipv4-prefix-length 32
                ipv6-prefix-length 64
                nodata-per-second 0
                responses-per-second 10
                nxdomains-per-second 0.5
                errors-per-second 3
                requests-per-second 100
                slip-ratio 3
                max-table-size 5000
                report-only
                max-amplification 4
                exempt 192.0.2.0/24 2001:db8::/32
            }
            """
        let settings = try #require(try SettingsText(text).settings(RRLSettings.self))
        #expect(settings.zones.map(\.description) == ["example.com.", "10.in-addr.arpa."])
        #expect(settings.window == 5.5 && settings.ipv4PrefixLength == 32 && settings.ipv6PrefixLength == 64)
        #expect(settings.allowances == [.response: 10, .noData: 0, .nxDomain: 0.5, .referral: 10, .error: 3])
        #expect(
            settings.requestsPerSecond == 100 && settings.slipRatio == 3 && settings.amplification == 4
                && settings.tableSize == 5000)
        #expect(settings.reportsOnly && settings.exempt.map(\.description) == ["192.0.2.0/24", "2001:db8::/32"])
    }

    @Test func nobodyNeedBeExempt() throws {
        #expect(try SettingsText("rrl {\nexempt none\n}").settings(RRLSettings.self)?.exempt == [])
    }

    @Test("What is wrong is named", arguments: RRLFault.all)
    func faults(_ fault: WrongText) {
        fault.expect(RRLSettings.self)
    }
}
