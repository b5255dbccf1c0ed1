import Registry

/// Documents as people write them, for tests.
func json(_ text: String) throws -> JSONValue { try JSONText.value(of: text) }
