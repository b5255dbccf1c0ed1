import Registry
import Testing

@testable import RegistryAPI

@Suite("Forms of answers")
struct ResponseFormTests {
    enum Headers {
        static let table = "application/json;as=Table;v=v1;g=meta.k8s.io"
        static let kubectl = "\(table),application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
        static let metadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
        static let protobufMetadata = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

        static let all: [(String, ResponseForm?)] = [
            ("", .object), ("  ", .object), ("*/*", .object), ("application/*", .object),
            ("application/json", .object), ("Application/JSON", .object), ("application/json; charset=utf-8", .object),
            ("application/json;stream=watch", .object), ("application/json;pretty=1", .object),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", .object),
            ("application/vnd.kubernetes.protobuf,application/json", .object),
            ("application/vnd.kubernetes.protobuf, */*", .object),
            ("application/vnd.kubernetes.protobuf", nil), ("application/yaml", nil), ("text/html", nil),
            ("*/json", nil), ("nonsense", nil), (",;,", nil), ("application/json;q=0", nil), ("*/*;q=0.0", nil),
            ("application/yaml,application/json;q=0.1", .object), ("*/*,application/json;q=0", nil),
            ("application/*;q=0,*/*", nil), ("*/*;q=0,application/json", .object),
            ("application/json;as=Table;v=v1;g=meta.k8s.io;q=0,application/json;q=0.1", .object),
            (table, .table(.v1)), (kubectl, .table(.v1)),
            ("application/json;as=Table;v=v1beta1;g=meta.k8s.io", .table(.v1beta1)),
            ("application/json;g=\"meta.k8s.io\"; AS=Table ;v=v1", .table(.v1)),
            ("\(table);q=0.5,application/json", .object), ("application/json;q=0.5,\(table)", .table(.v1)),
            ("*/*,\(table)", .table(.v1)), ("\(table),*/*", .table(.v1)), ("application/*,\(table)", .table(.v1)),
            ("application/json,\(table)", .object), ("\(table);q=nan,application/json;q=0.9", .table(.v1)),
            ("application/json;as=Table;v=v2;g=meta.k8s.io", nil), ("application/json;as=Table;v=v1;g=x", nil),
            ("application/json;as=Chart;v=v1;g=meta.k8s.io,application/json", .object),
            (metadata, .partialMetadata(.v1)),
            ("\(protobufMetadata),\(metadata),application/json", .partialMetadata(.v1)),
            ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", .partialMetadataList(.v1)),
            ("text/plain;x=\"a,\\\"b;\",application/json", .object),
        ]
    }

    @Test("The form that is wanted most is taken", arguments: Headers.all)
    func negotiation(_ header: String, _ expected: ResponseForm?) {
        #expect(ResponseForm(accept: header) == expected)
    }

    @Test("A header without end is read as far as its first ranges")
    func boundedHeader() {
        let endless = String(repeating: "text/html,", count: 5000)
        #expect(ResponseForm(accept: "application/json,\(endless)") == .object)
        #expect(ResponseForm(accept: "\(endless)application/json") == nil)
    }

    @Test("An object of a list of metadata is metadata; other forms are of both")
    func single() {
        #expect(ResponseForm.partialMetadataList(.v1).single == .partialMetadata(.v1))
        for form in [ResponseForm.object, .table(.v1), .partialMetadata(.v1beta1)] { #expect(form.single == form) }
    }

    private let lease = #"""
        {"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"a","resourceVersion":"7"},"spec":{}}
        """#

    @Test("Metadata only: everything else is left out")
    func partialMetadata() throws {
        let document = ResponseForm.partialMetadata(.v1).document(
            of: try jsonTree(lease), kind: .lease, now: testTime, includeObject: .metadata)
        #expect(
            try document
                == jsonTree(
                    #"""
                    {"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata",
                    "metadata":{"name":"a","resourceVersion":"7"}}
                    """#))
    }

    @Test("A table of one object has its version")
    func table() throws {
        let document = try jsonTree(lease)
        let single = ResponseForm.table(.v1).document(of: document, kind: .lease, now: testTime, includeObject: .none)
        #expect(try single["metadata"] == jsonTree(#"{"resourceVersion":"7"}"#))
        #expect(single["rows"]?.elements.count == 1)
    }
}
