import ObjectRules
import Registry
import Testing

@testable import RegistryAPI

@Suite("Lines of a watch")
struct WatchEventsTests {
    private func bookmark(_ form: ResponseForm) throws -> JSONValue {
        let events = WatchEvents(
            kind: .service, selector: try ObjectSelector(labels: "", fields: "", kind: .service), form: form,
            includeObject: .metadata, clock: .system)
        let line = events.bookmark(at: ResourceVersion(rawValue: 7), endsInitialEvents: true)
        let event = try jsonTree(String(decoding: line, as: UTF8.self))
        #expect(event["type"] == .string("BOOKMARK"))
        return event["object"] ?? .null
    }

    private static let metadata = #"""
        {"annotations":{"k8s.io/initial-events-end":"true"},"creationTimestamp":null,"resourceVersion":"7"}
        """#

    @Test(
        "A bookmark has the form that the client asked for",
        arguments: [
            (ResponseForm.object, "Service", "v1"),
            (.partialMetadata(.v1), "PartialObjectMetadata", "meta.k8s.io/v1"),
            (.partialMetadata(.v1beta1), "PartialObjectMetadata", "meta.k8s.io/v1beta1"),
        ])
    func forms(_ form: ResponseForm, _ kind: String, _ apiVersion: String) throws {
        let object = try bookmark(form)
        #expect(object["kind"] == .string(kind) && object["apiVersion"] == .string(apiVersion))
        #expect(try object["metadata"] == jsonTree(Self.metadata))
    }

    @Test("In a watch of tables it is one of an object that says nothing else")
    func table() throws {
        let object = try bookmark(.table(.v1))
        #expect(object["kind"] == .string("Table"))
        #expect(object.value(at: "metadata.resourceVersion") == .string("7"))
        #expect(object["rows"]?.elements.count == 1)
        #expect(try object.value(at: "rows.0.object.metadata") == jsonTree(Self.metadata))
    }
}
