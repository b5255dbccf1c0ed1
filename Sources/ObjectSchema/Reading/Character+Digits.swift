extension Character {
    /// Whether this is one of the digits 0 to 9; other scripts' digits are none in API notations.
    var isDecimalDigit: Bool { isASCII && isNumber }
}
