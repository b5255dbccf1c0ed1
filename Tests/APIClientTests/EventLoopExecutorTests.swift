import Testing

@testable import APIClient

@Suite struct EventLoopExecutorTests {
    @Test func runsTasksAndWhatTheyCallOnTheThreadOfItsLoop() async {
        let executor = EventLoopExecutor()
        let counter = Counter()
        let wasThere = await Task(executorPreference: executor) {
            guard executor.loop.inEventLoop else { return false }
            await Task.yield()
            let isThereInside = await counter.isCounted(on: executor)
            return isThereInside && executor.loop.inEventLoop
        }.value
        #expect(wasThere)
        #expect(!executor.loop.inEventLoop)
    }

    /// An actor without an executor of its own, as the reflectors are.
    private actor Counter {
        private var count = 0

        func isCounted(on executor: EventLoopExecutor) -> Bool {
            count += 1
            return executor.loop.inEventLoop
        }
    }
}
