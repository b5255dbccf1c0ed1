import Registry

extension ObjectKind {
    /// The name of one object, lower case: `service`.
    package var singularName: String { rawValue.lowercased() }

    /// The short name that people type: `svc`; nil where there is none.
    package var shortName: String? {
        switch self {
        case .namespace: "ns"
        case .service: "svc"
        case .endpoints: "ep"
        case .pod: "po"
        case .node: "no"
        case .event: "ev"
        case .ipAddress: "ip"
        case .endpointSlice, .serviceCIDR, .lease: nil
        }
    }

    /// The name of one object with its group, as kubectl prints it: `lease.coordination.k8s.io`.
    package var qualifiedName: String { group.isEmpty ? singularName : "\(singularName).\(group)" }

    /// The kind that people name by its plural, singular or short name, with or without `.GROUP` behind.
    package init?(named text: String) {
        let name = text.lowercased()
        let found = Self.allCases.first { kind in
            let names = [kind.resource, kind.singularName, kind.shortName].compactMap { $0 }
            return names.contains(name)
                || (!kind.group.isEmpty
                    && names.contains { name == "\($0).\(kind.group)" || name == "\($0).\(kind.version).\(kind.group)" })
        }
        guard let found else { return nil }
        self = found
    }
}
