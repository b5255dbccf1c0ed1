import ObjectRules
import Registry
import Testing

@Suite("Status objects")
struct APIStatusTests {
    @Test("Each answer has its code, reason and text", arguments: StatusTables.answers)
    func answer(_ answer: StatusTables.Answer) {
        let document = answer.status.document
        #expect(answer.status.code == answer.code)
        #expect(document["code"] == .integer(Int64(answer.code)))
        #expect(document["reason"]?.string ?? "" == answer.reason)
        #expect(document["message"] == .string(answer.message))
        #expect(document["status"] == .string("Failure"))
        #expect(document["kind"] == .string("Status") && document["apiVersion"] == .string("v1"))
    }

    @Test("Details say what the answer is about", arguments: StatusTables.details)
    func details(_ status: APIStatus, _ expected: String) throws {
        #expect(status.document["details"] == (try json(expected)))
    }

    @Test("A deletion's answer is a success without a code")
    func success() throws {
        let document = APIStatus(deleted: "web", uid: "u", kind: .endpointSlice).document
        #expect(
            document
                == (try json(
                    """
                    {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                    "details": {"name": "web", "group": "discovery.k8s.io", "kind": "endpointslices", "uid": "u"}}
                    """)))
    }

    @Test("A patch is blamed for the object that it makes")
    func patch() throws {
        let status = APIStatus.invalid(
            patchMaking: try json(#"{"spec": {"foo": 1}}"#), "strict decoding error: unknown field \"spec.foo\"")
        let message = #"Invalid value: "{\"spec\":{\"foo\":1}}": strict decoding error: unknown field "spec.foo""#
        #expect(status.code == 422 && status.reason == .invalid)
        #expect(status.message == #" "" is invalid: patch: \#(message)"#)
        #expect(
            status.document["details"]
                == .object([
                    "causes": .array([
                        .object([
                            "reason": .string("FieldValueInvalid"), "message": .string(message),
                            "field": .string("patch"),
                        ])
                    ])
                ]))
    }

    @Test("An apply to an object of a certain uid makes none")
    func missingUID() {
        let status = APIStatus.uidConflict(.service, name: "web", ofMissing: "abc")
        #expect(status.code == 409 && status.reason == .conflict)
        #expect(
            status.message == "Operation cannot be fulfilled on services \"web\": "
                + "uid mismatch: the provided object specified uid abc, and no existing object was found")
    }

    @Test("An expired list can be carried on with")
    func continueToken() {
        let status = APIStatus.continueExpired(token: "t")
        #expect(status.code == 410 && status.document["metadata"]?["continue"] == .string("t"))
        #expect(status.message.hasPrefix("The provided continue parameter is too old to display a consistent list"))
    }

    @Test("Values in messages are shown by their kind")
    func values() {
        let path: FieldPath = "a"
        for (value, expected) in [
            (.string("x"), "\"x\""), (.string(""), "\"\""), (.string("a\"\n\u{1}\\"), "\"a\\\"\\n\\x01\\\\\""),
            (.integer(-1), "-1"), (.bool(true), "true"), (.null, "\"null\""), (.array([.string("x")]), "[\"x\"]"),
        ] as [(JSONValue, String)] {
            #expect(FieldViolation(path, .invalid, of: value, "no").message == "Invalid value: \(expected): no")
        }
        #expect(FieldViolation(path, .required, value: "x").message == "Required value")
        #expect(FieldViolation(path, .duplicate, value: "x").message == "Duplicate value: \"x\"")
        #expect(
            FieldViolation(path, .tooLong, value: "x", "may not be more than 1 bytes").message
                == "Too long: may not be more than 1 bytes")
        #expect(FieldViolation.tooMany(path, count: 2, limit: 1).message == "Too many: 2: must have at most 1 item")
    }
}

enum StatusTables {
    /// A status, and what a client reads of it.
    struct Answer: CustomTestStringConvertible, Sendable {
        let status: APIStatus
        let code: Int
        let reason: String
        let message: String
        var testDescription: String { "\(code) \(reason) \(message)" }

        init(_ status: APIStatus, _ code: Int, _ reason: String, _ message: String) {
            (self.status, self.code, self.reason, self.message) = (status, code, reason, message)
        }
    }

    private static let web = NamespacedName(namespace: "prod", name: "web")
    private static let five = ResourceVersion(rawValue: 5)
    private static let one = ResourceVersion(rawValue: 1)
    private static let violation = FieldViolation("spec.ports", .required)

    static let answers: [Answer] = [
        Answer(.notFound(.service, name: "x"), 404, "NotFound", "services \"x\" not found"),
        Answer(
            .notFound(.endpointSlice, name: "x"), 404, "NotFound",
            "endpointslices.discovery.k8s.io \"x\" not found"),
        Answer(.alreadyExists(.service, name: "x"), 409, "AlreadyExists", "services \"x\" already exists"),
        Answer(
            .generatedNameTaken(.service, name: "x"), 409, "AlreadyExists",
            "services \"x\" already exists, the server was not able to generate a unique name for the object"),
        Answer(
            .conflict(.service, name: "x"), 409, "Conflict",
            "Operation cannot be fulfilled on services \"x\": the object has been modified; "
                + "please apply your changes to the latest version and try again"),
        Answer(
            .uidConflict(.pod, name: "x", wanted: "a", stored: "b"), 409, "Conflict",
            "Operation cannot be fulfilled on pods \"x\": "
                + "Precondition failed: UID in precondition: a, UID in object meta: b"),
        Answer(
            .deletionUIDConflict(.pod, name: "x", wanted: "a", stored: "b"), 409, "Conflict",
            "Operation cannot be fulfilled on pods \"x\": the UID in the precondition (a) does not match the UID in "
                + "record (b). The object might have been deleted and then recreated"),
        Answer(
            .deletionVersionConflict(.pod, name: "x", wanted: "1", stored: "2"), 409, "Conflict",
            "Operation cannot be fulfilled on pods \"x\": the ResourceVersion in the precondition (1) does not match "
                + "the ResourceVersion in record (2). The object might have been modified"),
        Answer(
            .invalid(.service, name: "x", [violation]), 422, "Invalid",
            "Service \"x\" is invalid: spec.ports: Required value"),
        Answer(
            .invalid(.lease, name: "x", [violation, violation, FieldViolation("a", .forbidden, "no")]), 422, "Invalid",
            "Lease.coordination.k8s.io \"x\" is invalid: [spec.ports: Required value, a: Forbidden: no]"),
        Answer(
            .invalid(options: "ListOptions", [violation]), 422, "Invalid",
            "ListOptions.meta.k8s.io \"\" is invalid: spec.ports: Required value"),
        Answer(
            .versionRequired(.lease, name: "x"), 422, "Invalid",
            "leases.coordination.k8s.io \"x\" is invalid: "
                + "metadata.resourceVersion: Invalid value: 0: must be specified for an update"),
        Answer(.forbidden(.service, name: "x", "no"), 403, "Forbidden", "services \"x\" is forbidden: no"),
        Answer(.forbidden(.service, name: "", "no"), 403, "Forbidden", "services is forbidden: no"),
        Answer(.forbidden(path: "/x", "no"), 403, "Forbidden", "forbidden: no"),
        Answer(
            .namespaceTerminating(.service, name: "x", namespace: "n"), 403, "Forbidden",
            "services \"x\" is forbidden: unable to create new content in namespace n because it is being terminated"),
        Answer(
            .undeletable(namespace: "default"), 403, "Forbidden",
            "namespaces \"default\" is forbidden: this namespace may not be deleted"),
        Answer(.badRequest("x"), 400, "BadRequest", "x"),
        Answer(.unauthorized, 401, "Unauthorized", "Unauthorized"),
        Answer(.unknownPath, 404, "NotFound", "the server could not find the requested resource"),
        Answer(
            .methodNotAllowed, 405, "MethodNotAllowed",
            "the server does not allow this method on the requested resource"),
        Answer(
            .notAcceptable(accepted: ["a", "b"]), 406, "NotAcceptable",
            "only the following media types are accepted: a, b"),
        Answer(
            .unsupportedMediaType(accepted: ["a", "b"]), 415, "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: a, b"),
        Answer(
            .requestEntityTooLarge(limit: 3_145_728), 413, "RequestEntityTooLarge",
            "Request entity too large: limit is 3145728"),
        Answer(.tooManyRequests(), 429, "TooManyRequests", "Too many requests, please try again later."),
        Answer(.internalError("x"), 500, "InternalError", "Internal error occurred: x"),
        Answer(.versionOnCreate, 500, "", "resourceVersion should not be set on objects to be created"),
        Answer(
            .serverTimeout(.service, verb: "create"), 500, "ServerTimeout",
            "The create operation against services could not be completed at this time, please try again."),
        Answer(.serviceUnavailable("x"), 503, "ServiceUnavailable", "x"),
        Answer(.timeout("x"), 504, "Timeout", "Timeout: x"),
        Answer(
            .versionTooLarge(five, newest: one), 504, "Timeout",
            "Timeout: Too large resource version: 5, current: 1"),
        Answer(.insufficientStorage("x"), 507, "InsufficientStorage", "x"),
        Answer(.watchExpired, 410, "Expired", "The resourceVersion for the provided watch is too old."),
        Answer(.listExpired, 410, "Expired", "The resourceVersion for the provided list is too old."),
        Answer(.versionTooOld(one, oldest: five), 410, "Expired", "too old resource version: 1 (5)"),
        // What the store says.
        Answer(
            APIStatus(.alreadyExists(ObjectKey(.service, web))), 409, "AlreadyExists",
            "services \"web\" already exists"),
        Answer(APIStatus(.notFound(ObjectKey(.service, web))), 404, "NotFound", "services \"web\" not found"),
        Answer(
            APIStatus(.conflict(ObjectKey(.service, web), expected: one, stored: five)), 409, "Conflict",
            "Operation cannot be fulfilled on services \"web\": the object has been modified; "
                + "please apply your changes to the latest version and try again"),
        Answer(
            APIStatus(.uidMismatch(ObjectKey(.service, web), expected: "a", stored: "b")), 409, "Conflict",
            "Operation cannot be fulfilled on services \"web\": "
                + "Precondition failed: UID in precondition: a, UID in object meta: b"),
        Answer(
            APIStatus(.invalid(ObjectKey(.service, web), [violation])), 422, "Invalid",
            "Service \"web\" is invalid: spec.ports: Required value"),
        Answer(APIStatus(.versionTooOld(one, oldest: five)), 410, "Expired", "too old resource version: 1 (5)"),
        Answer(
            APIStatus(.versionInFuture(five, newest: one)), 504, "Timeout",
            "Timeout: Too large resource version: 5, current: 1"),
        Answer(APIStatus(.unavailable(.full("disk full"))), 507, "InsufficientStorage", "disk full"),
        Answer(
            APIStatus(.unavailable(.damaged("bad page"))), 500, "InternalError", "Internal error occurred: bad page"),
        Answer(
            APIStatus(InvalidObject([violation]), kind: .service, name: "x"), 422, "Invalid",
            "Service \"x\" is invalid: spec.ports: Required value"),
    ]

    /// Statuses whose details clients read.
    static let details: [(APIStatus, String)] = [
        (
            .invalid(.endpointSlice, name: "x", [FieldViolation("a.b", .invalid, of: .integer(0), "no")]),
            """
            {"name": "x", "group": "discovery.k8s.io", "kind": "EndpointSlice",
            "causes": [{"reason": "FieldValueInvalid", "message": "Invalid value: 0: no", "field": "a.b"}]}
            """
        ),
        (
            .notFound(.endpointSlice, name: "x"),
            #"{"name": "x", "group": "discovery.k8s.io", "kind": "endpointslices"}"#
        ),
        (
            .namespaceTerminating(.service, name: "x", namespace: "n"),
            """
            {"name": "x", "kind": "services", "causes": [{"reason": "NamespaceTerminating",
            "message": "namespace n is being terminated", "field": "metadata.namespace"}]}
            """
        ),
        (
            .versionTooLarge(five, newest: one),
            """
            {"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1}
            """
        ),
        (.tooManyRequests(retryAfterSeconds: 2), #"{"retryAfterSeconds": 2}"#),
        (.internalError("x"), #"{"causes": [{"message": "x"}]}"#),
        (APIStatus(deleted: "n", uid: "u", kind: .namespace), #"{"name": "n", "kind": "namespaces", "uid": "u"}"#),
    ]
}
