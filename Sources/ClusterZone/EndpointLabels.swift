import Registry

/// The names of single endpoints that answer otherwise than before.
struct EndpointLabels {
    struct Label: Hashable {
        let bytes: [UInt8]
        let cluster: String

        init(bytes: [UInt8], cluster: String) {
            self.bytes = bytes
            self.cluster = cluster
        }

        init(_ view: EndpointView, _ place: EndpointView.Place) {
            self.init(bytes: view.label(place), cluster: view.slices[place.slice].sourceCluster)
        }

        func hash(into hasher: inout Hasher) {
            bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
            hasher.combine(cluster)
        }
    }

    /// Those that exist, with the places that go by each, in the order of addresses.
    private(set) var current: [(label: Label, places: [EndpointView.Place])] = []
    private(set) var gone: [Label] = []

    /// - Parameters:
    ///   - places: those that have names now, in order; asked for where there is need.
    ///   - isRest: only those below other clusters.
    init(
        _ old: ClusterZone.View, _ new: ClusterZone.View, _ delta: EndpointDelta, isRest: Bool = false,
        _ places: () -> [EndpointView.Place]
    ) {
        guard old.hasEndpointNames || new.hasEndpointNames else { return }
        if isRest, !(old.endpoints.slices + new.endpoints.slices).contains(where: { !$0.sourceCluster.isEmpty }) {
            return
        }
        // Everything is new where nothing was.
        let isAll = !old.hasEndpointNames || old.endpoints.isEmpty
        var affected: Set<Label> = []
        if !new.hasEndpointNames {
            affected = Set(old.endpoints.places().map { Label(old.endpoints, $0) })
        } else if !isAll {
            for element in delta.elements { affected.insert(Label(bytes: element.label, cluster: element.cluster)) }
        }
        guard isAll || !affected.isEmpty else { return }
        let digests = Set(affected.map { $0.bytes.withUnsafeBytes(EndpointView.digest) })
        var groups: [Label: Int] = [:]
        for place in places() where isAll || digests.contains(new.endpoints.labelDigest(place)) {
            let label = Label(new.endpoints, place)
            if isRest, label.cluster.isEmpty { continue }
            guard isAll || affected.contains(label) else { continue }
            if let group = groups[label] {
                current[group].places.append(place)
            } else {
                groups[label] = current.count
                current.append((label, [place]))
            }
        }
        gone = affected.filter { groups[$0] == nil && !(isRest && $0.cluster.isEmpty) }
    }
}
