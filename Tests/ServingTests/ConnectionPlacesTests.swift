import Testing

@testable import Serving

@Suite("Places of connections")
struct ConnectionPlacesTests {
    @Test("No host has more than its share")
    func share() {
        var places = ConnectionPlaces<Int>(10, share: 2)
        #expect(places.enter(1, of: "a") == .taken)
        #expect(places.enter(2, of: "a") == .taken)
        #expect(places.enter(3, of: "a") == .refused)
        #expect(places.enter(4, of: "b") == .taken)
        places.leave(1)
        places.leave(1)
        #expect(places.enter(5, of: "a") == .taken)
        #expect(places.enter(6, of: "a") == .refused)
    }

    @Test("A newcomer gets the place of the oldest of whoever has most, where that is more than its own host has")
    func takingOver() {
        var places = ConnectionPlaces<Int>(4, share: 3)
        for (number, host) in ["a", "b", "b", "c"].enumerated() { #expect(places.enter(number, of: host) == .taken) }
        #expect(places.enter(10, of: "d") == .takenOver(from: 1))
        // Now each has one: the oldest of all gives way to who has none.
        #expect(places.enter(11, of: "e") == .takenOver(from: 0))
        #expect(places.enter(12, of: "e") == .refused)
        // Its place was given to another one already.
        places.leave(0)
        #expect(places.enter(13, of: "f") == .takenOver(from: 2))
        places.leave(13)
        #expect(places.enter(14, of: "e") == .taken)
    }

    @Test("A shortage of something else is as if all places were taken")
    func shortage() {
        var places = ConnectionPlaces<Int>(10, share: 5)
        #expect(places.enter(1, of: "a", isShort: true) == .refused)
        #expect(places.enter(2, of: "a") == .taken)
        #expect(places.enter(3, of: "b", isShort: true) == .takenOver(from: 2))
        #expect(places.enter(4, of: "b", isShort: true) == .refused)
    }
}
