extension ThrowingTaskGroup where ChildTaskResult == Void, Failure == any Error {
    /// Waits for all tasks, but no longer than until one of them fails: `waitForAll` waits for the others even then.
    mutating func waitForFirstFailure() async throws {
        while try await next() != nil {}
    }
}
