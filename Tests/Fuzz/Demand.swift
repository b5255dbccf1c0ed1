import Glibc

/// Ends the process where a rule is broken, by `abort`, which libFuzzer reports with the input that did it.
func demand(_ condition: Bool, _ fault: @autoclosure () -> String) {
    guard !condition else { return }
    print("a rule is broken: \(fault())")
    fflush(nil)
    abort()
}

/// The value, which a rule says is there.
func demanded<Value>(_ value: Value?, _ fault: @autoclosure () -> String) -> Value {
    guard let value else {
        demand(false, fault())
        fatalError()
    }
    return value
}

/// The input's bytes.
func bytes(_ data: UnsafePointer<UInt8>, _ size: Int) -> [UInt8] {
    Array(UnsafeBufferPointer(start: data, count: size))
}

extension ArraySlice<UInt8> {
    /// Takes a byte that says how the rest is to be used; 0 where there is none.
    mutating func takeByte() -> Int { Int(popFirst() ?? 0) }

    /// Takes a line of such bytes.
    mutating func takeLine() -> [UInt8] {
        let line = Array(prefix { $0 != UInt8(ascii: "\n") })
        self = dropFirst(line.count + 1)
        return line
    }
}
