import ObjectPatches
import ObjectSchema
import Registry
import Testing

@Suite("Owners of fields after updates")
struct FieldOwnershipUpdateTests {
    static let service = """
        {"apiVersion":"v1","kind":"Service",
         "metadata":{"name":"web","namespace":"prod","uid":"u","creationTimestamp":"2026-01-01T00:00:00Z",
           "annotations":{"example.org/a":"b"}},
         "spec":{"type":"ClusterIP","selector":{"app":"web"},"sessionAffinity":"None",
           "ports":[{"port":80,"protocol":"TCP","targetPort":"http"}]},
         "status":{"loadBalancer":{}}}
        """

    @Test("a creator owns what it wrote, spelt as upstream spells it")
    func creation() throws {
        var object = OwnedObject()
        try object.update(Self.service, by: "kubectl-create")
        let entry = try json(
            """
            {"manager":"kubectl-create","operation":"Update","apiVersion":"v1","time":"1970-01-01T00:00:01Z",
             "fieldsType":"FieldsV1","fieldsV1":{
               "f:metadata":{"f:annotations":{".":{},"f:example.org/a":{}}},
               "f:spec":{
                 "f:ports":{".":{},
                   "k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:port":{},"f:protocol":{},"f:targetPort":{}}},
                 "f:selector":{},"f:sessionAffinity":{},"f:type":{}}}}
            """)
        #expect(object.document?["metadata"]?["managedFields"] == .array([entry]))
        #expect(try object.content == json(Self.service))
    }

    @Test("a Pod's creator owns empty values of pointers, not of lists that are never absent")
    func creationOfPod() throws {
        var object = OwnedObject(.pod)
        try object.update(
            """
            {"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i","resources":{}}],
              "securityContext":{},"volumes":[{"name":"v","emptyDir":{}}]}}
            """, by: "m")
        #expect(
            object.owners == [
                #"""
                m Update 1 {"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:image":{},"f:name":{},\#
                "f:resources":{}}},"f:securityContext":{},"f:volumes":{".":{},"k:{\"name\":\"v\"}":{".":{},\#
                "f:emptyDir":{},"f:name":{}}}}}
                """#
            ])
    }

    @Test("an object that is never absent is not removed by leaving it out")
    func absence() throws {
        var object = OwnedObject(.pod)
        try object.update(#"{"spec":{"containers":[{"name":"c","resources":{}}]}}"#, by: "one")
        let before = object.owners
        try object.update(#"{"spec":{"containers":[{"name":"c"}]}}"#, by: "two")
        #expect(object.owners == before)
    }

    @Test("who changes a field becomes its owner, who only repeats it does not")
    func change() throws {
        var object = OwnedObject()
        try object.update(#"{"metadata":{"name":"a"},"spec":{"type":"ClusterIP","externalName":"x"}}"#, by: "one")
        try object.update(#"{"metadata":{"name":"a"},"spec":{"type":"NodePort","externalName":"x"}}"#, by: "two")
        #expect(
            object.owners == [
                #"one Update 1 {"f:spec":{"f:externalName":{}}}"#, #"two Update 2 {"f:spec":{"f:type":{}}}"#,
            ])
    }

    @Test("a removed field is nobody's, an owner of nothing is gone")
    func removal() throws {
        var object = OwnedObject()
        try object.update(#"{"metadata":{"labels":{"a":"1"}},"spec":{"type":"ClusterIP"}}"#, by: "one")
        try object.update(#"{"metadata":{"labels":{"a":"1","b":"2"}},"spec":{"type":"ClusterIP"}}"#, by: "two")
        try object.update(#"{"metadata":{"labels":{"a":"1"}},"spec":{"type":"ClusterIP"}}"#, by: "three")
        #expect(
            object.owners == [#"one Update 1 {"f:metadata":{"f:labels":{".":{},"f:a":{}}},"f:spec":{"f:type":{}}}"#])
        try object.update(#"{"metadata":{},"spec":{}}"#, by: "three")
        #expect(object.owners == [])
        #expect(object.document?["metadata"]?["managedFields"] == nil)
    }

    @Test("an object whose owners are not known gets none by an update")
    func untracked() throws {
        var object = OwnedObject(.service, try json(#"{"metadata":{"name":"a"},"spec":{"type":"ClusterIP"}}"#))
        try object.update(#"{"metadata":{"name":"a"},"spec":{"type":"NodePort"}}"#, by: "one")
        #expect(object.owners == [])
    }

    @Test("a write that changes nothing changes no owner")
    func noChange() throws {
        var object = OwnedObject()
        try object.update(Self.service, by: "one")
        let before = try #require(object.document)
        object.update(before, by: "two")
        #expect(object.document == before)
        try object.update(Self.service, by: "two")
        #expect(object.document == before)
    }

    @Test("what the server sets is nobody's")
    func serverFields() throws {
        var object = OwnedObject()
        try object.update(
            """
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"a","namespace":"b","uid":"c","resourceVersion":"1",
             "generation":1,"creationTimestamp":"2026-01-01T00:00:00Z","selfLink":"x",
             "deletionTimestamp":"2026-01-01T00:00:00Z","generateName":"a-"},"status":{"loadBalancer":{"ingress":[{}]}}}
            """, by: "one")
        #expect(object.owners == [#"one Update 1 {"f:metadata":{"f:generateName":{}}}"#])
    }

    @Test("writes of the status are an owner of their own, and own the status only")
    func status() throws {
        var object = OwnedObject()
        try object.update(#"{"spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{}}}"#, by: "one")
        try object.update(
            #"{"spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}"#, by: "one",
            subresource: "status")
        #expect(
            object.owners == [
                #"one Update 1 {"f:spec":{"f:type":{}}}"#,
                #"one/status Update 2 {"f:status":{"f:loadBalancer":{"f:ingress":{}}}}"#,
            ])
    }

    @Test("finalizers and owner references are owned one by one, a selector as a whole")
    func lists() throws {
        var object = OwnedObject()
        try object.update(
            #"""
            {"metadata":{"finalizers":["a/1"],"ownerReferences":[{"uid":"1","name":"x"}]},\#
            "spec":{"selector":{"a":"1"}}}
            """#,
            by: "one")
        try object.update(
            #"""
            {"metadata":{"finalizers":["a/1","b/2"],"ownerReferences":[{"uid":"2","name":"y"},{"uid":"1",\#
            "name":"x"}]},"spec":{"selector":{"a":"1","b":"2"}}}
            """#,
            by: "two")
        #expect(
            object.owners == [
                #"""
                one Update 1 {"f:metadata":{"f:finalizers":{".":{},"v:\"a/1\"":{}},"f:ownerReferences":{".":{},\#
                "k:{\"uid\":\"1\"}":{}}}}
                """#,
                #"""
                two Update 2 {"f:metadata":{"f:finalizers":{"v:\"b/2\"":{}},\#
                "f:ownerReferences":{"k:{\"uid\":\"2\"}":{}}},"f:spec":{"f:selector":{}}}
                """#,
            ])
    }

    @Test("more than ten updaters: the oldest become one")
    func cap() throws {
        var object = OwnedObject()
        for number in 1...12 {
            var new = object.document ?? .object(["metadata": .object(["labels": .object([:])])])
            new["metadata"]?["labels"]?["l\(number)"] = .string("x")
            object.update(new, by: "m\(number)")
        }
        #expect(object.owners.count == 10)
        #expect(
            object.owners.first
                == #"ancient-changes Update 3 {"f:metadata":{"f:labels":{".":{},"f:l1":{},"f:l2":{},"f:l3":{}}}}"#)
        #expect(object.owners.last == #"m12 Update 12 {"f:metadata":{"f:labels":{"f:l12":{}}}}"#)
    }

    @Test("an empty list of owners, or one empty entry, forgets them", arguments: ["[]", "[{}]"])
    func reset(_ sent: String) throws {
        var object = OwnedObject()
        try object.update(Self.service, by: "one")
        var new = try #require(object.document)
        new["metadata"]?["managedFields"] = try json(sent)
        object.update(new, by: "two")
        #expect(object.owners == [])
    }

    @Test("a client may edit the owners, as kubectl does on its way to server-side apply")
    func editing() throws {
        var object = OwnedObject()
        try object.update(#"{"spec":{"type":"ClusterIP"}}"#, by: "kubectl-client-side-apply")
        var new = try #require(object.document)
        guard case .array(let entries)? = new["metadata"]?["managedFields"], var entry = entries.first else {
            Issue.record("no owners")
            return
        }
        entry["manager"] = .string("kubectl")
        entry["operation"] = .string("Apply")
        let garbage = try [
            "1", #"{"manager":"x"}"#,
            #"{"manager":"x","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"spec":1}}"#,
        ].map(json)
        new["metadata"]?["managedFields"] = .array([entry] + garbage)
        object.update(new, by: "kubectl-patch")
        #expect(object.owners == [#"kubectl Apply 1 {"f:spec":{"f:type":{}}}"#])
    }

    @Test("owners that say nothing sensible, or are sent with a subresource, leave the stored ones")
    func ignoredEdits() throws {
        var object = OwnedObject()
        try object.update(#"{"spec":{"type":"ClusterIP"}}"#, by: "one")
        let before = object.owners
        var new = try #require(object.document)
        new["metadata"]?["managedFields"] = try json(#"[{"manager":"x","operation":"Sing"}]"#)
        object.update(new, by: "two")
        #expect(object.owners == before)
        new["metadata"]?["managedFields"] = try json("[]")
        object.update(new, by: "two", subresource: "status")
        #expect(object.owners == before)
    }

    @Test("without a schema objects are owned by member, lists as a whole")
    func noSchema() throws {
        let document = FieldOwnership.update(
            live: nil, new: try json(#"{"spec":{"a":{"b":1},"l":[{"c":1}]}}"#), type: nil, schema: Schema([]),
            manager: "m", subresource: nil, apiVersion: "v1", now: Timestamp(milliseconds: 0))
        guard case .array(let entries)? = document["metadata"]?["managedFields"] else {
            Issue.record("no owners")
            return
        }
        #expect(
            try entries.first?["fieldsV1"] == json(#"{"f:spec":{".":{},"f:a":{".":{},"f:b":{}},"f:l":{}}}"#))
    }

    @Test(
        "states are equal that differ in the times of owners and in the version",
        arguments: [
            (
                #"{"metadata":{"resourceVersion":"1","managedFields":[{"manager":"a","time":"x"}]}}"#,
                #"{"metadata":{"resourceVersion":"2","managedFields":[{"manager":"a","time":"y"}]}}"#, true
            ),
            (#"{"metadata":{"resourceVersion":"1"}}"#, #"{"metadata":{}}"#, true),
            (
                #"{"metadata":{"managedFields":[{"manager":"a"}]}}"#,
                #"{"metadata":{"managedFields":[{"manager":"a","time":"y"}]}}"#, true
            ),
            (
                #"{"metadata":{"managedFields":[{"manager":"a"}]}}"#,
                #"{"metadata":{"managedFields":[{"manager":"b"}]}}"#, false
            ),
            (#"{"metadata":{"managedFields":[{"manager":"a"}]}}"#, #"{"metadata":{}}"#, false),
            (#"{"metadata":{"labels":{"a":"b"}}}"#, #"{"metadata":{}}"#, false),
            (#"{"metadata":{},"spec":{}}"#, #"{"metadata":{}}"#, false),
            (#"{"spec":{"a":1}}"#, #"{"spec":{"a":2}}"#, false),
            (#"{"a":1}"#, #"1"#, false),
        ])
    func equality(_ one: String, _ other: String, _ isEqual: Bool) throws {
        #expect(try FieldOwnership.isEqual(json(one), json(other)) == isEqual)
        #expect(try FieldOwnership.isEqual(json(other), json(one)) == isEqual)
    }
}
