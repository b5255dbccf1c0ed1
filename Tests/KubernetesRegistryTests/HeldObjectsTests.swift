@testable import KubernetesRegistry
import Registry
import Testing

struct HeldObjectsTests {
    private static func decoded(_ name: String, ip: String = "10.96.0.10", version: Int) throws -> DecodedObject {
        try Samples.decode(Samples.service(name, ip: ip, version: version))
    }

    private static func key(_ name: String) -> DiscoveryKey { DiscoveryKey(.service, Samples.id(name)) }

    @Test("A second list tells what is new, different and gone, and nothing else")
    func relist() throws {
        var held = HeldObjects(.service)
        held.beginList()
        for name in ["a", "b", "c"] { _ = held.takeListed(try Self.decoded(name, version: 1)) }
        #expect(held.endList().isEmpty)
        held.beginList()
        #expect(held.takeListed(try Self.decoded("a", version: 5)) == nil)
        #expect(
            held.takeListed(try Self.decoded("b", ip: "10.96.0.11", version: 6))
                == .put(Samples.discovered("b", ip: "10.96.0.11")))
        #expect(held.takeListed(try Self.decoded("d", version: 7)) == .put(Samples.discovered("d")))
        #expect(held.endList() == [.delete(Self.key("c"))])
        #expect(held.count == 3 && held.participants == 3)
    }

    @Test("A list that breaks off takes nothing away")
    func brokenList() throws {
        var held = HeldObjects(.service)
        held.beginList()
        for name in ["a", "b"] { _ = held.takeListed(try Self.decoded(name, version: 1)) }
        _ = held.endList()
        held.beginList()
        _ = held.takeListed(try Self.decoded("a", version: 2))
        held.beginList()
        for name in ["a", "b"] { #expect(held.takeListed(try Self.decoded(name, version: 3)) == nil) }
        #expect(held.endList().isEmpty)
    }

    @Test("Events that come twice, late or about unknown objects say nothing")
    func repeated() throws {
        var held = HeldObjects(.service)
        #expect(held.takeChanged(try Self.decoded("a", version: 5)) != nil)
        #expect(held.takeChanged(try Self.decoded("a", version: 5)) == nil)
        // An older state, with another address, after a newer one.
        #expect(held.takeChanged(try Self.decoded("a", ip: "10.96.0.99", version: 4)) == nil)
        #expect(held.takeDeleted(try Self.decoded("a", version: 3)) == nil)
        #expect(held.takeDeleted(try Self.decoded("unknown", version: 9)) == nil)
        #expect(held.count == 1)
        #expect(held.takeDeleted(try Self.decoded("a", version: 6)) == .delete(Self.key("a")))
        #expect(held.takeDeleted(try Self.decoded("a", version: 6)) == nil)
        #expect(held.count == 0 && held.participants == 0)
    }

    @Test("Lists may go back: they are the API's present state")
    func restoredAPI() throws {
        var held = HeldObjects(.service)
        _ = held.takeChanged(try Self.decoded("a", version: 900))
        held.beginList()
        #expect(held.takeListed(try Self.decoded("a", ip: "10.96.0.2", version: 7)) != nil)
        #expect(held.endList().isEmpty)
        #expect(held.takeChanged(try Self.decoded("a", ip: "10.96.0.3", version: 8)) != nil)
    }

    @Test("An object that turns odd stays as it was; one that was never sound is counted and takes no part")
    func odd() throws {
        var held = HeldObjects(.service)
        _ = held.takeChanged(try Self.decoded("a", version: 1))
        var odd = DecodedObject(id: Samples.id("a"), version: ObjectVersion("2"), content: .skipped(.wrongType))
        #expect(held.takeChanged(odd) == nil)
        #expect(held.participants == 1)
        odd.id = Samples.id("b")
        #expect(held.takeChanged(odd) == nil)
        #expect(held.count == 2 && held.participants == 1)
        #expect(held.takeChanged(try Self.decoded("b", version: 3)) == .put(Samples.discovered("b")))
        #expect(held.participants == 2)
    }

    @Test("Objects without a name are counted with the list that told them")
    func unnamed() throws {
        var held = HeldObjects(.service)
        held.beginList()
        _ = held.takeListed(try Self.decoded("a", version: 1))
        _ = held.takeListed(DecodedObject(content: .skipped(.unnamed)))
        _ = held.endList()
        #expect(held.count == 2 && held.participants == 1)
        held.beginList()
        _ = held.takeListed(try Self.decoded("a", version: 1))
        _ = held.endList()
        #expect(held.count == 1)
    }

    @Test("What ceases to be wanted is told as gone")
    func unwanted() throws {
        var held = HeldObjects(.service)
        _ = held.takeChanged(try Self.decoded("a", version: 1))
        let nothing = DecodedObject(id: Samples.id("a"), version: ObjectVersion("2"))
        #expect(held.takeChanged(nothing) == .delete(Self.key("a")))
        #expect(held.takeChanged(nothing) == nil)
        #expect(held.count == 1 && held.participants == 0)
    }

    @Test("Objects are held a second time only where they are written to a file", arguments: [true, false])
    func copies(isKept: Bool) throws {
        var held = HeldObjects(.service, keepsObjects: isKept)
        held.restore(Samples.discovered("a"), id: Samples.id("a"), version: 1)
        held.restore(nil, id: Samples.id("idle"), version: 1)
        #expect(held.takeChanged(try Self.decoded("a", version: 2)) == nil)
        #expect(
            held.takeChanged(try Self.decoded("b", ip: "10.96.0.11", version: 3))
                == .put(Samples.discovered("b", ip: "10.96.0.11")))
        let odd = DecodedObject(id: Samples.id("b"), version: ObjectVersion("4"), content: .skipped(.wrongType))
        #expect(held.takeChanged(odd) == nil)
        #expect(held.count == 3 && held.participants == 2)
        let (a, b) = (held.entries[Samples.id("a")], held.entries[Samples.id("b")])
        #expect(a?.object == (isKept ? Samples.discovered("a") : nil))
        #expect(b?.object == (isKept ? Samples.discovered("b", ip: "10.96.0.11") : nil))
        #expect(a?.version == 2 && b?.version == 4)
        #expect(held.entries[Samples.id("idle")]?.object == nil)
    }
}
