import Foundation
import ObjectRules
import Registry

/// The query of a list or a watch (meta/v1 ListOptions), checked.
struct ListOptions: Sendable {
    enum Version: Hashable, Sendable {
        case newest
        /// Any state will do (`resourceVersion=0`).
        case any
        case notOlderThan(ResourceVersion)
        case exactly(ResourceVersion)
    }

    var selector: ObjectSelector
    var version: Version
    var limit: Int?
    var continuation: ContinueToken?
    var isWatch: Bool
    var wantsBookmarks: Bool
    /// nil where the client did not say: the version decides.
    var sendsInitialEvents: Bool?
    var timeoutSeconds: Int?

    /// Whether all objects that the selector lets through are asked for, in one answer.
    var isWhole: Bool { limit == nil && continuation == nil }

    init(_ query: QueryItems, kind: ObjectKind) throws {
        do {
            selector = try ObjectSelector(
                labels: query["labelSelector"] ?? "", fields: query["fieldSelector"] ?? "", kind: kind)
        } catch {
            throw APIStatus.badRequest("\(error)")
        }
        isWatch = query.flag("watch")
        wantsBookmarks = query.flag("allowWatchBookmarks")
        limit = try Self.number(query, "limit").flatMap { $0 > 0 ? $0 : nil }
        timeoutSeconds = try Self.number(query, "timeoutSeconds").flatMap { $0 > 0 ? $0 : nil }
        sendsInitialEvents = query["sendInitialEvents"].map { _ in query.flag("sendInitialEvents") }
        version = try Self.version(query, isWatch: isWatch, sendsInitialEvents: sendsInitialEvents)
        continuation = nil
        if let token = query["continue"], !token.isEmpty {
            guard !isWatch else {
                throw APIStatus.badRequest("the continue parameter is not supported with watch")
            }
            let isVersionGiven = query["resourceVersion"].map { !$0.isEmpty && $0 != "0" } ?? false
            guard !isVersionGiven else {
                throw APIStatus.badRequest("specifying resource version is not allowed when using continue")
            }
            guard let read = ContinueToken(text: token) else {
                throw APIStatus.badRequest("continue key is not valid: it was not given by this server")
            }
            continuation = read
        }
    }

    /// A number that a query gives; nil where it gives none.
    static func number(_ query: QueryItems, _ name: String) throws -> Int? {
        guard let text = query[name], !text.isEmpty else { return nil }
        guard let number = Int(text) else {
            throw APIStatus.badRequest("strconv.ParseInt: parsing \"\(text)\": invalid syntax (\(name))")
        }
        return number
    }

    private static func version(
        _ query: QueryItems, isWatch: Bool, sendsInitialEvents: Bool?
    ) throws -> Version {
        let text = query["resourceVersion"] ?? ""
        let match = query["resourceVersionMatch"] ?? ""
        func invalid(_ path: FieldPath, _ reason: FieldViolation.Reason, value: String? = nil, _ detail: String)
            -> APIStatus
        {
            APIStatus.invalid(options: "ListOptions", [FieldViolation(path, reason, value: value, detail)])
        }
        if sendsInitialEvents != nil {
            guard isWatch else {
                throw invalid("sendInitialEvents", .forbidden, "sendInitialEvents is forbidden for list")
            }
            guard match == "NotOlderThan" else {
                throw invalid(
                    "resourceVersionMatch", .forbidden,
                    "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
            }
        } else if !match.isEmpty {
            guard !isWatch else {
                throw invalid("resourceVersionMatch", .forbidden, "resourceVersionMatch is forbidden for watch")
            }
            guard !text.isEmpty else {
                throw invalid(
                    "resourceVersionMatch", .forbidden,
                    "resourceVersionMatch is forbidden unless resourceVersion is provided")
            }
            guard query["continue"].map(\.isEmpty) ?? true else {
                throw invalid(
                    "resourceVersionMatch", .forbidden, "resourceVersionMatch is forbidden when continue is provided")
            }
            guard match == "Exact" || match == "NotOlderThan" else {
                throw invalid(
                    "resourceVersionMatch", .notSupported, value: match,
                    #"supported values: "Exact", "NotOlderThan", """#)
            }
            guard match != "Exact" || text != "0" else {
                throw invalid(
                    "resourceVersionMatch", .forbidden,
                    #"resourceVersionMatch "exact" is forbidden for resourceVersion "0""#)
            }
        }
        if text.isEmpty { return .newest }
        let version = try version(of: text)
        if version.rawValue == 0 { return .any }
        return match == "Exact" ? .exactly(version) : .notOlderThan(version)
    }

    /// The version that an object to be read is to be no older than; nil where any is good.
    static func objectVersion(_ query: QueryItems) throws -> ResourceVersion? {
        guard let text = query["resourceVersion"], !text.isEmpty, text != "0" else { return nil }
        return try version(of: text)
    }

    private static func version(of text: String) throws -> ResourceVersion {
        guard let number = Int64(text), number >= 0 else {
            let violation = FieldViolation(
                "resourceVersion", .invalid, value: text, "must be a version that this server gave")
            throw APIStatus.badRequest("invalid resource version: \(violation)")
        }
        return ResourceVersion(rawValue: number)
    }
}

/// Where a paged list goes on: the state it is a page of, 0 for the newest, and the last object of the page before.
struct ContinueToken: Hashable, Sendable {
    let version: ResourceVersion
    let after: NamespacedName

    init(version: ResourceVersion, after: NamespacedName) {
        self.version = version
        self.after = after
    }

    /// nil for a text that `text` has not made.
    init?(text: String) {
        guard let bytes = Data(base64Encoded: text), let plain = String(validating: bytes, as: UTF8.self),
            StreamSafeText.isSafe(plain)
        else { return nil }
        let parts = plain.split(separator: "\n", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "v1", let number = Int64(parts[1]), number >= 0, !parts[3].isEmpty else {
            return nil
        }
        version = ResourceVersion(rawValue: number)
        after = NamespacedName(namespace: String(parts[2]), name: String(parts[3]))
    }

    var text: String {
        Data("v1\n\(version.rawValue)\n\(after.namespace)\n\(after.name)".utf8).base64EncodedString()
    }
}
