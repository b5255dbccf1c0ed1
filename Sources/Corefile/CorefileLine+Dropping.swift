extension CorefileLine {
    /// The line without its first arguments, to read those behind them.
    func dropping(arguments count: Int) -> CorefileLine {
        CorefileLine(tokens: [head] + arguments.dropFirst(count), block: block)
    }
}
