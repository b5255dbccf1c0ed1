/// Types of one API group and version in a notation of lines, which is shorter than the values it stands for.
///
/// A line at the margin opens a type; below it each field has a line of its own:
///
///     ServiceSpec
///     -- What a Service is to do.
///       ports 1 [ServicePort] merge=port keys=port,protocol -- The ports it offers.
///       type 4 string named=v1.ServiceType
///       ipFamilyPolicy 17 string? named=v1.IPFamilyPolicy
///
/// * The line of a type: its name, `as NAME` where OpenAPI knows it by another one, `kind` for a whole document (which
///   has `apiVersion` and `kind`), `atomic`.
/// * The line of a field: its name, the number of protobuf, the shape, then what patches and appliers need to know.
///   Shapes: `string`, `bool`, `int32`, `int64`, `quantity`, `time`, `microTime`, `intOrString`, `any`; `[X]` is a list,
///   `{X}` a map, a capital letter begins the name of a type. `!` behind the shape: required. `?`: a pointer.
///   Words: `merge=KEY`, `merge`, `mergeRetainingKeys=KEY`, `retainKeys`, `replace`, `set`, `keys=A,B`, `atomic`,
///   `named=NAME`.
/// * `inline NUMBER TYPE`: the fields of another type, which protobuf keeps in a message of that number.
/// * `-- TEXT` describes what stands before it, over several lines if need be.
struct SchemaTable: Sendable {
    /// A line that the notation does not allow.
    struct Malformed: Error, CustomStringConvertible {
        let line: String
        let reason: String
        var description: String { "schema table: \(reason): \(line)" }
    }

    /// What OpenAPI puts before the names: `io.k8s.api.core.v1`.
    let group: String
    let text: String

    init(group: String, _ text: String) {
        self.group = group
        self.text = text
    }
}

extension Schema {
    /// The types of all kinds that are served.
    package static let shared: Schema = {
        do {
            return try Schema(SchemaTable.all)
        } catch {
            // The tables are literals of this module, and a test reads them.
            preconditionFailure("\(error)")
        }
    }()

    convenience init(_ tables: [SchemaTable]) throws(SchemaTable.Malformed) {
        var drafts: [SchemaTypeDraft] = []
        for table in tables { drafts += try SchemaTypeDraft.drafts(in: table) }
        let byName = Dictionary(drafts.map { ($0.name, $0) }) { first, _ in first }
        var types: [SchemaType] = []
        for draft in drafts { types.append(try draft.type(amid: byName)) }
        self.init(types)
    }
}
