import DNS
import Pipeline

/// A reply that is written after its query's memory has gone to other queries.
struct LateReply: Sendable {
    /// The header and the question, byte for byte.
    let question: [UInt8]
    let query: Query
    let name: DomainName
    /// The most bytes the reply may have.
    let limit: Int
    let isStream: Bool
    /// The options that go back whatever the answer is.
    let options: [EDNSOption]

    func bytes(_ response: Response) -> [UInt8] {
        guard !response.isSilent else { return [] }
        let capacity = limit + Responder.slack
        return withUnsafeTemporaryAllocation(byteCount: 2 * capacity, alignment: 16) { buffer in
            guard let base = buffer.baseAddress, question.count <= limit else { return [] }
            buffer.copyBytes(from: question)
            var reply = Reply(buffer: base, query: query, limit: limit, options: base + capacity)
            return Array(buffer.prefix(reply.write(response, name: name, isStream: isStream, options: options)))
        }
    }
}
