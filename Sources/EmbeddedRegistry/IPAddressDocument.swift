import AddressAllocator
import Registry

/// Allocations as objects: an IPAddress *is* the allocation of its address (networking.k8s.io/v1 IPAddress).
package enum IPAddressDocument {
    private static let manager = "ipallocator.k8s.io"
    private static let managerLabel = "ipaddress.kubernetes.io/managed-by"

    /// Whether an object says that the registry has given its address; those of others are left alone.
    package static func isManaged(_ document: JSONValue) -> Bool {
        document["metadata"]?["labels"]?[managerLabel]?.string == manager
    }

    static func key(of address: IPAddress) -> ObjectKey {
        ObjectKey(.ipAddress, NamespacedName(namespace: "", name: "\(address)"))
    }

    /// The object by which a Service holds an address.
    static func document(of address: IPAddress, owner: NamespacedName) -> JSONValue {
        .object([
            "apiVersion": .string(ObjectKind.ipAddress.apiVersion), "kind": .string(ObjectKind.ipAddress.rawValue),
            "metadata": .object([
                "name": .string("\(address)"),
                "labels": .object([
                    "ipaddress.kubernetes.io/ip-family": .string(address.family.rawValue),
                    managerLabel: .string(manager),
                ]),
            ]),
            "spec": .object([
                "parentRef": .object([
                    "resource": .string(ObjectKind.service.resource), "namespace": .string(owner.namespace),
                    "name": .string(owner.name),
                ])
            ]),
        ])
    }

    /// What an address belongs to: group (empty for the core group), resource, namespace and name.
    static func parent(in document: JSONValue) -> [String] {
        ["group", "resource", "namespace", "name"].map { document["spec"]?["parentRef"]?[$0]?.string ?? "" }
    }

    /// The Service that the registry has given the address to; nil for a claim of a user's, whatever that says.
    static func owner(of stored: StoredObject) -> NamespacedName? {
        guard stored.feeder == RegistryStore.ownFeeder, let parent = stored.document["spec"]?["parentRef"],
            let namespace = parent["namespace"]?.string, let name = parent["name"]?.string
        else { return nil }
        return NamespacedName(namespace: namespace, name: name)
    }

    /// Who holds an address that an object of a user's own claims: nobody that a Service could be.
    static func stranger(_ address: IPAddress) -> NamespacedName {
        NamespacedName(namespace: "", name: "IPAddress \(address)")
    }
}

/// Ranges as objects (networking.k8s.io/v1 ServiceCIDR).
struct ServiceCIDRDocument {
    /// The name of the object for the ranges that the server was started with.
    static let defaultName = "kubernetes"
    static let finalizer = "networking.k8s.io/service-cidr-finalizer"

    private(set) var document: JSONValue

    init(_ document: JSONValue) {
        self.document = document
    }

    /// The object for the ranges of the settings.
    init(ranges: [CIDR]) {
        document = .object([
            "apiVersion": .string(ObjectKind.serviceCIDR.apiVersion),
            "kind": .string(ObjectKind.serviceCIDR.rawValue),
            "metadata": .object([
                "name": .string(Self.defaultName), "finalizers": .array([.string(Self.finalizer)]),
            ]),
            "spec": .object(["cidrs": .array(ranges.map { .string("\($0)") })]),
        ])
    }

    var cidrs: [CIDR] {
        guard case .array(let texts)? = document["spec"]?["cidrs"] else { return [] }
        return texts.compactMap { $0.string.flatMap { CIDR($0) } }
    }

    var isBeingDeleted: Bool { document["metadata"]?["deletionTimestamp"] != nil }

    /// How long a range that is being removed stays at least, in milliseconds, as upstream's controller has it: whoever
    /// gives addresses by what he has read of it comes to know.
    static let removalGrace: Int64 = 10_000

    /// From when on a range that is being removed may go; nil where that is not said.
    var removalEnd: Timestamp? {
        document["metadata"]?["deletionTimestamp"]?.string.flatMap { Timestamp(rfc3339: $0) }?
            .advanced(byMilliseconds: Self.removalGrace)
    }

    /// The ranges that addresses may lie in: all but a network too large or too small.
    var ranges: [AddressRange] { cidrs.compactMap { try? AddressRange($0) } }

    /// The ranges that addresses are given from: none of one that is being removed.
    var usableRanges: [AddressRange] { isBeingDeleted ? [] : ranges }

    mutating func setNetworks(_ cidrs: [CIDR]) {
        document["spec"]?["cidrs"] = .array(cidrs.map { .string("\($0)") })
    }

    /// Holds the object until its addresses are elsewhere.
    mutating func addFinalizer() {
        var finalizers: [JSONValue] = []
        if case .array(let given)? = document["metadata"]?["finalizers"] { finalizers = given }
        guard !finalizers.contains(.string(Self.finalizer)) else { return }
        document["metadata"]?["finalizers"] = .array(finalizers + [.string(Self.finalizer)])
    }

    mutating func removeFinalizer() {
        guard case .array(let given)? = document["metadata"]?["finalizers"] else { return }
        let rest = given.filter { $0 != .string(Self.finalizer) }
        document["metadata"]?["finalizers"] = rest.isEmpty ? nil : .array(rest)
    }

    var hasFinalizers: Bool {
        if case .array(let given)? = document["metadata"]?["finalizers"] { return !given.isEmpty }
        return false
    }

    /// Says whether addresses are given from the ranges.
    mutating func setReady(_ isReady: Bool, at now: Timestamp) {
        var condition: [String: JSONValue] = [
            "type": .string("Ready"), "status": .string(isReady ? "True" : "False"),
            "reason": .string(isReady ? "" : "Terminating"),
            "message": .string(
                isReady
                    ? "Kubernetes Service CIDR is ready"
                    : "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new "
                        + "ServiceCIDR"),
            "lastTransitionTime": .string(now.text),
        ]
        var others: [JSONValue] = []
        if case .array(let given)? = document["status"]?["conditions"] {
            for former in given {
                guard former["type"]?.string == "Ready" else {
                    others.append(former)
                    continue
                }
                if former["status"] == condition["status"] {
                    condition["lastTransitionTime"] = former["lastTransitionTime"]
                }
            }
        }
        document["status"] = .object(["conditions": .array(others + [.object(condition)])])
    }
}
