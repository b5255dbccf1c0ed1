import Registry

/// The variables by which a container finds the Services around it, as the kubelet injects them.
///
/// A value made of the Services at one moment: those made later show up when it is made again (Kubernetes does so
/// when a container restarts). Services come sorted by name, the namespace's own before `default/kubernetes`; the
/// variables of one Service come in the order host, port, named ports, then the forms of Docker's container links.
package struct ServiceVariables: Hashable, Sendable {
    /// Two Services, or two ports of one, that give the same variable different values.
    package struct Collision: Hashable, Sendable {
        package let name: String
        package let winner: NamespacedName
        package let loser: NamespacedName
        /// The value that is left out.
        package let lostValue: String
    }

    /// Each name once; of several givers the first in order has won.
    package let variables: [EnvironmentVariable]
    /// What was left out because its name was taken, in order.
    package let collisions: [Collision]

    /// The variables of Services that were selected and ordered already.
    package init(of services: [Service]) {
        var variables: [EnvironmentVariable] = []
        var collisions: [Collision] = []
        var givers: [String: (owner: NamespacedName, value: String)] = [:]
        for service in services {
            let owner = service.metadata.id
            for (name, value) in Self.variables(of: service) {
                if let giver = givers[name] {
                    guard giver.value != value else { continue }
                    collisions.append(
                        Collision(name: name, winner: giver.owner, loser: owner, lostValue: value))
                    continue
                }
                givers[name] = (owner, value)
                variables.append(EnvironmentVariable(name, value, origin: .service(owner)))
            }
        }
        self.variables = variables
        self.collisions = collisions
    }

    /// The Services that give variables to a container of `namespace`, in the order that decides who wins.
    ///
    /// Those with a virtual IP in the namespace itself, where `hasServiceLinks` (`enableServiceLinks` of a Pod), and
    /// always `default/kubernetes`, unless the namespace has a `kubernetes` of its own that counts.
    package static func services(
        visibleFrom namespace: String, in all: some Sequence<Service>, hasServiceLinks: Bool = true
    ) -> [Service] {
        var own: [Service] = []
        var apiServer: Service?
        for service in all where address(of: service) != nil {
            if service.metadata.id == NamespacedName(namespace: "default", name: "kubernetes") {
                apiServer = service
            } else if service.metadata.namespace == namespace, hasServiceLinks {
                own.append(service)
            }
        }
        if let apiServer, !own.contains(where: { $0.metadata.name == apiServer.metadata.name }) {
            if namespace == apiServer.metadata.namespace {
                own.append(apiServer)
            } else {
                return own.sorted { $0.metadata.id < $1.metadata.id } + [apiServer]
            }
        }
        return own.sorted { $0.metadata.id < $1.metadata.id }
    }

    /// A Service's or port's name as variables spell it: upper case, `-` as `_`, nothing else changed.
    package static func spelling(of name: String) -> String {
        String(
            decoding: name.utf8.map { byte in
                switch byte {
                case UInt8(ascii: "-"): UInt8(ascii: "_")
                case 0x61...0x7a: byte - 0x20
                default: byte
                }
            }, as: UTF8.self)
    }

    /// The first cluster IP as it was written, which need not be its canonical text; nil where there is none.
    private static func address(of service: Service) -> String? {
        guard service.kind != .externalName else { return nil }
        let text = service.clusterIP.isEmpty ? service.clusterIPs.first ?? "" : service.clusterIP
        return text.isEmpty || text == "None" ? nil : text
    }

    private static func variables(of service: Service) -> [(name: String, value: String)] {
        guard let address = address(of: service) else { return [] }
        let prefix = spelling(of: service.metadata.name)
        var result = [(prefix + "_SERVICE_HOST", address)]
        // A stored Service has a port, but nothing that was read is trusted to.
        guard let first = service.ports.first else { return result }
        result.append((prefix + "_SERVICE_PORT", "\(first.port)"))
        for port in service.ports where !port.name.isEmpty {
            result.append(("\(prefix)_SERVICE_PORT_\(spelling(of: port.name))", "\(port.port)"))
        }
        let host = address.utf8.contains(UInt8(ascii: ":")) ? "[\(address)]" : address
        func url(_ port: Service.Port) -> String { "\(port.transport.lowercased)://\(host):\(port.port)" }
        result.append((prefix + "_PORT", url(first)))
        for port in service.ports {
            let link = "\(prefix)_PORT_\(port.port)_\(port.transport.rawValue)"
            result += [
                (link, url(port)), (link + "_PROTO", port.transport.lowercased), (link + "_PORT", "\(port.port)"),
                (link + "_ADDR", address),
            ]
        }
        return result
    }
}

extension ServiceVariables.Collision: CustomStringConvertible {
    package var description: String {
        winner == loser
            ? "\(name) is given twice by Service \(winner); its first port that gives it wins"
            : "\(name) is given by Services \(winner) and \(loser); \(winner) wins"
    }
}
