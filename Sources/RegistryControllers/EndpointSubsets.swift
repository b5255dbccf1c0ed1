import Registry

/// An address of an Endpoints object.
struct SubsetAddress: Hashable, Sendable {
    var ip: String
    var hostname = ""
    var nodeName = ""
    var target: SliceEndpoint.Target?
}

/// Addresses that all have the same ports.
struct EndpointSubset: Hashable, Sendable {
    var addresses: [SubsetAddress] = []
    var notReadyAddresses: [SubsetAddress] = []
    var ports: [SlicePort] = []

    /// The subsets in Kubernetes' canonical form: ports that have the same addresses stand together, each address is
    /// listed once for a port, and one that is both ready and not is not.
    static func packed(_ subsets: [EndpointSubset]) -> [EndpointSubset] {
        var packing = SubsetPacking()
        for subset in subsets {
            // A subset without ports stands for its addresses alone.
            let ports: [SlicePort?] = subset.ports.isEmpty ? [nil] : subset.ports
            for port in ports {
                for address in subset.addresses { packing.add(address, port: port, isReady: true) }
                for address in subset.notReadyAddresses { packing.add(address, port: port, isReady: false) }
            }
        }
        return packing.subsets
    }
}

/// Collects which address has which port.
private struct SubsetPacking {
    /// Addresses that differ in nothing but who stands behind them are two.
    private struct Key: Hashable {
        let ip: String
        let uid: String
    }

    private var addresses: [SubsetAddress] = []
    private var places: [Key: Int] = [:]
    /// In the order in which they came, each with the readiness of its addresses by place.
    private var ports: [(port: SlicePort?, readiness: [Int: Bool])] = []
    private var portPlaces: [SlicePort?: Int] = [:]

    mutating func add(_ address: SubsetAddress, port: SlicePort?, isReady: Bool) {
        let key = Key(ip: address.ip, uid: address.target?.uid ?? "")
        let place = places[key] ?? addresses.count
        if place == addresses.count {
            places[key] = place
            addresses.append(address)
        }
        let portPlace = portPlaces[port] ?? ports.count
        if portPlace == ports.count {
            portPlaces[port] = portPlace
            ports.append((port, [:]))
        }
        ports[portPlace].readiness[place] = isReady && ports[portPlace].readiness[place] ?? true
    }

    var subsets: [EndpointSubset] {
        var subsets: [EndpointSubset] = []
        var known: [[Int: Bool]: Int] = [:]
        let inOrder = ports.sorted { ($0.port?.order ?? ("", 0, "")) < ($1.port?.order ?? ("", 0, "")) }
        for (port, readiness) in inOrder {
            if let place = known[readiness] {
                if let port { subsets[place].ports.append(port) }
                continue
            }
            known[readiness] = subsets.count
            var subset = EndpointSubset(ports: port.map { [$0] } ?? [])
            let sorted = readiness.map { (addresses[$0.key], $0.value) }.sorted {
                ($0.0.ip, $0.0.target?.uid ?? "") < ($1.0.ip, $1.0.target?.uid ?? "")
            }
            subset.addresses = sorted.filter(\.1).map(\.0)
            subset.notReadyAddresses = sorted.filter { !$0.1 }.map(\.0)
            subsets.append(subset)
        }
        return subsets
    }
}

extension SlicePort {
    /// An order of ports that does not depend on who has them.
    fileprivate var order: (String, Int, String) { (name, number ?? 0, transport) }
}

extension EndpointSubset {
    init(_ subset: JSONValue) {
        addresses = subset.list("addresses").map { SubsetAddress($0) }
        notReadyAddresses = subset.list("notReadyAddresses").map { SubsetAddress($0) }
        ports = subset.list("ports").map { SlicePort($0) }
    }

    var document: JSONValue {
        var members: [String: JSONValue] = [:]
        if !addresses.isEmpty { members["addresses"] = .array(addresses.map(\.document)) }
        if !notReadyAddresses.isEmpty { members["notReadyAddresses"] = .array(notReadyAddresses.map(\.document)) }
        if !ports.isEmpty { members["ports"] = .array(ports.map { $0.document(isSlice: false) }) }
        return .object(members)
    }
}

extension SubsetAddress {
    init(_ address: JSONValue) {
        ip = address.text("ip")
        hostname = address.text("hostname")
        nodeName = address.text("nodeName")
        target = address.at("targetRef").map { SliceEndpoint.Target($0) }
    }

    var document: JSONValue {
        var document: JSONValue = .object(["ip": .string(ip)])
        document.setText("hostname", hostname)
        document.setText("nodeName", nodeName)
        if let target { document["targetRef"] = target.document }
        return document
    }
}
