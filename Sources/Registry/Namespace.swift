/// A part of the cluster that Services, slices and Pods live in (Kubernetes core/v1 Namespace).
package struct Namespace: Hashable, Sendable {
    package var metadata: ObjectMetadata

    package init(metadata: ObjectMetadata) {
        self.metadata = metadata
    }

    init(_ reader: FieldReader) {
        metadata = ObjectMetadata(reader.member("metadata"))
    }
}
