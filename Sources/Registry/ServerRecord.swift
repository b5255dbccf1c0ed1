/// What a server that serves the registry says of itself, for commands that run beside it or ask it over its API.
package struct ServerRecord: Hashable, Sendable {
    /// An address that DNS is answered on; wildcard binds are spelled out.
    package struct Listener: Hashable, Sendable {
        package let address: IPAddress
        package let port: Int

        package init(address: IPAddress, port: Int) {
            self.address = address
            self.port = port
        }
    }

    /// The cluster's zone, without a trailing dot.
    package let zone: String
    package let listeners: [Listener]

    package init(zone: String, listeners: [Listener]) {
        self.zone = zone
        self.listeners = listeners
    }

    package var document: JSONValue {
        .object([
            "zone": .string(zone),
            "listeners": .array(
                listeners.map {
                    .object(["address": .string("\($0.address)"), "port": .integer(Int64($0.port))])
                }),
        ])
    }

    /// nil where the document is none of a server.
    package init?(_ document: JSONValue) {
        guard let zone = document["zone"]?.string, case .array(let elements)? = document["listeners"] else {
            return nil
        }
        self.zone = zone
        listeners = elements.compactMap { element in
            guard let address = element["address"]?.string.flatMap({ IPAddress($0) }),
                case .integer(let port)? = element["port"]
            else { return nil }
            return Listener(address: address, port: Int(clamping: port))
        }
    }
}
