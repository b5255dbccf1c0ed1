import APIClient
import Registry
import Testing

@Suite("Names of kinds and tables of objects")
struct TextTests {
    @Test(
        "Kinds go by plural, singular and short name, with or without their group",
        arguments: [
            ("services", .service), ("Service", .service), ("svc", .service), ("ep", .endpoints), ("NS", .namespace),
            ("endpointslice.discovery.k8s.io", .endpointSlice), ("leases.v1.coordination.k8s.io", .lease),
            ("ip", .ipAddress), ("services.apps", nil), ("", nil), ("servic", nil),
        ] as [(String, ObjectKind?)])
    func kinds(text: String, want: ObjectKind?) {
        #expect(ObjectKind(named: text) == want)
    }

    @Test("No two kinds share a name")
    func uniqueNames() {
        let names = ObjectKind.allCases.flatMap { kind in
            Set([kind.resource, kind.singularName, kind.shortName].compactMap { $0 })
        }
        #expect(Set(names).count == names.count)
        #expect(ObjectKind.allCases.allSatisfy { ObjectKind(named: $0.qualifiedName) == $0 })
    }

    static let table = """
        {"kind":"Table","apiVersion":"meta.k8s.io/v1",
        "columnDefinitions":[{"name":"Name","type":"string","priority":0},{"name":"Type","priority":0},
        {"name":"Age"},{"name":"Selector","priority":1}],
        "rows":[{"cells":["web","ClusterIP","5m","app=web"],"object":{"metadata":{"name":"web","namespace":"prod"}}},
        {"cells":["a-very-long-name",7,null],"object":{"metadata":{"name":"x","namespace":"d"}}},
        {"cells":["e\\u001b[31m","b","c","d"]}]}
        """

    @Test("Columns are aligned as kubectl aligns them, and nothing steers the terminal")
    func alignment() throws {
        let table = try #require(ObjectTable(try JSONText.value(of: Self.table)))
        #expect(
            table.text() == """
                NAME               TYPE        AGE
                web                ClusterIP   5m
                a-very-long-name   7           <none>
                e [31m             b           c

                """)
        #expect(
            table.text(isWide: true, withNamespace: true, kindPrefix: "service/") == """
                NAMESPACE   NAME                       TYPE        AGE      SELECTOR
                prod        service/web                ClusterIP   5m       app=web
                d           service/a-very-long-name   7           <none>   
                            service/e [31m             b           c        d

                """)
        #expect(ObjectTable(.object(["kind": .string("ServiceList")])) == nil)
    }

    @Test("One long cell does not widen every row without end")
    func longCell() throws {
        let long = String(repeating: "x", count: 10_000)
        let table = try #require(
            ObjectTable(
                try JSONText.value(
                    of: """
                        {"kind":"Table","columnDefinitions":[{"name":"A"},{"name":"B"}],
                        "rows":[{"cells":["\(long)","b"]},{"cells":["a","b"]}]}
                        """)))
        let lines = table.text().split(separator: "\n").map { String($0) }
        #expect(lines.map(\.utf8.count) == [513, 10_004, 513])
        #expect(lines[1] == long + "   b")
    }

    @Test("The names of a registration are names, however long the Service's is", arguments: [1, 57, 58, 63])
    func registrationNames(_ length: Int) {
        let name = EndpointRegistration.randomName(for: String(repeating: "s", count: length))
        #expect(NameRules.isLabel(name), "\(name)")
        #expect(name.hasPrefix(String(repeating: "s", count: min(length, 58))))
    }
}
