/// Reads a command line, one argument after the other.
package struct OptionReader {
    private var rest: ArraySlice<String>

    /// A reader of the arguments after the program's name.
    package init(_ arguments: [String]) { rest = arguments[...] }

    /// The next argument; nil after the last.
    package mutating func next() -> String? { rest.popFirst() }

    /// The argument after an option.
    package mutating func value(of option: String) throws(BenchmarkError) -> String {
        guard let value = rest.popFirst() else { throw .usage("\(option) needs a value") }
        return value
    }

    /// The argument after an option, as a number within limits.
    package mutating func number(of option: String, in range: ClosedRange<Int>) throws(BenchmarkError) -> Int {
        let text = try value(of: option)
        guard let number = Int(text), range.contains(number) else {
            throw .usage("\(option) \(text): a number from \(range.lowerBound) to \(range.upperBound) is needed")
        }
        return number
    }
}
