import Corefile
import DNS
import Testing

@Suite("Names of codes")
struct MnemonicTests {
    @Test("Types have names in any case, and numbers")
    func types() {
        #expect(Mnemonic.type("aaaa") == .aaaa)
        #expect(Mnemonic.type("TYPE65280")?.rawValue == 65280)
        #expect(Mnemonic.type("type28") == .aaaa)
        for bad in ["", "TYPE", "TYPE65536", "TYPE-1", "TYPE1x", "AAAAA"] { #expect(Mnemonic.type(bad) == nil) }
        for code in UInt16.min ... .max {
            let type = RecordType(rawValue: code)
            #expect(Mnemonic.type(Mnemonic.name(of: type)) == type)
        }
        #expect(Mnemonic.name(of: RecordType(rawValue: 65)) == "HTTPS")
        #expect(!Mnemonic.isKnown(RecordType(rawValue: 4711)))
    }

    @Test("Classes and response codes have names")
    func others() {
        #expect(Mnemonic.recordClass("ch")?.rawValue == 3)
        #expect(Mnemonic.name(of: RecordClass(rawValue: 1)) == "IN")
        #expect(Mnemonic.name(of: RecordClass(rawValue: 9)) == "CLASS9")
        #expect(Mnemonic.responseCode("nxdomain") == .nxDomain)
        #expect(Mnemonic.responseCode("23") == .badCookie)
        #expect(Mnemonic.responseCode("24") == nil)
        #expect(Mnemonic.responseCode("NONE") == nil)
    }
}
