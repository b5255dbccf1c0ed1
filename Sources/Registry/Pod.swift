/// A group of containers with an address of its own (Kubernetes core/v1 Pod); what names and resolv.conf need of it.
package struct Pod: Hashable, Sendable {
    package enum Phase: String, Hashable, Sendable, CaseIterable {
        case pending = "Pending"
        case running = "Running"
        case succeeded = "Succeeded"
        case failed = "Failed"
        case unknown = "Unknown"
    }

    package var metadata: ObjectMetadata
    package var phase: Phase?
    /// The primary address, as written; empty while the Pod has none.
    package var podIP: String
    package var hostname: String
    package var subdomain: String

    package init(metadata: ObjectMetadata, phase: Phase? = nil, podIP: String = "") {
        self.metadata = metadata
        self.phase = phase
        self.podIP = podIP
        hostname = ""
        subdomain = ""
    }

    init(_ reader: FieldReader) {
        metadata = ObjectMetadata(reader.member("metadata"))
        let spec = reader.object("spec")
        let status = reader.object("status")
        phase = status.member("phase").choice(of: Phase.self)
        podIP = status.member("podIP").string() ?? ""
        hostname = spec.member("hostname").string() ?? ""
        subdomain = spec.member("subdomain").string() ?? ""
    }

    /// Whether names are answered for the Pod: finished ones no longer hold their address.
    package var holdsAddress: Bool {
        !podIP.isEmpty && phase != .succeeded && phase != .failed && phase != .unknown
    }
}
