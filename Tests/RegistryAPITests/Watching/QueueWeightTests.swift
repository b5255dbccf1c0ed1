import Testing

@testable import RegistryAPI

@Suite("The weight of a watch's queue")
struct QueueWeightTests {
    @Test("A queue takes what fits, and one change of any size")
    func limit() {
        let weight = QueueWeight()
        let large = weight.add(100, limit: 10)
        #expect(large)
        let second = weight.add(1, limit: 10)
        #expect(!second)
        weight.take(100)
        let pair = (weight.add(6, limit: 10), weight.add(4, limit: 10))
        #expect(pair == (true, true))
        let over = weight.add(1, limit: 10)
        #expect(!over)
    }
}
