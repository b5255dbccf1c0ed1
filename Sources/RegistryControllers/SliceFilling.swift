import Registry

/// Distributes the endpoints of one set of ports over slices, leaving as many slices as possible as they are.
struct SliceFilling {
    private struct Part {
        let slice: ManagedSlice
        var endpoints: [SliceEndpoint]
        var isChanged: Bool
    }

    private let labels: [String: String]
    private let family: IPFamily
    private let ports: [SlicePort]
    private var parts: [Part] = []
    private let existing: [ManagedSlice]
    private(set) var changes = SliceChanges()

    init(labels: [String: String], family: IPFamily, ports: [SlicePort], existing: [ManagedSlice]) {
        self.labels = labels
        self.family = family
        self.ports = ports
        self.existing = existing
    }

    mutating func fill(with desired: [SliceEndpoint]) {
        var rest = keepWhatIsThere(desired)[...]
        fillChanged(with: &rest)
        while !rest.isEmpty {
            if rest.count < EndpointSlicePlan.maximumEndpoints, let place = bestFit(for: rest.count) {
                parts[place].endpoints += rest
                parts[place].isChanged = true
                rest = []
            } else {
                let piece = rest.prefix(EndpointSlicePlan.maximumEndpoints)
                rest = rest.dropFirst(piece.count)
                changes.creates.append(content(Array(piece)))
            }
        }
        for part in parts where part.isChanged {
            changes.updates.append(SliceChanges.Update(slice: part.slice, content: content(part.endpoints)))
        }
    }

    /// Drops and refreshes what stands in the slices; returns what stands in none yet.
    private mutating func keepWhatIsThere(_ desired: [SliceEndpoint]) -> [SliceEndpoint] {
        guard !existing.isEmpty else { return desired.sorted { $0.order < $1.order } }
        var wanted: [SliceEndpoint.Identity: SliceEndpoint] = [:]
        wanted.reserveCapacity(desired.count)
        for endpoint in desired { wanted[endpoint.identity] = endpoint }
        for slice in existing {
            var kept: [SliceEndpoint] = []
            kept.reserveCapacity(slice.endpoints.count)
            var isChanged = slice.labels != labels
            for endpoint in slice.endpoints {
                guard let now = wanted.removeValue(forKey: endpoint.identity) else { continue }
                if now != endpoint { isChanged = true }
                kept.append(now)
            }
            if kept.isEmpty, !slice.endpoints.isEmpty {
                changes.deletes.append(slice)
                continue
            }
            if kept.count != slice.endpoints.count { isChanged = true }
            parts.append(Part(slice: slice, endpoints: kept, isChanged: isChanged))
        }
        return wanted.values.sorted { $0.order < $1.order }
    }

    /// Fills slices that are to be written anyway, the fullest first.
    private mutating func fillChanged(with rest: inout ArraySlice<SliceEndpoint>) {
        let changed = parts.indices.filter { parts[$0].isChanged }.sorted {
            (-parts[$0].endpoints.count, $0) < (-parts[$1].endpoints.count, $1)
        }
        for place in changed {
            let room = EndpointSlicePlan.maximumEndpoints - parts[place].endpoints.count
            guard room > 0, !rest.isEmpty else { continue }
            let piece = rest.prefix(room)
            parts[place].endpoints += piece
            rest = rest.dropFirst(piece.count)
        }
    }

    /// The slice that a number of endpoints fits into with the least room left.
    private func bestFit(for count: Int) -> Int? {
        let fitting = parts.indices.filter {
            !parts[$0].isChanged && parts[$0].endpoints.count + count <= EndpointSlicePlan.maximumEndpoints
        }
        return fitting.max { (parts[$0].endpoints.count, -$0) < (parts[$1].endpoints.count, -$1) }
    }

    private func content(_ endpoints: [SliceEndpoint]) -> SliceContent {
        SliceContent(labels: labels, annotations: nil, addressType: family, ports: ports, endpoints: endpoints)
    }
}

extension SliceEndpoint {
    /// An order for new endpoints, so that equal histories give equal slices.
    fileprivate var order: (String, String) { (target?.name ?? "", addresses.first ?? "") }
}
