import ObjectPatches
import ObjectSchema
import Registry
import Testing

@Suite("Server-side apply")
struct ServerSideApplyTests {
    static let service = """
        {"apiVersion":"v1","kind":"Service","metadata":{"name":"web","labels":{"app":"web"}},
         "spec":{"type":"ClusterIP","selector":{"app":"web"},"ports":[{"name":"http","port":80}]}}
        """

    private func conflict(_ body: () throws -> Void) throws -> ApplyConflict {
        try #require(#expect(throws: ApplyConflict.self) { try body() })
    }

    @Test("an apply makes an object and owns what it names")
    func creation() throws {
        var object = OwnedObject()
        try object.apply(Self.service, by: "kubectl")
        #expect(try object.content == json(Self.service))
        let entry = try json(
            """
            {"manager":"kubectl","operation":"Apply","apiVersion":"v1","time":"1970-01-01T00:00:01Z",
             "fieldsType":"FieldsV1","fieldsV1":{
               "f:metadata":{"f:labels":{"f:app":{}}},
               "f:spec":{
                 "f:ports":{"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:name":{},"f:port":{}}},
                 "f:selector":{},"f:type":{}}}}
            """)
        #expect(object.document?["metadata"]?["managedFields"] == .array([entry]))
    }

    @Test("the same apply again changes nothing, not even the time")
    func again() throws {
        var object = OwnedObject()
        try object.apply(Self.service, by: "kubectl")
        let before = object.document
        try object.apply(Self.service, by: "kubectl")
        #expect(object.document == before)
    }

    @Test("defaults that were filled in stay, and belong to nobody")
    func defaults() throws {
        var object = OwnedObject()
        try object.apply(Self.service, by: "kubectl")
        var document = try #require(object.document)
        document["spec"]?["ports"] = try json(#"[{"name":"http","port":80,"protocol":"TCP","targetPort":80}]"#)
        document["spec"]?["clusterIP"] = .string("10.0.0.1")
        object = OwnedObject(.service, document)
        try object.apply(Self.service, by: "kubectl")
        #expect(object.document == document)
    }

    @Test("what is no longer named is removed")
    func removal() throws {
        var object = OwnedObject()
        try object.apply(
            #"""
            {"metadata":{"name":"web","labels":{"a":"1","b":"2"}},"spec":{"externalName":"x",\#
            "ports":[{"port":80},{"port":443}]}}
            """#,
            by: "one")
        try object.apply(
            #"{"metadata":{"name":"web","labels":{"a":"1"}},"spec":{"ports":[{"port":443}]}}"#, by: "one")
        #expect(
            try object.content
                == json(#"{"metadata":{"name":"web","labels":{"a":"1"}},"spec":{"ports":[{"port":443}]}}"#))
        #expect(
            object.owners == [
                #"""
                one Apply 2 {"f:metadata":{"f:labels":{"f:a":{}}},"f:spec":{"f:ports":{"k:{\"port\":443,\#
                \"protocol\":\"TCP\"}":{".":{},"f:port":{}}}}}
                """#
            ])
        try object.apply(#"{"metadata":{"name":"web"}}"#, by: "one")
        #expect(try object.content == json(#"{"metadata":{"name":"web"}}"#))
        #expect(object.owners == [])
    }

    @Test("what others own, or nobody, is not removed")
    func keptByOthers() throws {
        var object = OwnedObject()
        try object.apply(#"{"metadata":{"name":"web","labels":{"a":"1","b":"2"}}}"#, by: "one")
        try object.apply(#"{"metadata":{"name":"web","labels":{"a":"1"}}}"#, by: "two")
        var document = try #require(object.document)
        document["metadata"]?["labels"]?["c"] = .string("3")
        object.update(document, by: "three")
        try object.apply(#"{"metadata":{"name":"web"}}"#, by: "one")
        #expect(try object.content == json(#"{"metadata":{"name":"web","labels":{"a":"1","c":"3"}}}"#))
        #expect(
            object.owners == [
                #"two Apply 2 {"f:metadata":{"f:labels":{"f:a":{}}}}"#,
                #"three Update 3 {"f:metadata":{"f:labels":{"f:c":{}}}}"#,
            ])
    }

    @Test("fields below one that is no longer named stay where others own them")
    func keptPart() throws {
        var object = OwnedObject()
        try object.apply(#"{"metadata":{"name":"web"},"spec":{"type":"ClusterIP"}}"#, by: "one")
        var document = try #require(object.document)
        document["spec"]?["externalName"] = .string("x")
        object.update(document, by: "two")
        try object.apply(#"{"metadata":{"name":"web"}}"#, by: "one")
        #expect(try object.content == json(#"{"metadata":{"name":"web"},"spec":{"externalName":"x"}}"#))
    }

    @Test("another value of a field that another owns is a conflict")
    func oneConflict() throws {
        var object = OwnedObject()
        try object.update(#"{"metadata":{"name":"web"},"spec":{"type":"ClusterIP"}}"#, by: "kubectl")
        let before = object.document
        let conflict = try conflict {
            try object.apply(#"{"metadata":{"name":"web"},"spec":{"type":"NodePort"}}"#, by: "me")
        }
        #expect(conflict.message == #"Apply failed with 1 conflict: conflict with "kubectl" using v1: .spec.type"#)
        let cause = try #require(conflict.causes.first)
        #expect(conflict.causes.count == 1)
        #expect(cause.message == #"conflict with "kubectl" using v1"#)
        #expect(cause.field == ".spec.type")
        #expect(cause.manager == "kubectl")
        #expect(cause.apiVersion == "v1")
        #expect(object.document == before)
    }

    @Test("several conflicts are told by manager")
    func manyConflicts() throws {
        var object = OwnedObject()
        try object.apply(
            #"{"metadata":{"name":"web","labels":{"a":"1"}},"spec":{"ports":[{"port":80,"name":"x"}]}}"#, by: "two")
        var document = try #require(object.document)
        document["spec"]?["type"] = .string("ClusterIP")
        document["spec"]?["externalName"] = .string("x")
        object.update(document, by: "one")
        let conflict = try conflict {
            try object.apply(
                #"""
                {"metadata":{"name":"web","labels":{"a":"2"}},"spec":{"type":"NodePort","externalName":"y",\#
                "ports":[{"port":80,"name":"y"}]}}
                """#,
                by: "me")
        }
        #expect(
            conflict.message == """
                Apply failed with 4 conflicts: conflicts with "one" using v1:
                - .spec.externalName
                - .spec.type
                conflicts with "two":
                - .metadata.labels.a
                - .spec.ports[port=80,protocol="TCP"].name
                """)
        #expect(conflict.causes.map(\.manager) == ["one", "one", "two", "two"])
    }

    @Test("a conflict with a writer of the status names the subresource")
    func conflictWithSubresource() throws {
        var object = OwnedObject(.node)
        try object.update(#"{"metadata":{"name":"n","labels":{"a":"1"}}}"#, by: "one")
        try object.update(
            #"{"metadata":{"name":"n","labels":{"a":"1"}},"status":{"phase":"a"}}"#, by: "kubelet",
            subresource: "status")
        let conflict = try conflict {
            try object.apply(
                #"{"metadata":{"name":"n"},"status":{"phase":"b"}}"#, by: "me", subresource: "status")
        }
        #expect(
            conflict.message
                == #"""
                Apply failed with 1 conflict: conflict with "kubelet" with subresource "status" using v1: .s\#
                tatus.phase
                """#
        )
    }

    @Test("force takes the fields over")
    func force() throws {
        var object = OwnedObject()
        try object.update(#"{"metadata":{"name":"web"},"spec":{"type":"ClusterIP","externalName":"x"}}"#, by: "kubectl")
        try object.apply(#"{"metadata":{"name":"web"},"spec":{"type":"NodePort"}}"#, by: "me", force: true)
        #expect(
            try object.content == json(#"{"metadata":{"name":"web"},"spec":{"type":"NodePort","externalName":"x"}}"#))
        #expect(
            object.owners == [
                #"me Apply 2 {"f:spec":{"f:type":{}}}"#, #"kubectl Update 1 {"f:spec":{"f:externalName":{}}}"#,
            ])
    }

    @Test("the same value has two owners; who updates it takes it from both")
    func sharing() throws {
        var object = OwnedObject()
        try object.apply(#"{"metadata":{"name":"web"},"spec":{"type":"ClusterIP"}}"#, by: "one")
        try object.apply(#"{"metadata":{"name":"web"},"spec":{"type":"ClusterIP"}}"#, by: "two")
        #expect(
            object.owners == [
                #"one Apply 1 {"f:spec":{"f:type":{}}}"#, #"two Apply 2 {"f:spec":{"f:type":{}}}"#,
            ])
        let conflict = try conflict {
            try object.apply(#"{"metadata":{"name":"web"},"spec":{"type":"NodePort"}}"#, by: "one")
        }
        #expect(conflict.message == #"Apply failed with 1 conflict: conflict with "two": .spec.type"#)
        var document = try #require(object.document)
        document["spec"]?["type"] = .string("NodePort")
        object.update(document, by: "three")
        #expect(object.owners == [#"three Update 4 {"f:spec":{"f:type":{}}}"#])
    }

    @Test("a manager that applies and updates is two owners")
    func twoOperations() throws {
        var object = OwnedObject()
        try object.apply(#"{"metadata":{"name":"web"},"spec":{"type":"ClusterIP"}}"#, by: "me")
        var document = try #require(object.document)
        document["spec"]?["type"] = .string("NodePort")
        object.update(document, by: "me")
        #expect(object.owners == [#"me Update 2 {"f:spec":{"f:type":{}}}"#])
        let conflict = try conflict {
            try object.apply(#"{"metadata":{"name":"web"},"spec":{"type":"ClusterIP"}}"#, by: "me")
        }
        #expect(conflict.message == #"Apply failed with 1 conflict: conflict with "me" using v1: .spec.type"#)
    }

    @Test("lists merge by their keys, protocols being TCP where none is named")
    func keyedLists() throws {
        var object = OwnedObject()
        try object.update(
            #"""
            {"metadata":{"name":"web"},"spec":{"ports":[{"port":53,"protocol":"UDP","name":"dns"},{"port":80,\#
            "protocol":"TCP","name":"http","targetPort":80}]}}
            """#,
            by: "one")
        try object.apply(
            #"""
            {"metadata":{"name":"web"},"spec":{"ports":[{"port":443,"name":"https"},{"port":80,"name":"http"},\#
            {"port":53,"name":"dns-tcp"}]}}
            """#,
            by: "two")
        #expect(
            try object.content?["spec"]?["ports"]
                == json(
                    #"""
                    [{"port":53,"protocol":"UDP","name":"dns"},{"port":443,"name":"https"},{"port":80,\#
                    "protocol":"TCP","name":"http","targetPort":80},{"port":53,"name":"dns-tcp"}]
                    """#
                ))
    }

    @Test("sets of scalars merge, and only one's own are removed")
    func sets() throws {
        var object = OwnedObject()
        try object.update(#"{"metadata":{"name":"web","finalizers":["a/1"]}}"#, by: "one")
        try object.apply(#"{"metadata":{"name":"web","finalizers":["b/2","c/3"]}}"#, by: "two")
        #expect(try object.content?["metadata"]?["finalizers"] == json(#"["a/1","b/2","c/3"]"#))
        try object.apply(#"{"metadata":{"name":"web","finalizers":["c/3"]}}"#, by: "two")
        #expect(try object.content?["metadata"]?["finalizers"] == json(#"["a/1","c/3"]"#))
    }

    @Test("a selector is owned as a whole, and so is a list without keys")
    func atomic() throws {
        var object = OwnedObject()
        try object.apply(
            #"{"metadata":{"name":"web"},"spec":{"selector":{"a":"1"},"externalIPs":["192.0.2.1"]}}"#, by: "one")
        let conflict = try conflict {
            try object.apply(
                #"{"metadata":{"name":"web"},"spec":{"selector":{"b":"2"},"externalIPs":["192.0.2.2"]}}"#, by: "two")
        }
        #expect(conflict.causes.map(\.field) == [".spec.externalIPs", ".spec.selector"])
        try object.apply(#"{"metadata":{"name":"web"},"spec":{"selector":{"b":"2"}}}"#, by: "two", force: true)
        #expect(try object.content?["spec"]?["selector"] == json(#"{"b":"2"}"#))
    }

    @Test("an apply of the status leaves the specification alone, and the other way round")
    func subresource() throws {
        var object = OwnedObject()
        try object.apply(
            #"""
            {"metadata":{"name":"web"},"spec":{"type":"ClusterIP"},\#
            "status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}
            """#,
            by: "me")
        #expect(try object.content == json(#"{"metadata":{"name":"web"},"spec":{"type":"ClusterIP"}}"#))
        try object.apply(
            #"""
            {"metadata":{"name":"web"},"spec":{"type":"NodePort"},\#
            "status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}
            """#,
            by: "me", subresource: "status")
        #expect(
            try object.content
                == json(
                    #"""
                    {"metadata":{"name":"web"},"spec":{"type":"ClusterIP"},\#
                    "status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}
                    """#
                ))
        #expect(
            object.owners == [
                #"me Apply 1 {"f:spec":{"f:type":{}}}"#,
                #"me/status Apply 2 {"f:status":{"f:loadBalancer":{"f:ingress":{}}}}"#,
            ])
    }

    @Test("containers, their variables and volumes merge by name")
    func pod() throws {
        var object = OwnedObject(.pod)
        try object.apply(
            #"""
            {"metadata":{"name":"p"},"spec":{"containers":[{"name":"web","image":"a:1","env":[{"name":"A",\#
            "value":"1"}]}],"volumes":[{"name":"v","emptyDir":{}}]}}
            """#,
            by: "one")
        try object.apply(
            #"""
            {"metadata":{"name":"p"},"spec":{"containers":[{"name":"log","image":"l"},{"name":"web",\#
            "env":[{"name":"B","value":"2"}]}]}}
            """#,
            by: "two")
        #expect(
            try object.content
                == json(
                    #"""
                    {"metadata":{"name":"p"},"spec":{"containers":[{"name":"log","image":"l"},{"name":"web",\#
                    "image":"a:1","env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}],\#
                    "volumes":[{"name":"v","emptyDir":{}}]}}
                    """#
                ))
        try object.apply(
            #"{"metadata":{"name":"p"},"spec":{"containers":[{"name":"web","image":"a:1"}]}}"#, by: "one")
        #expect(
            try object.content
                == json(
                    #"""
                    {"metadata":{"name":"p"},"spec":{"containers":[{"name":"log","image":"l"},{"name":"web",\#
                    "image":"a:1","env":[{"name":"B","value":"2"}]}]}}
                    """#
                ))
    }

    @Test("a changed value is a new time, though the set of fields is the same")
    func times() throws {
        var object = OwnedObject()
        try object.apply(#"{"metadata":{"name":"web"},"spec":{"externalName":"x"}}"#, by: "me")
        try object.apply(#"{"metadata":{"name":"web"},"spec":{"externalName":"y"}}"#, by: "me")
        #expect(object.owners == [#"me Apply 2 {"f:spec":{"f:externalName":{}}}"#])
    }

    @Test("what nobody owns stays beside what is removed, but not within it")
    func unownedFields() throws {
        var object = OwnedObject(.pod)
        try object.apply(
            #"{"metadata":{"name":"p"},"spec":{"hostname":"h","subdomain":"s","securityContext":{"runAsUser":1}}}"#,
            by: "me")
        var document = try #require(object.document)
        document["spec"]?["dnsPolicy"] = .string("ClusterFirst")
        document["spec"]?["securityContext"]?["fsGroup"] = .integer(2)
        object = OwnedObject(.pod, document)
        try object.apply(#"{"metadata":{"name":"p"},"spec":{"hostname":"h"}}"#, by: "me")
        #expect(
            try object.content == json(#"{"metadata":{"name":"p"},"spec":{"hostname":"h","dnsPolicy":"ClusterFirst"}}"#)
        )
    }

    @Test("an element that is removed takes the fields with it that others owned in it")
    func removedElement() throws {
        var object = OwnedObject()
        try object.apply(#"{"metadata":{"name":"web"},"spec":{"ports":[{"port":80},{"port":81}]}}"#, by: "one")
        var document = try #require(object.document)
        document["spec"]?["ports"] = try json(#"[{"port":80,"name":"a"},{"port":81,"name":"b"}]"#)
        object.update(document, by: "two")
        try object.apply(#"{"metadata":{"name":"web"},"spec":{"ports":[{"port":81}]}}"#, by: "one")
        #expect(try object.content?["spec"]?["ports"] == json(#"[{"port":81,"name":"b"}]"#))
        #expect(
            object.owners.last
                == #"two Update 2 {"f:spec":{"f:ports":{"k:{\"port\":81,\"protocol\":\"TCP\"}":{"f:name":{}}}}}"#)
    }

    @Test("who applied in another version is the same owner")
    func otherVersion() throws {
        var object = OwnedObject()
        try object.apply(#"{"metadata":{"name":"web"},"spec":{"externalName":"x"}}"#, by: "me")
        var document = try #require(object.document)
        guard case .array(var entries)? = document["metadata"]?["managedFields"], !entries.isEmpty else {
            Issue.record("no owners")
            return
        }
        entries[0]["apiVersion"] = .string("v1beta1")
        document["metadata"]?["managedFields"] = .array(entries)
        object = OwnedObject(.service, document)
        try object.apply(#"{"metadata":{"name":"web"},"spec":{"type":"ClusterIP"}}"#, by: "me")
        #expect(try object.content == json(#"{"metadata":{"name":"web"},"spec":{"type":"ClusterIP"}}"#))
        #expect(object.owners == [#"me Apply 1 {"f:spec":{"f:type":{}}}"#])
    }

    @Test("an empty object is owned where it means something")
    func emptyObject() throws {
        var object = OwnedObject(.pod)
        let pod = #"{"metadata":{"name":"p"},"spec":{"volumes":[{"name":"v","emptyDir":{"medium":"Memory"}}]}}"#
        try object.apply(pod, by: "me")
        let empty = #"{"metadata":{"name":"p"},"spec":{"volumes":[{"name":"v","emptyDir":{}}]}}"#
        try object.apply(empty, by: "me")
        #expect(try object.content == json(empty))
        #expect(
            object.owners == [
                #"me Apply 2 {"f:spec":{"f:volumes":{"k:{\"name\":\"v\"}":{".":{},"f:emptyDir":{},"f:name":{}}}}}"#
            ])
    }

    @Test(
        "lists come in the order that is applied, others' elements staying behind their neighbours",
        arguments: [
            (["a", "x"], ["n", "a"], ["n", "a", "x"]),
            (["x", "a"], ["n", "a"], ["x", "n", "a"]),
            (["a", "b", "c"], ["c", "a"], ["b", "c", "a"]),
            (["a", "x", "b", "y"], ["b", "a"], ["x", "b", "y", "a"]),
            ([], ["b", "a"], ["b", "a"]),
            (["a"], ["b"], ["a", "b"]),
        ])
    func order(_ live: [String], _ applied: [String], _ result: [String]) throws {
        func document(_ finalizers: [String]) -> JSONValue {
            .object([
                "metadata": .object(["name": .string("web"), "finalizers": .array(finalizers.map { .string($0) })])
            ])
        }
        var object = OwnedObject()
        object.update(document(live), by: "one")
        try object.apply(document(applied), by: "two")
        #expect(object.content?["metadata"]?["finalizers"] == document(result)["metadata"]?["finalizers"])
    }

    @Test("what nobody is known to own belongs to before-first-apply")
    func beforeFirstApply() throws {
        var object = OwnedObject(.service, try json(#"{"metadata":{"name":"web"},"spec":{"type":"ClusterIP"}}"#))
        let conflict = try conflict {
            try object.apply(#"{"metadata":{"name":"web"},"spec":{"type":"NodePort"}}"#, by: "me")
        }
        #expect(
            conflict.message
                == #"Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .spec.type"#)
        try object.apply(#"{"metadata":{"name":"web"},"spec":{"externalName":"x"}}"#, by: "me")
        #expect(
            object.owners == [
                #"me Apply 2 {"f:spec":{"f:externalName":{}}}"#,
                #"before-first-apply Update 2 {"f:spec":{"f:type":{}}}"#,
            ])
    }

    @Test("nulls in a configuration are no fields")
    func nulls() throws {
        var object = OwnedObject()
        try object.update(#"{"metadata":{"name":"web"},"spec":{"type":"ClusterIP"}}"#, by: "one")
        try object.apply(
            #"{"metadata":{"name":"web","creationTimestamp":null},"spec":{"type":null,"ports":null}}"#, by: "me")
        #expect(try object.content == json(#"{"metadata":{"name":"web"},"spec":{"type":"ClusterIP"}}"#))
        #expect(object.owners == [#"one Update 1 {"f:spec":{"f:type":{}}}"#])
    }

    @Test("kubectl goes over from client-side to server-side apply without conflicts about what it applied itself")
    func clientSideApply() throws {
        let applied = #"{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"type":"ClusterIP"}}"#
        var live = try json(applied)
        live["metadata"]?["annotations"] = .object([
            "kubectl.kubernetes.io/last-applied-configuration": .string(applied)
        ])
        var object = OwnedObject()
        object.update(live, by: "kubectl-client-side-apply")
        let new = applied.replacing("ClusterIP", with: "NodePort")
        #expect(throws: ApplyConflict.self) { try object.apply(new, by: "another") }
        try object.apply(new, by: "kubectl")
        #expect(object.document?["spec"]?["type"] == .string("NodePort"))
        #expect(
            object.document?["metadata"]?["annotations"]?["kubectl.kubernetes.io/last-applied-configuration"]
                == .string(JSONText.text(of: try json(new)) + "\n"))
    }

    @Test("kubectl's client-side apply excuses no conflict about what somebody changed since")
    func changedSinceClientSideApply() throws {
        let applied = #"{"apiVersion":"v1","metadata":{"name":"web"},"spec":{"type":"ClusterIP","externalName":"x"}}"#
        var live = try json(applied)
        live["metadata"]?["annotations"] = .object([
            "kubectl.kubernetes.io/last-applied-configuration": .string(applied)
        ])
        live["spec"]?["type"] = .string("LoadBalancer")
        var object = OwnedObject()
        object.update(live, by: "somebody")
        let conflict = try conflict {
            try object.apply(
                #"{"metadata":{"name":"web","annotations":{"a":"b"}},"spec":{"type":"NodePort","externalName":"y"}}"#,
                by: "kubectl")
        }
        #expect(conflict.causes.map(\.field) == [".spec.type"])
    }

    @Test(
        "configurations that cannot be applied",
        arguments: [
            ("[]", "an applied configuration must be an object, not an array"),
            (#"{"metadata":{"managedFields":[{"manager":"a"}]}}"#, "metadata.managedFields must be nil"),
            (
                #"{"spec":{"ports":[{"port":80},{"port":80,"protocol":"TCP"}]}}"#,
                #".spec.ports: duplicate entries for key [port=80,protocol="TCP"]"#
            ),
            (#"{"metadata":{"finalizers":["a","a"]}}"#, #".metadata.finalizers: duplicate entries for key [="a"]"#),
            (
                #"{"metadata":{"ownerReferences":[{"name":"a"}]}}"#,
                #"""
                .metadata.ownerReferences: element 0: associative list with keys has an element that omits all k\#
                eys ["uid"]
                """#
            ),
            (
                #"{"metadata":{"finalizers":[{}]}}"#,
                ".metadata.finalizers: element 0: a list of scalars has an element that is none"
            ),
        ])
    func malformed(_ configuration: String, _ message: String) throws {
        var object = OwnedObject()
        let error = #expect(throws: PatchError.self) { try object.apply(configuration, by: "me") }
        #expect(error?.message == message)
        #expect(error?.isMalformed == true)
    }
}
