import DNS
import Pipeline

/// Names of an answer in the asker's own spelling: what a name has in common with the one asked for, from the right, is
/// what an upstream's compression refers to the question for, and questions go out in a spelling of ours.
///
/// So it is done here for names that the listener does not compress to the same effect: those of another question than
/// the client's (`autopath`), and those that are changed on the way (`rewrite`).
enum AskersSpelling {
    static func apply(_ name: DomainName, to response: inout Response) {
        apply(name, to: &response.answers)
        apply(name, to: &response.authorities)
        apply(name, to: &response.additionals)
    }

    private static func apply(_ name: DomainName, to records: inout [Record]) {
        // The records of an RRset follow each other.
        var (last, lastRespelled) = (name, name)
        for index in records.indices {
            let owner = records[index].owner
            if owner.wire != last.wire {
                var wire = owner.wire
                let isChanged = respell(&wire, at: 0, like: name.wire).isChanged
                (last, lastRespelled) = (owner, (isChanged ? DomainName(wire: wire) : nil) ?? owner)
            }
            records[index].owner = lastRespelled
            if let data = respelled(records[index].data, like: name) { records[index].data = data }
        }
    }

    /// The data with its names respelled; nil where it stays as it is.
    private static func respelled(_ data: RecordData, like name: DomainName) -> RecordData? {
        let (offset, count) =
            switch data.type {
            case .ns, .cname, .ptr, .dname: (0, 1)
            case .soa: (0, 2)
            case .mx: (2, 1)
            case .srv: (6, 1)
            default: (0, 0)
            }
        guard count > 0 else { return nil }
        var bytes = data.bytes
        var place = offset
        var isChanged = false
        for _ in 0..<count {
            let step = respell(&bytes, at: place, like: name.wire)
            isChanged = isChanged || step.isChanged
            place = step.end
        }
        return isChanged ? RecordData(type: data.type, bytes: bytes) : nil
    }

    /// Gives the labels of a name in wire form that `wire` ends in as well the letters of `wire`.
    ///
    /// - Parameter start: where the name begins in `bytes`.
    /// - Returns: where it ends, and whether a letter has changed.
    private static func respell(
        _ bytes: inout [UInt8], at start: Int, like wire: [UInt8]
    ) -> (end: Int, isChanged: Bool) {
        var end = start
        while end < bytes.count, bytes[end] != 0 { end += 1 + Int(bytes[end]) }
        guard end < bytes.count else { return (bytes.count, false) }
        end += 1
        var common = 0
        while common < min(end - start, wire.count),
            DomainName.lowercased(bytes[end - common - 1]) == DomainName.lowercased(wire[wire.count - common - 1])
        {
            common += 1
        }
        // From the first label on that is in both.
        var label = start
        while end - label > common { label += 1 + Int(bytes[label]) }
        let tail = wire.suffix(end - label)
        guard !bytes[label..<end].elementsEqual(tail) else { return (end, false) }
        bytes.replaceSubrange(label..<end, with: tail)
        return (end, true)
    }
}
