import Foundation
import Registry
import Testing

@testable import Manifests

@Suite("Manifest scalars")
struct ManifestScalarTests {
    @Test(
        "Plain scalars mean what they mean to Kubernetes (sigs.k8s.io/yaml)",
        arguments: [
            ("", JSONValue.null), ("~", .null), ("null", .null), ("NULL", .null), ("nULL", .string("nULL")),
            ("true", .bool(true)), ("True", .bool(true)), ("yes", .bool(true)), ("On", .bool(true)), ("y", .bool(true)),
            ("false", .bool(false)), ("NO", .bool(false)), ("off", .bool(false)), ("N", .bool(false)),
            ("tRue", .string("tRue")), ("yesterday", .string("yesterday")), ("nginx", .string("nginx")),
            ("0", .integer(0)), ("80", .integer(80)), ("-1", .integer(-1)), ("+5", .integer(5)),
            ("1_000", .integer(1000)),
            ("0x1F", .integer(31)), ("-0x1f", .integer(-31)), ("010", .integer(8)), ("0o17", .integer(15)),
            ("0b101", .integer(5)), ("08", .integer(8)), ("0x", .string("0x")), ("0xg", .string("0xg")),
            ("9223372036854775807", .integer(.max)), ("9223372036854775808", .number(9_223_372_036_854_775_808)),
            ("80.0", .integer(80)), ("8e1", .integer(80)), ("1.5", .number(1.5)), (".5", .number(0.5)),
            ("1.", .integer(1)),
            ("-.5", .number(-0.5)), ("1e999", .string("1e999")), ("1.2.3", .string("1.2.3")), ("-", .string("-")),
            (".", .string(".")), ("+", .string("+")), ("1e", .string("1e")), ("10.96.0.1", .string("10.96.0.1")),
            ("2001-01-01", .string("2001-01-01")), ("12:30", .string("12:30")), ("0x-5", .string("0x-5")),
            ("1-2", .string("1-2")), ("--1", .string("--1")), ("fd00::1", .string("fd00::1")),
        ])
    func resolution(_ text: String, _ value: JSONValue) {
        #expect(ManifestScalar.resolve(text) == value)
    }

    @Test("Numbers that JSON cannot write are none", arguments: [".nan", ".NaN", ".inf", "-.Inf", "+.INF"])
    func notFinite(_ text: String) {
        #expect(ManifestScalar.resolve(text) == nil)
    }

    @Test(
        "Quotes and tags go before what a scalar looks like",
        arguments: [
            ("\"80\"", JSONValue.string("80")), ("'yes'", .string("yes")), ("!!str 80", .string("80")),
            ("! 80", .string("80")), ("!!int \"80\"", .integer(80)), ("!!float 3", .integer(3)),
            ("!!bool \"yes\"", .bool(true)), ("!!null ''", .null), ("!!binary aGk=", .string("hi")),
            ("!mine 80", .string("80")), ("|\n    80\n", .string("80\n")), (">-\n    a\n    b\n", .string("a b")),
        ])
    func tags(_ text: String, _ value: JSONValue) throws {
        var reader = ManifestReader(file: "m.yaml")
        let manifest = """
            apiVersion: v1
            kind: Namespace
            metadata:
              name: x
            extra:
              x: \(text)
            """
        let document = try #require(try reader.read(Array(manifest.utf8)).entries.first).object.document
        #expect(document["extra"]?["x"] == value)
    }

    @Test("What is decoded of base64 is a text like others: one that takes too long to compare is refused")
    func binaryMarks() throws {
        func yaml(_ marks: Int) -> [UInt8] {
            let text = "a" + String(repeating: "\u{301}", count: marks)
            return Array("x: !!binary \(Data(text.utf8).base64EncodedString())\n".utf8)
        }
        #expect(try YAMLText.values(of: yaml(30)).count == 1)
        let error = #expect(throws: YAMLText.Malformed.self) { try YAMLText.values(of: yaml(31)) }
        #expect(error?.reason == "a text has too many combining marks in a row" && error?.line == 1)
    }
}
