import Glibc

/// A pattern as instructions, run by a backtracker that enters no state twice.
///
/// A state is an instruction at an offset of the text. One that has failed once fails always, since nothing that an
/// instruction looks at depends on the way there; so a bit for each keeps the time linear where a plain backtracker's
/// explodes (RE2's "bit state").
struct RegularProgram: Sendable {
    struct Instruction: Sendable {
        enum Kind: UInt8, Sendable {
            /// Takes the byte `first`.
            case byte
            /// Takes a byte of the set `first`.
            case set
            /// Goes on at `first`, and at `second` where that fails.
            case split
            case jump
            /// Notes the offset in the slot `first`.
            case save
            case assertion
            case match
        }

        var kind: Kind
        var first: Int32 = 0
        var second: Int32 = 0
    }

    private var instructions: [Instruction] = []
    private var sets: [ByteSet] = []
    private let groupCount: Int
    /// Bytes that every match holds; a text without them needs no run.
    private let requirement: [UInt8]
    /// Whether a match can only begin where the text does.
    private let isAnchored: Bool

    init(_ tree: RegularTree, groupCount: Int) throws(RegularExpressionError) {
        self.groupCount = groupCount
        requirement = Self.requirement(of: tree)
        isAnchored = Self.isAnchored(tree)
        try emit(.save, 0)
        try append(tree)
        try emit(.save, 1)
        try emit(.match)
    }

    // MARK: Making

    @discardableResult
    private mutating func emit(
        _ kind: Instruction.Kind, _ first: Int = 0, _ second: Int = 0
    ) throws(RegularExpressionError) -> Int {
        guard instructions.count < RegularExpression.programLimit else {
            throw RegularExpressionError(reason: "becomes too long when its repetitions are written out")
        }
        instructions.append(
            Instruction(kind: kind, first: Int32(truncatingIfNeeded: first), second: Int32(truncatingIfNeeded: second)))
        return instructions.count - 1
    }

    private mutating func append(_ tree: RegularTree) throws(RegularExpressionError) {
        switch tree {
        case .empty: break
        case .bytes(let set):
            if let byte = set.single {
                try emit(.byte, Int(byte))
            } else {
                let index = sets.firstIndex(of: set) ?? sets.count
                if index == sets.count { sets.append(set) }
                try emit(.set, index)
            }
        case .sequence(let items):
            for item in items { try append(item) }
        case .alternatives(let all):
            var exits: [Int] = []
            for (index, item) in all.enumerated() {
                guard index < all.count - 1 else {
                    try append(item)
                    continue
                }
                let split = try emit(.split)
                try append(item)
                exits.append(try emit(.jump))
                link(split, split + 1, instructions.count)
            }
            for exit in exits { link(exit, instructions.count) }
        case .repetition(let item, let minimum, let maximum, let isGreedy):
            // Of nothing, however often: it would be written out without an end, and without an instruction.
            guard !item.isNothing else { return }
            guard let maximum else { return try appendLoop(item, minimum: minimum, isGreedy) }
            for _ in 0..<minimum { try append(item) }
            var exits: [Int] = []
            for _ in 0..<(maximum - minimum) {
                exits.append(try emit(.split))
                try append(item)
            }
            for exit in exits { branch(exit, into: exit + 1, past: instructions.count, isGreedy) }
        case .group(let item, let number):
            if let number { try emit(.save, 2 * number) }
            try append(item)
            if let number { try emit(.save, 2 * number + 1) }
        case .assertion(let assertion):
            try emit(.assertion, assertion.rawValue)
        }
    }

    private mutating func appendLoop(
        _ item: RegularTree, minimum: Int, _ isGreedy: Bool
    ) throws(RegularExpressionError) {
        for _ in 0..<max(0, minimum - 1) { try append(item) }
        // A body that may match nothing is left after one round of nothing, as in Go: its test stands at the end.
        let entry = minimum == 0 ? try emit(.split) : nil
        let body = instructions.count
        try append(item)
        let end = try emit(.split)
        branch(end, into: body, past: end + 1, isGreedy)
        if let entry { branch(entry, into: body, past: end + 1, isGreedy) }
    }

    private mutating func branch(_ index: Int, into body: Int, past end: Int, _ isGreedy: Bool) {
        isGreedy ? link(index, body, end) : link(index, end, body)
    }

    private mutating func link(_ index: Int, _ first: Int, _ second: Int = 0) {
        instructions[index].first = Int32(truncatingIfNeeded: first)
        instructions[index].second = Int32(truncatingIfNeeded: second)
    }

    /// The longest run of single bytes that no match can be without.
    private static func requirement(of tree: RegularTree) -> [UInt8] {
        var longest: [UInt8] = []
        var run: [UInt8] = []
        func cut() {
            if run.count > longest.count { longest = run }
            run = []
        }
        func walk(_ tree: RegularTree) {
            switch tree {
            case .empty, .assertion: break
            case .bytes(let set):
                if let byte = set.single { run.append(byte) } else { cut() }
            case .sequence(let items): items.forEach(walk)
            case .group(let item, _): walk(item)
            case .repetition(let item, let minimum, _, _):
                cut()
                if minimum > 0 {
                    walk(item)
                    cut()
                }
            case .alternatives: cut()
            }
        }
        walk(tree)
        cut()
        return longest
    }

    private static func isAnchored(_ tree: RegularTree) -> Bool {
        switch tree {
        case .assertion(.textStart): true
        case .sequence(let items): items.first.map(isAnchored) ?? false
        case .group(let item, _): isAnchored(item)
        case .alternatives(let all): all.allSatisfy(isAnchored)
        default: false
        }
    }

    // MARK: Running

    /// What is still to be tried.
    private struct Job {
        /// The instruction, or -1 − slot for a slot that gets back what it held.
        var instruction: Int32
        /// The offset to go on at, or what the slot held.
        var offset: Int32
    }

    /// The leftmost match, its groups where `isCapturing`.
    ///
    /// - Parameter text: at most `RegularExpression.textLimit` bytes.
    func match(_ text: UnsafeBufferPointer<UInt8>, isCapturing: Bool) -> [Range<Int>?]? {
        guard Self.contains(text, requirement) else { return nil }
        let width = text.count + 1
        let wordCount = (instructions.count * width + 63) / 64
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: wordCount) { visited in
            visited.initialize(repeating: 0)
            return instructions.withUnsafeBufferPointer { program in
                run(program, text, visited, width: width, isCapturing: isCapturing)
            }
        }
    }

    private static func contains(_ text: UnsafeBufferPointer<UInt8>, _ part: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        guard part.count <= text.count, let base = text.baseAddress else { return false }
        return part.withUnsafeBufferPointer { part in
            guard let wanted = part.baseAddress else { return true }
            var start = 0
            while start + part.count <= text.count {
                let rest = text.count - part.count - start + 1
                guard let found = memchr(base + start, Int32(first), rest) else { return false }
                if memcmp(found, wanted, part.count) == 0 { return true }
                start = UnsafeRawPointer(base).distance(to: UnsafeRawPointer(found)) + 1
            }
            return false
        }
    }

    private func run(
        _ program: UnsafeBufferPointer<Instruction>, _ text: UnsafeBufferPointer<UInt8>,
        _ visited: UnsafeMutableBufferPointer<UInt64>, width: Int, isCapturing: Bool
    ) -> [Range<Int>?]? {
        var jobs: [Job] = []
        jobs.reserveCapacity(64)
        var slots = [Int32](repeating: -1, count: isCapturing ? 2 * groupCount : 0)
        for start in 0..<(isAnchored ? 1 : width) {
            jobs.append(Job(instruction: 0, offset: Int32(truncatingIfNeeded: start)))
            while let job = jobs.popLast() {
                if job.instruction < 0 {
                    slots[Int(-1 - job.instruction)] = job.offset
                    continue
                }
                if follow(job, program, text, visited, width, &jobs, &slots) { return Self.ranges(slots) }
            }
        }
        return nil
    }

    /// Goes on from a state until it fails or matches; what else could be tried is put onto `jobs`.
    private func follow(
        _ job: Job, _ program: UnsafeBufferPointer<Instruction>, _ text: UnsafeBufferPointer<UInt8>,
        _ visited: UnsafeMutableBufferPointer<UInt64>, _ width: Int, _ jobs: inout [Job], _ slots: inout [Int32]
    ) -> Bool {
        var pc = Int(job.instruction)
        var offset = Int(job.offset)
        while true {
            let state = pc &* width &+ offset
            let bit: UInt64 = 1 << UInt64(truncatingIfNeeded: state & 63)
            guard visited[state >> 6] & bit == 0 else { return false }
            visited[state >> 6] |= bit
            let instruction = program[pc]
            switch instruction.kind {
            case .byte:
                guard offset < text.count, Int32(text[offset]) == instruction.first else { return false }
                offset &+= 1
                pc &+= 1
            case .set:
                guard offset < text.count, sets[Int(instruction.first)].contains(text[offset]) else { return false }
                offset &+= 1
                pc &+= 1
            case .split:
                jobs.append(Job(instruction: instruction.second, offset: Int32(truncatingIfNeeded: offset)))
                pc = Int(instruction.first)
            case .jump:
                pc = Int(instruction.first)
            case .save:
                let slot = Int(instruction.first)
                if slot < slots.count {
                    jobs.append(Job(instruction: -1 - instruction.first, offset: slots[slot]))
                    slots[slot] = Int32(truncatingIfNeeded: offset)
                }
                pc &+= 1
            case .assertion:
                guard Self.holds(instruction.first, text, offset) else { return false }
                pc &+= 1
            case .match:
                return true
            }
        }
    }

    private static func holds(_ assertion: Int32, _ text: UnsafeBufferPointer<UInt8>, _ offset: Int) -> Bool {
        func isWord(_ index: Int) -> Bool {
            index >= 0 && index < text.count && ByteSet.wordBytes.contains(text[index])
        }
        return switch RegularAssertion(rawValue: Int(assertion)) {
        case .textStart: offset == 0
        case .textEnd: offset == text.count
        case .lineStart: offset == 0 || text[offset - 1] == UInt8(ascii: "\n")
        case .lineEnd: offset == text.count || text[offset] == UInt8(ascii: "\n")
        case .wordBoundary: isWord(offset - 1) != isWord(offset)
        case .noWordBoundary: isWord(offset - 1) == isWord(offset)
        case nil: false
        }
    }

    private static func ranges(_ slots: [Int32]) -> [Range<Int>?] {
        stride(from: 0, to: slots.count, by: 2).map { index in
            let (start, end) = (Int(slots[index]), Int(slots[index + 1]))
            return start < 0 || end < start ? nil : start..<end
        }
    }
}
