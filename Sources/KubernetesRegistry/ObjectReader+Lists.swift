/// What stands around objects: `metadata` of lists, and refusals.
extension ObjectReader {
    /// Reads `metadata` of a list.
    mutating func listMetadata() throws(JSONPull.Stop) -> ListMetadata {
        var metadata = ListMetadata()
        guard try enter() else { return metadata }
        var isFirst = true
        while let name = try json.nextMember(&isFirst) {
            if json.matches(name, "resourceVersion") {
                metadata.version = ObjectVersion(try string(Limit.version))
            } else if json.matches(name, "continue") {
                metadata.continuation = try string(Limit.continuation)
            } else if json.matches(name, "remainingItemCount") {
                metadata.remaining = try integer()
            } else {
                try json.skip()
            }
        }
        return metadata
    }

    /// Reads a Status, as ERROR events carry one.
    mutating func status() throws(JSONPull.Stop) -> WatchFailure {
        var failure = WatchFailure(code: 500, message: "")
        guard try enter() else { return failure }
        var isFirst = true
        while let name = try json.nextMember(&isFirst) {
            if json.matches(name, "code") {
                failure.code = try integer().flatMap { Int(exactly: $0) } ?? 500
            } else if json.matches(name, "message") {
                failure.message = try string(Limit.message)
            } else if json.matches(name, "details") {
                failure.retryAfter = try retryAfter()
            } else {
                try json.skip()
            }
        }
        return failure
    }

    private mutating func retryAfter() throws(JSONPull.Stop) -> Duration? {
        var result: Duration?
        guard try enter() else { return result }
        var isFirst = true
        while let name = try json.nextMember(&isFirst) {
            if json.matches(name, "retryAfterSeconds") {
                result = try integer().map { .seconds(min(max($0, 0), 3600)) }
            } else {
                try json.skip()
            }
        }
        return result
    }
}
