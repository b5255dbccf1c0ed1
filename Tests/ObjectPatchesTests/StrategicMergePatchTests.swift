import ObjectPatches
import ObjectSchema
import Registry
import Testing

enum StrategicCases {
    static let service: [PatchCase] = [
        PatchCase(
            "maps merge, null deletes",
            #"{"metadata":{"labels":{"a":"1","b":"2"}},"spec":{"type":"NodePort","clusterIP":"10.0.0.1"}}"#,
            #"{"metadata":{"labels":{"b":null,"c":"3","d":null}},"spec":{"type":"ClusterIP"}}"#,
            #"{"metadata":{"labels":{"a":"1","c":"3"}},"spec":{"type":"ClusterIP","clusterIP":"10.0.0.1"}}"#),
        PatchCase(
            "new maps come without nulls", #"{"metadata":{}}"#, #"{"metadata":{"labels":{"a":"1","b":null}}}"#,
            #"{"metadata":{"labels":{"a":"1"}}}"#),
        PatchCase(
            "ports merge by port",
            #"{"spec":{"ports":[{"port":80,"name":"http"},{"port":443,"name":"https"}]}}"#,
            #"{"spec":{"ports":[{"port":443,"targetPort":8443},{"port":53,"name":"dns"}]}}"#,
            #"""
            {"spec":{"ports":[{"port":80,"name":"http"},{"port":443,"name":"https","targetPort":8443},\#
            {"port":53,"name":"dns"}]}}
            """#
        ),
        PatchCase(
            "a port is removed by $patch: delete",
            #"{"spec":{"ports":[{"port":80,"name":"http"},{"port":443,"name":"https"}]}}"#,
            #"{"spec":{"ports":[{"port":80,"$patch":"delete"}]}}"#,
            #"{"spec":{"ports":[{"port":443,"name":"https"}]}}"#),
        PatchCase(
            "all ports are replaced by $patch: replace",
            #"{"spec":{"ports":[{"port":80,"name":"http"},{"port":443,"name":"https"}]}}"#,
            #"{"spec":{"ports":[{"port":53},{"$patch":"replace"}]}}"#, #"{"spec":{"ports":[{"port":53}]}}"#),
        PatchCase(
            "$setElementOrder orders ports",
            #"{"spec":{"ports":[{"port":80},{"port":443},{"port":53}]}}"#,
            #"{"spec":{"$setElementOrder/ports":[{"port":443},{"port":81},{"port":80}],"ports":[{"port":81}]}}"#,
            #"{"spec":{"ports":[{"port":443},{"port":81},{"port":80},{"port":53}]}}"#),
        PatchCase(
            "what only the server has keeps its place",
            #"{"spec":{"ports":[{"port":1},{"port":2},{"port":3},{"port":4}]}}"#,
            #"{"spec":{"$setElementOrder/ports":[{"port":2},{"port":4}],"ports":[{"port":4,"name":"four"}]}}"#,
            #"{"spec":{"ports":[{"port":1},{"port":2},{"port":3},{"port":4,"name":"four"}]}}"#),
        PatchCase(
            "$setElementOrder alone rearranges",
            #"{"spec":{"ports":[{"port":80},{"port":443}]}}"#,
            #"{"spec":{"$setElementOrder/ports":[{"port":443},{"port":80}]}}"#,
            #"{"spec":{"ports":[{"port":443},{"port":80}]}}"#),
        PatchCase(
            "an order that does not name all of the patch",
            #"{"spec":{"ports":[{"port":80}]}}"#,
            #"{"spec":{"$setElementOrder/ports":[{"port":80}],"ports":[{"port":81}]}}"#, nil),
        PatchCase(
            "an order that the patch does not keep",
            #"{"spec":{"ports":[]}}"#,
            #"{"spec":{"$setElementOrder/ports":[{"port":80},{"port":81}],"ports":[{"port":81},{"port":80}]}}"#, nil),
        PatchCase(
            "a port without its key", #"{"spec":{"ports":[{"port":80}]}}"#, #"{"spec":{"ports":[{"name":"web"}]}}"#,
            nil),
        PatchCase(
            "finalizers merge as a set", #"{"metadata":{"finalizers":["a/1","b/2"]}}"#,
            #"{"metadata":{"finalizers":["b/2","c/3"]}}"#, #"{"metadata":{"finalizers":["a/1","b/2","c/3"]}}"#),
        PatchCase(
            "finalizers are removed by $deleteFromPrimitiveList",
            #"{"metadata":{"finalizers":["a/1","b/2","c/3"]}}"#,
            #"{"metadata":{"$deleteFromPrimitiveList/finalizers":["b/2","x"]}}"#,
            #"{"metadata":{"finalizers":["a/1","c/3"]}}"#),
        PatchCase(
            "finalizers are added, removed and ordered in one patch",
            #"{"metadata":{"finalizers":["a","b","c"]}}"#,
            #"""
            {"metadata":{"$setElementOrder/finalizers":["d","c","a"],\#
            "$deleteFromPrimitiveList/finalizers":["b"],"finalizers":["d"]}}
            """#,
            #"{"metadata":{"finalizers":["d","c","a"]}}"#),
        PatchCase(
            "removing from no list adds none", #"{"metadata":{}}"#,
            #"{"metadata":{"$deleteFromPrimitiveList/finalizers":["b"]}}"#, #"{"metadata":{}}"#),
        PatchCase(
            "owner references merge by uid",
            #"{"metadata":{"ownerReferences":[{"uid":"1","name":"a"}]}}"#,
            #"{"metadata":{"ownerReferences":[{"uid":"2","name":"b"},{"uid":"1","controller":true}]}}"#,
            #"{"metadata":{"ownerReferences":[{"uid":"2","name":"b"},{"uid":"1","name":"a","controller":true}]}}"#),
        PatchCase(
            "other lists are replaced", #"{"spec":{"clusterIPs":["10.0.0.1","fd00::1"]}}"#,
            #"{"spec":{"clusterIPs":["10.0.0.1"]}}"#, #"{"spec":{"clusterIPs":["10.0.0.1"]}}"#),
        PatchCase(
            "a map is replaced by $patch: replace", #"{"spec":{"selector":{"app":"web","tier":"a"}}}"#,
            #"{"spec":{"selector":{"$patch":"replace","app":"new"}}}"#, #"{"spec":{"selector":{"app":"new"}}}"#),
        PatchCase(
            "a map is emptied by $patch: delete", #"{"spec":{"selector":{"app":"web"}}}"#,
            #"{"spec":{"selector":{"$patch":"delete"}}}"#, #"{"spec":{"selector":{}}}"#),
        PatchCase(
            "$patch: merge is what happens anyway", #"{"spec":{"selector":{"app":"web"}}}"#,
            #"""
            {"spec":{"selector":{"$patch":"merge","tier":"a"}}}
            """#, #"{"spec":{"selector":{"app":"web","tier":"a"}}}"#),
        PatchCase(
            "a null removes a list", #"{"spec":{"ports":[{"port":80}]}}"#, #"{"spec":{"ports":null}}"#, #"{"spec":{}}"#),
        PatchCase(
            "another kind of value replaces", #"{"spec":{"ports":[]}}"#, #"{"spec":{"ports":1}}"#,
            #"{"spec":{"ports":1}}"#),
        PatchCase(
            "the patch of kubectl scale's kind",
            #"""
            {"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"}},\#
            "spec":{"ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":80}],\#
            "selector":{"app":"web"}}}
            """#,
            #"""
            {"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"new"}},\#
            "spec":{"$setElementOrder/ports":[{"port":8080}],"ports":[{"name":"http","port":8080,\#
            "targetPort":80},{"$patch":"delete","port":80}]}}
            """#,
            #"""
            {"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"new"}},\#
            "spec":{"ports":[{"name":"http","port":8080,"targetPort":80}],"selector":{"app":"web"}}}
            """#
        ),
    ]

    static let pod: [PatchCase] = [
        PatchCase(
            "containers merge by name, their environment too; what is new comes first",
            #"""
            {"spec":{"containers":[{"name":"web","image":"a:1","env":[{"name":"A","value":"1"}]},{"name":"log",\#
            "image":"l"}]}}
            """#,
            #"{"spec":{"containers":[{"name":"web","image":"a:2","env":[{"name":"B","value":"2"}]}]}}"#,
            #"""
            {"spec":{"containers":[{"name":"web","image":"a:2","env":[{"name":"B","value":"2"},{"name":"A",\#
            "value":"1"}]},{"name":"log","image":"l"}]}}
            """#
        ),
        PatchCase(
            "a volume changes its kind with $retainKeys",
            #"{"spec":{"volumes":[{"name":"data","emptyDir":{}},{"name":"tmp","emptyDir":{}}]}}"#,
            #"{"spec":{"volumes":[{"name":"data","$retainKeys":["name","hostPath"],"hostPath":{"path":"/x"}}]}}"#,
            #"{"spec":{"volumes":[{"name":"data","hostPath":{"path":"/x"}},{"name":"tmp","emptyDir":{}}]}}"#),
        PatchCase(
            "an argument list is replaced",
            #"{"spec":{"containers":[{"name":"web","args":["a","b"]}]}}"#,
            #"{"spec":{"containers":[{"name":"web","args":["c"]}]}}"#,
            #"{"spec":{"containers":[{"name":"web","args":["c"]}]}}"#),
        PatchCase(
            "directives do not stay in new lists", #"{"spec":{}}"#,
            #"""
            {"spec":{"containers":[{"name":"web","env":[{"name":"A","$patch":"delete"}]},{"name":"old",\#
            "$patch":"delete"}]}}
            """#,
            #"{"spec":{"containers":[{"name":"web","env":[]}]}}"#),
        PatchCase(
            "a container without a name", #"{"spec":{"containers":[{"name":"web"}]}}"#,
            #"{"spec":{"containers":[{"image":"x"}]}}"#, nil),
        PatchCase(
            "a list of lists", #"{"spec":{"containers":[{"name":"web"}]}}"#, #"{"spec":{"containers":[["x"]]}}"#, nil),
        PatchCase(
            "a list with elements of two kinds", #"{"spec":{"containers":[{"name":"web"}]}}"#,
            #"{"spec":{"containers":["x",{"name":"y"}]}}"#, nil),
    ]

    static let malformed: [(patch: String, message: String)] = [
        ("[]", "a strategic merge patch must be an object, not an array"),
        (#"{"spec":{"$patch":"explode"}}"#, "unknown patch type: explode in map: map[]"),
        (
            #"{"spec":{"ports":[{"port":1,"$patch":"explode"}]}}"#,
            "unknown patch type: explode in map: map[$patch:explode port:1]"
        ),
        (#"{"spec":{"$setElementOrder/ports":1}}"#, "invalid patch format of setElementOrder list"),
        (#"{"spec":{"$setElementOrder":[]}}"#, "invalid patch format of setElementOrder list"),
        (#"{"spec":{"$deleteFromPrimitiveList/ports":{}}}"#, "invalid patch format of primitive list"),
        (#"{"spec":{"$retainKeys":"type"}}"#, "invalid patch format of retainKeys"),
        (#"{"spec":{"$retainKeys":["type"],"clusterIP":"None"}}"#, "invalid patch format of retainKeys"),
    ]
}

@Suite("Strategic merge patches")
struct StrategicMergePatchTests {
    @Test("of Services", arguments: StrategicCases.service)
    func service(_ expected: PatchCase) throws { try check(expected, kind: .service) }

    @Test("of Pods", arguments: StrategicCases.pod)
    func pod(_ expected: PatchCase) throws { try check(expected, kind: .pod) }

    private func check(_ expected: PatchCase, kind: ObjectKind) throws {
        let type = try #require(Schema.shared.type(of: kind))
        let patch = try json(expected.patch)
        let document = try json(expected.document)
        do {
            let result = try StrategicMergePatch.apply(patch, to: document, type: type, schema: .shared)
            let text = try #require(expected.result, "applied: \(JSONText.text(of: result))")
            #expect(try result == json(text), "\(JSONText.text(of: result))")
        } catch let error as PatchError {
            #expect(expected.result == nil, "\(error)")
            #expect(!error.isMalformed)
        }
    }

    @Test("patches that cannot be read are malformed", arguments: StrategicCases.malformed)
    func malformed(_ patch: String, _ message: String) throws {
        let type = try #require(Schema.shared.type(of: .service))
        let error = #expect(throws: PatchError.self) {
            try StrategicMergePatch.apply(
                json(patch), to: json(#"{"spec":{"ports":[{"port":1}]}}"#), type: type, schema: .shared)
        }
        #expect(error?.message == message)
        #expect(error?.isMalformed == true)
    }

    @Test("an element without its key is named as upstream names it")
    func missingKey() throws {
        let type = try #require(Schema.shared.type(of: .service))
        let error = #expect(throws: PatchError.self) {
            try StrategicMergePatch.apply(
                json(#"{"spec":{"ports":[{"name":"web","targetPort":80}]}}"#),
                to: json(#"{"spec":{"ports":[{"port":1}]}}"#), type: type, schema: .shared)
        }
        #expect(error?.message == "map: map[name:web targetPort:80] does not contain declared merge key: port")
    }

    @Test("a type of one's own: scalars, replaced objects, kinds without a schema")
    func ownSchema() throws {
        let schema = Schema([
            SchemaType(
                name: "Thing", openAPIName: "Thing",
                fields: [
                    SchemaField("set", number: 1, .list(.string), patchStrategy: .mergeSet),
                    SchemaField("whole", number: 2, .object("Part"), patchStrategy: .replace),
                    SchemaField("free", number: 3, .anyObject),
                ]),
            SchemaType(name: "Part", openAPIName: "Part", fields: []),
        ])
        let type = try #require(schema["Thing"])
        let result = try StrategicMergePatch.apply(
            json(#"{"set":["b","a"],"whole":{"x":1},"free":{"a":{"b":1}},"new":{"c":[{"d":1}]}}"#),
            to: json(#"{"set":["a"],"whole":{"y":2},"free":{"a":{"c":2},"l":[1]}}"#), type: type, schema: schema)
        #expect(
            try result
                == json(
                    #"{"set":["b","a"],"whole":{"x":1},"free":{"a":{"b":1,"c":2},"l":[1]},"new":{"c":[{"d":1}]}}"#))
    }
}
