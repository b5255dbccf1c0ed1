import Foundation
import Testing

@testable import Registry

struct JSONTextTests {
    @Test(
        "Texts are read as Foundation reads them, and written back",
        arguments: [
            "null", "true", "[1,-2,9223372036854775807]", "[1.5,-0.25,1e+300]", #"{"a":{"b":[{},[]]},"c":""}"#,
            #""\u00e9\ud83d\ude00 \"\\\/\b\f\n\r\t""#, " { \"a\" : [ 1 , 2 ] } ", "18446744073709551616",
        ])
    func roundTrip(_ text: String) throws {
        let value = try JSONText.value(of: text)
        #expect(value == (try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))))
        #expect(try JSONText.value(of: JSONText.text(of: value)) == value)
    }

    @Test(
        "Malformed texts are refused with their place",
        arguments: [
            "", "{", "[1,", "[1 2]", "{\"a\"}", "{a:1}", "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"",
            "\"\\udc00\"", "nul", "truefalse", "-", "1.2.3", "[1]]", "\"\u{1}\"", "1e999",
            String(repeating: "[", count: 100_000),
        ])
    func malformed(_ text: String) {
        #expect(throws: JSONText.Malformed.self) { try JSONText.value(of: text) }
    }

    @Test("Equal values have equal texts, and control characters stay text")
    func canonical() throws {
        let value: JSONValue = .object(["b": .integer(1), "a": .string("\u{0}\u{1f}\"\\é")])
        #expect(JSONText.text(of: value) == #"{"a":"\u0000\u001f\"\\é","b":1}"#)
    }

    @Test("Cut and bent texts never trap")
    func fuzz() throws {
        let text = Array(#"{"a":[1,-2.5e3,"x\u00e9\n",null,{"b":true,"c":{}}],"d":"\ud83d\ude00"}"#.utf8)
        for _ in 0..<3000 {
            var bytes = text
            for _ in 0..<Int.random(in: 0..<4) { bytes[Int.random(in: bytes.indices)] = .random(in: 0...255) }
            bytes.removeLast(Int.random(in: 0..<bytes.count))
            _ = try? JSONText.value(of: String(decoding: bytes, as: UTF8.self))
        }
    }
}
