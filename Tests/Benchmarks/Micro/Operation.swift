/// Something whose instructions are counted.
struct Operation {
    /// As it stands in the table and in the file of thresholds.
    let name: String
    /// How often it is done while instructions are counted.
    let count: Int
    /// Does it so often.
    let run: (Int) async -> Void

    init(_ name: String, count: Int, run: @escaping (Int) async -> Void) {
        (self.name, self.count, self.run) = (name, count, run)
    }
}

/// Why there is nothing to count.
struct SetupError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Keeps the compiler from leaving out what nobody reads.
@inline(never)
func keep<Value>(_ value: borrowing Value) {}
