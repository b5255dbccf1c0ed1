import Registry
import TestSupport
import Testing

@testable import ObjectSchema

/// Bodies that clients send as protobuf.
@Suite struct ProtobufTests {
    /// Bodies as kubectl 1.32 sends them for `create namespace` and `create service`.
    private static let captured: [(String, String, String)] = [
        (
            "6b3873000a0f0a02763112094e616d657370616365121c0a140a0473686f7012001a0022002a0032003800420012001a020a00"
                + "1a002200", "Namespace", #"{"metadata":{"name":"shop"}}"#
        ),
        (
            "6b3873000a0d0a0276311207536572766963651290010a1f0a0377656212001a0022002a003200380042005a0a0a0361707012"
                + "0377656212690a1d0a0738302d38303830120354435018502207080010903f1a002880eb010a240a093434332d687474707312"
                + "0354435018bb03220b080110001a0568747470732880eb01120a0a0361707012037765621a0022084e6f6465506f72743a0042"
                + "0052005a00600068001a020a001a002200",
            "Service",
            #"{"metadata":{"labels":{"app":"web"},"name":"web"},"spec":{"ports":[{"name":"80-8080","nodePort":30080,"#
                + #""port":80,"protocol":"TCP","targetPort":8080},{"name":"443-https","nodePort":30080,"port":443,"#
                + #""protocol":"TCP","targetPort":"https"}],"selector":{"app":"web"},"type":"NodePort"}}"#
        ),
        (
            "6b3873000a0d0a02763112075365727669636512640a1d0a02686c12001a0022002a003200380042005a090a03617070120268"
                + "6c123f0a150a023533120354435018352206080010351a00280012090a036170701202686c1a044e6f6e652209436c75737465"
                + "7249503a00420052005a00600068001a020a001a002200",
            "Service",
            #"{"metadata":{"labels":{"app":"hl"},"name":"hl"},"spec":{"clusterIP":"None","ports":[{"name":"53","#
                + #""port":53,"protocol":"TCP","targetPort":53}],"selector":{"app":"hl"},"type":"ClusterIP"}}"#
        ),
    ]

    @Test(arguments: captured)
    func bodiesOfKubectlAreRead(_ digits: String, _ kind: String, _ document: String) throws {
        let envelope = try ProtobufEnvelope.read(bytes(digits))
        #expect(envelope.apiVersion == "v1")
        #expect(envelope.kind == kind)
        let type = try #require(Schema.shared[kind])
        #expect(JSONText.text(of: try Schema.shared.document(fromProtobuf: envelope.raw, as: type)) == document)
    }

    private func bytes(_ digits: String) -> [UInt8] {
        let digits = Array(digits)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }

    private func read(_ type: String, _ build: (inout WireWriter) -> Void) throws -> String {
        let type = try #require(Schema.shared[type])
        return JSONText.text(of: try Schema.shared.document(fromProtobuf: WireWriter.message(build), as: type))
    }

    @Test func everyTypeIsReadBackAsItWasWritten() throws {
        var samples = SampleDocuments(generator: .announced())
        var met: Set<String> = []
        for type in Schema.shared.types.values.sorted(by: { $0.name < $1.name }) {
            for _ in 0..<20 {
                let document = samples.document(of: type)
                let bytes = WireWriter.message(of: document, type: type)
                #expect(try Schema.shared.document(fromProtobuf: bytes, as: type) == document, "\(type.name)")
                // What protobuf says is what JSON says.
                let read = try Schema.shared.read(document, as: type)
                #expect(read == ReadDocument(document: document, strictErrors: []), "\(type.name)")
                if case .object(let members) = document { met.formUnion(members.keys.map { "\(type.name).\($0)" }) }
            }
        }
        let fields = Schema.shared.types.values.flatMap { type in
            type.fields.filter { $0.number > 0 }.map { "\(type.name).\($0.name)" }
        }
        #expect(met == Set(fields))
    }

    @Test func theLastScalarCountsMessagesMergeAndListsJoin() throws {
        let text = try read("Service") { service in
            service.put(
                2,
                WireWriter.message {
                    $0.put(3, "10.96.0.1"); $0.put(18, "10.96.0.1"); $0.put(9, "10.0.0.0/8")
                })
            service.put(
                2,
                WireWriter.message {
                    $0.put(3, "None"); $0.put(18, "fd00::1"); $0.put(4, "ClusterIP")
                })
            service.put(2, WireWriter.message { $0.put(4, "") })
        }
        #expect(
            text == #"{"spec":{"clusterIP":"None","clusterIPs":["10.96.0.1","fd00::1"],"#
                + #""loadBalancerSourceRanges":["10.0.0.0/8"]}}"#)
    }

    @Test func zeroValuesOfPointersAreValues() throws {
        let text = try read("ServiceSpec") { spec in
            spec.put(12, 0)
            spec.put(13, 0)
            spec.put(20, 0)
            spec.put(21, "")
            spec.put(14, [])
        }
        #expect(text == #"{"allocateLoadBalancerNodePorts":false,"loadBalancerClass":"","sessionAffinityConfig":{}}"#)
    }

    @Test func numbersMayStandTogether() throws {
        let text = try read("PodSecurityContext") { context in
            context.put(4, 7)
            context.put(
                4,
                WireWriter.message {
                    $0.varint(8); $0.varint(UInt64(bitPattern: -1))
                })
        }
        #expect(text == #"{"supplementalGroups":[7,8,-1]}"#)
    }

    @Test func unknownFieldsArePassedOver() throws {
        let text = try read("NamespaceCondition") { condition in
            condition.put(99, "x")
            condition.put(98, 7)
            condition.varint(97 << 3 | 1)
            for _ in 0..<8 { condition.varint(0) }
            condition.varint(96 << 3 | 5)
            for _ in 0..<4 { condition.varint(0) }
            // A group within a group.
            for key: UInt64 in [95 << 3 | 3, 94 << 3 | 3, 94 << 3 | 4, 95 << 3 | 4] { condition.varint(key) }
            condition.put(1, "Ready")
        }
        #expect(text == #"{"type":"Ready"}"#)
    }

    private static let faults: [(String, [UInt8], ProtobufError)] = [
        ("Service", [0x0a], ProtobufError(reason: .truncated, place: "Service")),
        ("Service", [0x0a, 0x05, 0x00], ProtobufError(reason: .truncated, place: "Service")),
        (
            "Service", [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            ProtobufError(reason: .truncated, place: "Service")
        ),
        (
            "Service", Array(repeating: 0xff, count: 11),
            ProtobufError(reason: .overlongNumber, place: "Service")
        ),
        ("Service", [0x00, 0x00], ProtobufError(reason: .illegalKey(0), place: "Service")),
        ("Service", [0x0f], ProtobufError(reason: .illegalKey(15), place: "Service")),
        ("Service", [0x0c], ProtobufError(reason: .illegalKey(12), place: "Service")),
        ("Service", [0x0b], ProtobufError(reason: .truncated, place: "Service")),
        ("Service", [0x08, 0x01], ProtobufError(reason: .wrongWireType(0), place: "Service.metadata")),
        ("ServiceSpec", [0x1a, 0x01, 0xff], ProtobufError(reason: .notUTF8, place: "ServiceSpec.clusterIP")),
        (
            "ObjectMeta", [0x42, 0x02, 0x08, 0xff],
            ProtobufError(reason: .truncated, place: "ObjectMeta.creationTimestamp")
        ),
        (
            "ObjectMeta", [0x42, 0x08, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
            ProtobufError(reason: .timeOutOfRange, place: "ObjectMeta.creationTimestamp")
        ),
        (
            "ManagedFieldsEntry", [0x3a, 0x03, 0x0a, 0x01, 0x7b],
            ProtobufError(reason: .malformedJSON, place: "ManagedFieldsEntry.fieldsV1")
        ),
    ]

    @Test(arguments: faults)
    func faultsAreNamedWithTheirPlace(_ type: String, _ bytes: [UInt8], _ error: ProtobufError) throws {
        let type = try #require(Schema.shared[type])
        #expect(throws: error) { try Schema.shared.document(fromProtobuf: bytes, as: type) }
    }

    @Test(arguments: [[], [0x6b], Array("{}".utf8), [0x6b, 0x38, 0x73, 0x01]] as [[UInt8]])
    func bodiesWithoutTheMagicAreRefused(_ bytes: [UInt8]) {
        #expect(throws: ProtobufError(reason: .noEnvelope, place: "runtime.Unknown")) {
            try ProtobufEnvelope.read(bytes)
        }
    }

    /// As many elements as a body has room for, each in a field of its own; joining them must not cost their square.
    @Test func aFieldMayStandAHundredThousandTimes() throws {
        let count = 100_000
        let spec = WireWriter.message { spec in
            for index in 0..<count {
                spec.put(18, "")
                spec.put(1, [])
                spec.put(2, WireWriter.message { $0.put(1, "\(index)") })
                spec.put(14, [])
            }
        }
        let type = try #require(Schema.shared["ServiceSpec"])
        let document = try Schema.shared.document(fromProtobuf: spec, as: type)
        #expect(document["clusterIPs"] == .array(Array(repeating: .string(""), count: count)))
        #expect(document["ports"] == .array(Array(repeating: .object([:]), count: count)))
        guard case .object(let selector)? = document["selector"] else {
            Issue.record("no selector")
            return
        }
        #expect(selector.count == count)
    }

    /// Hostile bytes give an error or a document, never a trap, and no document larger than they pay for.
    @Test func mutatedMessagesDoNotTrap() throws {
        var samples = SampleDocuments(generator: .announced())
        var refused = 0
        var read = 0
        for kind in ObjectKind.allCases {
            let type = try #require(Schema.shared.type(of: kind))
            for _ in 0..<300 {
                let message = WireWriter.message(of: samples.document(of: type, depth: 1), type: type)
                let bytes = samples.mutated(message)
                do {
                    let document = try Schema.shared.document(fromProtobuf: bytes, as: type)
                    #expect(JSONText.text(of: document).utf8.count <= 40 * (bytes.count + 1))
                    read += 1
                } catch {
                    refused += 1
                }
                _ = try? ProtobufEnvelope.read([0x6b, 0x38, 0x73, 0x00] + bytes)
            }
        }
        #expect(refused > 0 && read > 0)
    }
}

extension SampleDocuments {
    /// The bytes with a few of them changed, taken out, doubled or cut off.
    fileprivate mutating func mutated(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            guard let place = bytes.indices.randomElement(using: &generator) else { return [0xff] }
            switch Int.random(in: 0...5, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
            case 4: bytes.removeSubrange(place...)
            default: bytes += bytes[place...].prefix(64)
            }
        }
        return bytes
    }
}
