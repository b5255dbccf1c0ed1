import Registry

/// The form in which objects are answered: as they are, as a table, or their metadata only (Kubernetes API concepts,
/// "Receiving resources as Tables" and "Metadata-only fetches").
///
/// Every form is JSON: the type of each answer is `application/json`.
enum ResponseForm: Hashable, Sendable {
    case object
    case table(MetaVersion)
    case partialMetadata(MetaVersion)
    /// Said of a collection; an object out of it has the form `single`.
    case partialMetadataList(MetaVersion)

    /// The versions of `meta.k8s.io` that forms are written in.
    enum MetaVersion: String, Hashable, Sendable {
        case v1
        case v1beta1

        var apiVersion: String { "meta.k8s.io/\(rawValue)" }
    }

    /// The media types that can be answered.
    static let mediaTypes = ["application/json"]

    /// The form that a client wants most of those that there are; nil where it accepts none. An empty header accepts
    /// everything.
    init?(accept: String) {
        guard !accept.allSatisfy({ $0 == " " || $0 == "\t" }) else {
            self = .object
            return
        }
        for range in AcceptHeader(accept).rangesOfJSON {
            guard let conversion = range.conversion else {
                self = .object
                return
            }
            if let form = Self(conversion) {
                self = form
                return
            }
        }
        return nil
    }

    private init?(_ conversion: AcceptHeader.MediaRange.Conversion) {
        guard conversion.group == "meta.k8s.io", let version = MetaVersion(rawValue: conversion.version) else {
            return nil
        }
        switch conversion.kind {
        case "Table": self = .table(version)
        case "PartialObjectMetadata": self = .partialMetadata(version)
        case "PartialObjectMetadataList": self = .partialMetadataList(version)
        default: return nil
        }
    }

    /// The form of each object where a collection in this form is sent object by object, as a watch does.
    var single: ResponseForm {
        guard case .partialMetadataList(let version) = self else { return self }
        return .partialMetadata(version)
    }
}

extension ResponseForm {
    /// One object in this form; a table of it has one row.
    func document(
        of document: JSONValue, kind: ObjectKind, now: Timestamp, includeObject: TablePrinter.IncludedObject
    ) -> JSONValue {
        switch self {
        case .object:
            return document
        case .table(let version):
            var metadata: [String: JSONValue] = [:]
            metadata["resourceVersion"] = document["metadata"]?["resourceVersion"]
            return TablePrinter(kind: kind, version: version, now: now, includeObject: includeObject)
                .table(of: [document], metadata: .object(metadata))
        case .partialMetadata(let version), .partialMetadataList(let version):
            return version.partialMetadata(of: document)
        }
    }

}

extension ResponseForm.MetaVersion {
    /// An object reduced to its metadata.
    func partialMetadata(of document: JSONValue) -> JSONValue {
        .object([
            "kind": .string("PartialObjectMetadata"), "apiVersion": .string(apiVersion),
            "metadata": document["metadata"] ?? .object([:]),
        ])
    }
}
