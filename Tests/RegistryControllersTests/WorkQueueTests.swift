import Registry
import TestSupport
import Testing

@testable import RegistryControllers

@Suite("The queue of work")
struct WorkQueueTests {
    private static func time(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    private static func item(_ number: Int) -> WorkItem { .namespace("n\(number)") }

    @Test("Items come in the order of time, each once, the earlier time counts")
    func order() {
        var queue = WorkQueue()
        queue.add(Self.item(1), at: Self.time(30))
        queue.add(Self.item(2), at: Self.time(10))
        queue.add(Self.item(3), at: Self.time(10))
        queue.add(Self.item(1), at: Self.time(20))
        queue.add(Self.item(2), at: Self.time(40))
        #expect(queue.nextTime == Self.time(10))
        var due = queue.takeDue(at: Self.time(9))
        #expect(due == [])
        due = queue.takeDue(at: Self.time(25))
        #expect(due == [Self.item(2), Self.item(3), Self.item(1)])
        #expect(queue.isEmpty && queue.nextTime == nil)
    }

    @Test("A moved item is due at its new time only")
    func moving() {
        var queue = WorkQueue()
        queue.add(Self.item(1), at: Self.time(10))
        queue.move(Self.item(1), to: Self.time(50))
        #expect(queue.nextTime == Self.time(50))
        let due = queue.takeDue(at: Self.time(49))
        #expect(due == [])
        queue.remove(Self.item(1))
        #expect(queue.nextTime == nil)
    }

    @Test("Failures wait 1 s · 2ⁿ, 1,000 s at most, fifteen times; a success forgets them")
    func retries() {
        var queue = WorkQueue()
        var now = Self.time(0)
        var delays: [Int64] = []
        while queue.retry(Self.item(1), at: now) {
            guard let next = queue.nextTime else { break }
            delays.append((next.milliseconds - now.milliseconds) / 1000)
            now = next
            _ = queue.takeDue(at: now)
        }
        #expect(delays == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000, 1000, 1000, 1000])
        let isKept = queue.retry(Self.item(1), at: now)
        #expect(isKept, "given up once, it begins anew")
        queue.succeed(Self.item(1))
        _ = queue.takeDue(at: .init(milliseconds: .max))
        _ = queue.retry(Self.item(1), at: now)
        #expect(queue.nextTime == now.advanced(byMilliseconds: 1000))
    }

    @Test("What every cluster has is tried again without end, every ten seconds at least")
    func vital() {
        var queue = WorkQueue()
        var now = Self.time(0)
        var delays: [Int64] = []
        for _ in 0..<100 {
            let isKept = queue.retry(.bootstrap, at: now)
            guard isKept, let next = queue.nextTime else { break }
            delays.append((next.milliseconds - now.milliseconds) / 1000)
            now = next
            _ = queue.takeDue(at: now)
        }
        #expect(delays == [1, 2, 4, 8] + Array(repeating: 10, count: 96))
    }

    @Test("A failure that says nothing of the item is tried again without end")
    func forgiven() {
        var queue = WorkQueue()
        for _ in 0..<100 {
            let isKept = queue.retry(Self.item(1), at: Self.time(0), isForgiven: true)
            #expect(isKept)
            _ = queue.takeDue(at: .init(milliseconds: .max))
        }
    }

    @Test("As a model has it, over random histories")
    func histories() {
        var generator = SeededGenerator.announced()
        var queue = WorkQueue()
        var model: [WorkItem: Int64] = [:]
        var now: Int64 = 0
        for _ in 0..<20_000 {
            let item = Self.item(Int.random(in: 0..<40, using: &generator))
            let time = now + Int64.random(in: 0..<50, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0, 1:
                queue.add(item, at: Self.time(time))
                model[item] = min(model[item] ?? time, time)
            case 2:
                queue.move(item, to: Self.time(time))
                model[item] = time
            case 3:
                queue.remove(item)
                model[item] = nil
            default:
                now += Int64.random(in: 0..<20, using: &generator)
                let due = queue.takeDue(at: Self.time(now))
                #expect(Set(due) == Set(model.filter { $0.value <= now }.keys))
                #expect(due.count == Set(due).count)
                model = model.filter { $0.value > now }
            }
            #expect(queue.nextTime?.milliseconds == model.values.min())
        }
    }
}
