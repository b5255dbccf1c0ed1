/// Values of the types that the API says, and what becomes of others.
extension ObjectReader {
    mutating func skipWrongType() throws(JSONPull.Stop) {
        note(.wrongType)
        try json.skip()
    }

    /// Steps into an object; steps over `null`, and over anything else as over a fault.
    mutating func enter() throws(JSONPull.Stop) -> Bool {
        switch try json.shape() {
        case .object:
            try json.beginObject()
            return true
        case .null: try json.skip()
        default: try skipWrongType()
        }
        return false
    }

    mutating func enterArray() throws(JSONPull.Stop) -> Bool {
        switch try json.shape() {
        case .array:
            try json.beginArray()
            return true
        case .null: try json.skip()
        default: try skipWrongType()
        }
        return false
    }

    /// A text as it stands in the document, of at most so many bytes; nil where there is none.
    mutating func rawText(_ limit: Int) throws(JSONPull.Stop) -> JSONPull.RawText? {
        switch try json.shape() {
        case .string:
            let raw = try json.rawText()
            guard raw.count <= limit else {
                note(.tooLong)
                return nil
            }
            return raw
        case .null: try json.skip()
        default: try skipWrongType()
        }
        return nil
    }

    /// A text; empty where there is none.
    mutating func string(_ limit: Int) throws(JSONPull.Stop) -> String {
        guard let raw = try rawText(limit) else { return "" }
        guard let text = json.text(raw) else {
            note(.badText)
            return ""
        }
        return text
    }

    /// A text without its being made where nothing of it has to be replaced.
    mutating func bytes(_ limit: Int) throws(JSONPull.Stop) -> Bytes {
        guard let raw = try rawText(limit) else { return .none }
        if !raw.hasEscapes, json.isASCII(raw) { return .standing(raw) }
        guard let text = json.text(raw) else {
            note(.badText)
            return .none
        }
        return .made(text)
    }

    /// A text where it stands, or made.
    enum Bytes {
        case none
        case standing(JSONPull.RawText)
        case made(String)

        var isEmpty: Bool {
            switch self {
            case .none: true
            case .standing(let raw): raw.count == 0
            case .made(let text): text.isEmpty
            }
        }
    }

    /// Hands over the bytes of a text.
    func withBytes<Value>(_ text: Bytes, _ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
        switch text {
        case .none: return body(UnsafeBufferPointer(start: nil, count: 0))
        case .standing(let raw): return json.withBytes(raw, body)
        case .made(var text): return text.withUTF8(body)
        }
    }

    mutating func strings(_ limit: Int) throws(JSONPull.Stop) -> [String] {
        var texts: [String] = []
        guard try enterArray() else { return texts }
        var isFirst = true
        while try json.nextElement(&isFirst) { texts.append(try string(limit)) }
        return texts
    }

    mutating func integer() throws(JSONPull.Stop) -> Int64? {
        switch try json.shape() {
        case .number:
            guard let number = try json.integer() else {
                note(.wrongType)
                return nil
            }
            return number
        case .null: try json.skip()
        default: try skipWrongType()
        }
        return nil
    }

    mutating func hasMembers() throws(JSONPull.Stop) -> Bool {
        var found = false
        guard try enter() else { return found }
        var isFirst = true
        while try json.nextMember(&isFirst) != nil {
            found = true
            try json.skip()
        }
        return found
    }
}
