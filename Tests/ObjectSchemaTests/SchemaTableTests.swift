import Registry
import Testing

@testable import ObjectSchema

/// The tables of types as they ship, and what their notation refuses.
@Suite struct SchemaTableTests {
    private var fields: [(type: SchemaType, field: SchemaField)] {
        Schema.shared.types.values.flatMap { type in type.fields.map { (type, $0) } }
    }

    @Test func everyKindHasAType() {
        for kind in ObjectKind.allCases {
            let type = Schema.shared.type(of: kind)
            #expect(type?.field("metadata")?.shape == .object("ObjectMeta"), "\(kind)")
            #expect(type?.field("kind")?.number == 0 && type?.field("apiVersion")?.number == 0, "\(kind)")
            #expect((type?.field("status") != nil) == kind.hasStatus, "\(kind)")
        }
    }

    @Test func everyTypeNamedExists() {
        for (type, field) in fields {
            guard let name = field.shape.typeName else { continue }
            #expect(Schema.shared[name] != nil, "\(type.name).\(field.name): \(name)")
        }
    }

    @Test func namesAndNumbersStandOnce() throws {
        for type in Schema.shared.types.values {
            #expect(Set(type.fields.map(\.name)).count == type.fields.count, "\(type.name)")
            for group in Dictionary(grouping: type.fields, by: \.enclosure).values {
                let numbers = group.filter { $0.name != "apiVersion" && $0.name != "kind" || $0.number != 0 }
                    .map(\.number)
                #expect(numbers.allSatisfy { $0 > 0 }, "\(type.name)")
                #expect(Set(numbers).count == numbers.count, "\(type.name)")
            }
            let enclosures = Set(type.fields.compactMap(\.enclosure))
            let own = Set(type.fields.filter { $0.enclosure == nil }.map(\.number))
            #expect(enclosures.isDisjoint(with: own), "\(type.name)")
        }
        let names = Schema.shared.types.values.map(\.openAPIName)
        #expect(Set(names).count == names.count)
        let drafts = try SchemaTable.all.flatMap { try SchemaTypeDraft.drafts(in: $0) }
        #expect(drafts.count == Schema.shared.types.count)
    }

    @Test func keysOfListsAreFieldsOfTheirElements() {
        for (type, field) in fields {
            var keys: [String] = []
            if case .map(let names) = field.listKind { keys += names }
            switch field.patchStrategy {
            case .merge(let key)?, .mergeRetainingKeys(let key)?: keys.append(key)
            default: break
            }
            guard !keys.isEmpty else { continue }
            guard case .list(.object(let name)) = field.shape else {
                Issue.record("\(type.name).\(field.name) has keys, but is no list of objects")
                continue
            }
            for key in keys { #expect(Schema.shared[name]?.field(key) != nil, "\(type.name).\(field.name): \(key)") }
        }
    }

    @Test(arguments: [
        "Namespace", "NamespaceSpec", "NamespaceStatus", "Service", "ServiceSpec", "ServicePort", "ServiceStatus",
        "Endpoints", "EndpointSubset", "EndpointAddress", "EndpointPort", "EndpointSlice", "Endpoint",
        "EndpointConditions", "EndpointSlicePort", "IPAddress", "IPAddressSpec", "ParentReference", "ServiceCIDR",
        "ServiceCIDRSpec", "ServiceCIDRStatus", "Lease", "LeaseSpec", "ObjectMeta", "Pod", "PodSpec", "Container",
    ])
    func typesThatPeopleWriteAreDescribed(_ name: String) throws {
        let type = try #require(Schema.shared[name])
        #expect(!type.description.isEmpty)
        for field in type.fields { #expect(!field.description.isEmpty, "\(name).\(field.name)") }
    }

    @Test func aTableSaysWhatItsWordsMean() throws {
        let schema = try Schema([
            SchemaTable(
                group: "io.example.v1",
                """
                Thing kind atomic
                -- What there is
                -- in two lines.
                  parts 7 [Part]! merge=name keys=name,size -- Its parts.
                  flavour 3 string? named=v1.Flavour
                  tags 4 [string] merge set
                  limits 5 {quantity} atomic
                  inline 2 Source
                Part as OtherPart
                  name 1 string
                  size 2 int64
                Source
                  path 1 string
                """)
        ])
        let thing = try #require(schema["Thing"])
        #expect(thing.description == "What there is in two lines.")
        #expect(thing.isAtomic)
        #expect(thing.fields.map(\.name) == ["apiVersion", "kind", "parts", "flavour", "tags", "limits", "path"])
        #expect(
            thing.field("parts")
                == SchemaField(
                    "parts", number: 7, .list(.object("Part")), isRequired: true, patchStrategy: .merge(key: "name"),
                    listKind: .map(keys: ["name", "size"]), description: "Its parts."))
        #expect(
            thing.field("flavour")
                == SchemaField("flavour", number: 3, .string, valueName: "v1.Flavour", isPointer: true))
        #expect(
            thing.field("tags")
                == SchemaField("tags", number: 4, .list(.string), patchStrategy: .mergeSet, listKind: .set))
        #expect(thing.field("limits") == SchemaField("limits", number: 5, .map(.quantity), isAtomic: true))
        #expect(thing.field("path") == SchemaField("path", number: 1, enclosure: 2, .string))
        #expect(schema["Part"]?.openAPIName == "io.example.v1.OtherPart")
    }

    @Test(arguments: [
        "Thing with a tail", "Thing as", "  part 1 string", "Thing\n  part one string", "Thing\n  part 0 string",
        "Thing\n  part 1 text", "Thing\n  part 1", "Thing\n  part 1 [text]", "Thing\n  part 1 string keys",
        "Thing\n  inline 1 Nothing",
    ])
    func aTableThatSaysNothingIsRefused(_ text: String) {
        #expect(throws: SchemaTable.Malformed.self) {
            try Schema([SchemaTable(group: "io.example.v1", text)])
        }
    }
}
