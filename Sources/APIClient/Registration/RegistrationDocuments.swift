import Registry

/// An endpoint that a process registers for itself, and the objects that stand for it.
package struct EndpointRegistration: Hashable, Sendable {
    package struct Port: Hashable, Sendable {
        /// Empty for a single port without a name.
        package var name: String
        package var transport: TransportProtocol
        package var number: Int

        package init(name: String, transport: TransportProtocol = .tcp, number: Int) {
            self.name = name
            self.transport = transport
            self.number = number
        }
    }

    package var service: NamespacedName
    package var ports: [Port]
    package var address: IPAddress
    /// Who holds the Lease.
    package var holder: String
    package var leaseSeconds: Int

    package init(
        service: NamespacedName, ports: [Port], address: IPAddress, holder: String, leaseSeconds: Int
    ) {
        self.service = service
        self.ports = ports
        self.address = address
        self.holder = holder
        self.leaseSeconds = leaseSeconds
    }

    private static let manager = "swiftlet-register"

    /// The Service as it is made where there is none: with a cluster IP, and endpoints from slices alone.
    var serviceDocument: JSONValue {
        document(
            .service, ["name": .string(service.name)],
            [
                "spec": .object([
                    "type": .string("ClusterIP"),
                    "ports": .array(
                        ports.map { port in
                            var members = portMembers(port)
                            members["targetPort"] = .integer(Int64(port.number))
                            return .object(members)
                        }),
                ])
            ])
    }

    /// What is wrong with a Service that is there already: it lacks ports of this endpoint, so that its clients are not led
    /// to them. nil where it lacks none, and where it has no ports at all.
    func mismatch(with service: JSONValue) -> String? {
        guard case .array(let present)? = service["spec"]?["ports"], !present.isEmpty else { return nil }
        let names = present.map { $0["name"]?.string ?? "" }
        let missing = ports.map(\.name).filter { !names.contains($0) }
        guard !missing.isEmpty else { return nil }
        // One line for a terminal, whatever a server says that a Service has.
        func list(_ names: [String]) -> String {
            let shown = names.prefix(8).map { $0.isEmpty ? "one without a name" : String($0.unicodeScalars.prefix(63)) }
            return (shown + (names.count > shown.count ? ["…"] : [])).joined(separator: ", ")
        }
        return """
            service \(self.service.namespace)/\(self.service.name) has no port \(list(missing)), only \(list(names)): its \
            clients are not led to that port of this endpoint
            """
    }

    func leaseDocument(name: String, now: Timestamp) -> JSONValue {
        document(
            .lease,
            metadata(
                name: name,
                labels: [
                    EndpointSlice.serviceNameLabel: .string(service.name), EndpointSlice.leaseLabel: .string("true"),
                ]),
            [
                "spec": .object([
                    "holderIdentity": .string(holder), "leaseDurationSeconds": .integer(Int64(leaseSeconds)),
                    "acquireTime": .string(now.microText), "renewTime": .string(now.microText),
                ])
            ])
    }

    /// The merge patch that renews a Lease.
    func renewal(now: Timestamp) -> JSONValue {
        .object([
            "spec": .object([
                "holderIdentity": .string(holder), "leaseDurationSeconds": .integer(Int64(leaseSeconds)),
                "renewTime": .string(now.microText),
            ])
        ])
    }

    func sliceDocument(name: String, _ conditions: RegistrationPlan.Conditions) -> JSONValue {
        var members = content(conditions)
        members["addressType"] = .string(address.family.rawValue)
        return document(.endpointSlice, metadata(name: name, labels: sliceLabels(name)), members)
    }

    /// The merge patch that writes a slice, whatever has become of it.
    func slicePatch(name: String, _ conditions: RegistrationPlan.Conditions) -> JSONValue {
        var members = content(conditions)
        members["metadata"] = .object(["labels": .object(sliceLabels(name))])
        return .object(members)
    }

    /// Whether a Lease or slice that is there already is this registration's own.
    func owns(lease document: JSONValue) -> Bool { document["spec"]?["holderIdentity"]?.string == holder }

    func owns(slice document: JSONValue, name: String) -> Bool {
        document["metadata"]?["labels"]?[EndpointSlice.leaseLabel]?.string == name
    }

    private func content(_ conditions: RegistrationPlan.Conditions) -> [String: JSONValue] {
        [
            "ports": .array(ports.map { .object(portMembers($0)) }),
            "endpoints": .array([
                .object([
                    "addresses": .array([.string("\(address)")]),
                    "conditions": .object([
                        "ready": .bool(conditions.isReady), "serving": .bool(conditions.isServing),
                        "terminating": .bool(conditions.isTerminating),
                    ]),
                ])
            ]),
        ]
    }

    private func portMembers(_ port: Port) -> [String: JSONValue] {
        var members: [String: JSONValue] = [
            "port": .integer(Int64(port.number)), "protocol": .string(port.transport.rawValue),
        ]
        if !port.name.isEmpty { members["name"] = .string(port.name) }
        return members
    }

    private func metadata(name: String, labels: [String: JSONValue]) -> [String: JSONValue] {
        ["name": .string(name), "generateName": .string("\(service.name)-"), "labels": .object(labels)]
    }

    private func sliceLabels(_ name: String) -> [String: JSONValue] {
        [
            EndpointSlice.serviceNameLabel: .string(service.name),
            EndpointSlice.managedByLabel: .string(Self.manager), EndpointSlice.leaseLabel: .string(name),
        ]
    }

    private func document(
        _ kind: ObjectKind, _ metadata: [String: JSONValue], _ members: [String: JSONValue]
    ) -> JSONValue {
        var metadata = metadata
        metadata["namespace"] = .string(service.namespace)
        return .object(
            members.merging([
                "apiVersion": .string(kind.apiVersion), "kind": .string(kind.rawValue), "metadata": .object(metadata),
            ]) { own, _ in own })
    }

    /// A name of Lease and slice, as `generateName` would make it.
    package static func randomName(for service: String) -> String { GeneratedName.name(prefix: "\(service)-") }
}

extension Timestamp {
    /// The instant with microseconds, as Leases have it (metav1 MicroTime).
    var microText: String {
        let fraction = (milliseconds % 1000 + 1000) % 1000
        let digits = "\(fraction)"
        return "\(text.dropLast()).\(String(repeating: "0", count: 3 - digits.count))\(digits)000Z"
    }
}
