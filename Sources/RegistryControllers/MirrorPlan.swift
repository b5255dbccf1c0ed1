import Registry

/// The slices that say what a hand-made Endpoints object of a Service without a selector says.
struct MirrorPlan {
    static let maximumAddresses = 1000

    let id: NamespacedName
    let uid: String
    private let labels: [String: String]
    private let annotations: [String: String]
    private let subsets: [EndpointSubset]

    /// A plan for a stored Endpoints object; nil where its labels or annotations keep it from being mirrored.
    init?(_ document: JSONValue, id: NamespacedName) {
        let metadata = document["metadata"] ?? .null
        guard Self.isMirrored(metadata) else { return nil }
        self.id = id
        uid = metadata.text("uid")
        var labels = ControllerLabels.copied(metadata.textMap("labels"))
        labels[EndpointSlice.serviceNameLabel] = id.name
        labels[EndpointSlice.managedByLabel] = ControllerLabels.mirrorController
        self.labels = labels
        var annotations = metadata.textMap("annotations")
        annotations[ControllerLabels.triggerTime] = nil
        annotations[ControllerLabels.lastApplied] = nil
        self.annotations = ControllerLabels.copied(annotations)
        subsets = EndpointSubset.packed(document.list("subsets").map { EndpointSubset($0) })
    }

    /// Whether an object of this metadata is mirrored at all.
    static func isMirrored(_ metadata: JSONValue) -> Bool {
        metadata.textMap("labels")[Endpoints.skipMirrorLabel] != "true"
            && metadata.textMap("annotations")[ControllerLabels.leaderElection] == nil
    }

    /// The changes of the mirrored slices there are; nothing where they are as they should be.
    func changes(of existing: [ManagedSlice]) -> SliceChanges {
        var changes = SliceChanges()
        var rest = Dictionary(grouping: existing.sorted { $0.name < $1.name }) { Group(slice: $0) }
        for content in contents {
            let slices = rest.removeValue(forKey: Group(content)) ?? []
            changes.deletes += slices.dropFirst()
            guard let slice = slices.first else {
                changes.creates.append(content)
                continue
            }
            let isSame =
                slice.labels == content.labels && slice.annotations == content.annotations
                && Set(slice.endpoints) == Set(content.endpoints) && slice.ownerUID == uid
            if !isSame { changes.updates.append(SliceChanges.Update(slice: slice, content: content)) }
        }
        changes.deletes += rest.values.flatMap { $0 }.sorted { $0.name < $1.name }
        changes.recycle(ownerUID: uid)
        return changes
    }

    private struct Group: Hashable {
        let ports: Set<SlicePort>
        let addressType: String

        init(slice: ManagedSlice) {
            ports = Set(slice.ports)
            addressType = slice.addressType
        }

        init(_ content: SliceContent) {
            ports = Set(content.ports)
            addressType = content.addressType.rawValue
        }
    }

    /// What the slices should say: one for each set of ports and family.
    private var contents: [SliceContent] {
        var contents: [SliceContent] = []
        var places: [Group: Int] = [:]
        for subset in subsets {
            var count = 0
            for (addresses, isReady) in [(subset.addresses, true), (subset.notReadyAddresses, false)] {
                for address in addresses where count < Self.maximumAddresses {
                    guard let family = IPAddress(address.ip)?.family else { continue }
                    let empty = SliceContent(
                        labels: labels, annotations: annotations, addressType: family, ports: subset.ports,
                        endpoints: [])
                    let place = places[Group(empty)] ?? contents.count
                    if place == contents.count {
                        places[Group(empty)] = place
                        contents.append(empty)
                    }
                    count += 1
                    guard contents[place].endpoints.count < Self.maximumAddresses else { continue }
                    contents[place].endpoints.append(
                        SliceEndpoint(
                            addresses: [address.ip], isReady: isReady, hostname: address.hostname,
                            nodeName: address.nodeName, target: address.target))
                }
            }
        }
        return contents
    }
}
