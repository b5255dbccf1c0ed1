import Registry

/// The Endpoints object of a Service that selects Pods: labels and subsets as they should be.
struct EndpointsObjectPlan {
    /// More addresses than these are left out (Kubernetes since 1.22).
    static let maximumAddresses = 1000

    let labels: [String: String]
    let subsets: [EndpointSubset]
    let isTruncated: Bool

    init(_ service: EndpointService, pods: [EndpointPod]) {
        labels = ControllerLabels.ofEndpoints(service)
        let family = service.families.first ?? .ipv4
        let isAll = service.publishesNotReadyAddresses
        let parts = pods.compactMap { pod -> EndpointSubset? in
            guard pod.isEndpoint, isAll || !pod.content.isBeingDeleted, let ip = pod.addresses(of: family).first else {
                return nil
            }
            let ports = service.ports(at: pod)
            guard !ports.isEmpty || (service.ports.isEmpty && service.isHeadless) else { return nil }
            let address = SubsetAddress(
                ip: ip, hostname: pod.hostname(under: service), nodeName: pod.content.nodeName,
                target: SliceEndpoint.Target(pod))
            return isAll || pod.content.isReady
                ? EndpointSubset(addresses: [address], ports: ports)
                : EndpointSubset(notReadyAddresses: [address], ports: ports)
        }
        let packed = EndpointSubset.packed(parts)
        let truncated = Self.truncated(packed)
        subsets = truncated ?? packed
        isTruncated = truncated != nil
    }

    /// The document as it should be; the stored one itself where it is so already.
    func document(over stored: JSONValue?, triggerTime: Timestamp?) -> JSONValue {
        var document =
            stored
            ?? .object([
                "apiVersion": .string(ObjectKind.endpoints.apiVersion),
                "kind": .string(ObjectKind.endpoints.rawValue),
            ])
        var metadata = document["metadata"] ?? .object([:])
        var annotations = metadata.textMap("annotations")
        let overCapacity = isTruncated ? "truncated" : nil
        if stored != nil, metadata.textMap("labels") == labels,
            document.list("subsets").map({ EndpointSubset($0) }) == subsets,
            annotations[ControllerLabels.overCapacity] == overCapacity
        {
            return document
        }
        annotations[ControllerLabels.overCapacity] = overCapacity
        annotations[ControllerLabels.triggerTime] = triggerTime?.text
        metadata["labels"] = .map(labels)
        metadata["annotations"] = annotations.isEmpty ? nil : .map(annotations)
        document["metadata"] = metadata
        document["subsets"] = subsets.isEmpty ? nil : .array(subsets.map(\.document))
        return document
    }

    /// A digest of all that the object says: equal ones need no look at the stored document.
    var digest: Int { Self.digest(labels: labels, subsets: subsets, isTruncated: isTruncated) }

    static func digest(labels: [String: String], subsets: [EndpointSubset], isTruncated: Bool) -> Int {
        var hasher = Hasher()
        hasher.combine(labels)
        hasher.combine(subsets)
        hasher.combine(isTruncated)
        return hasher.finalize()
    }

    /// The subsets cut to the most that there may be, each in proportion, ready addresses before others; nil where they
    /// are few enough.
    private static func truncated(_ subsets: [EndpointSubset]) -> [EndpointSubset]? {
        let ready = subsets.reduce(0) { $0 + $1.addresses.count }
        let notReady = subsets.reduce(0) { $0 + $1.notReadyAddresses.count }
        guard ready + notReady > maximumAddresses else { return nil }
        let cutsReady = ready > maximumAddresses
        let room = cutsReady ? maximumAddresses : maximumAddresses - ready
        let total = cutsReady ? ready : notReady
        var left = room
        return subsets.map { subset in
            var subset = subset
            let count = cutsReady ? subset.addresses.count : subset.notReadyAddresses.count
            // Rounded up: the last subset may get less than its share.
            let share = min((count * room + total - 1) / total, left)
            left -= min(share, count)
            if cutsReady {
                subset.addresses = Array(subset.addresses.prefix(share))
                subset.notReadyAddresses = []
            } else {
                subset.notReadyAddresses = Array(subset.notReadyAddresses.prefix(share))
            }
            return subset
        }
    }
}
