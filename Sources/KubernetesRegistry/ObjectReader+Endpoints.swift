import Registry

/// What of an EndpointSlice stands apart from other kinds.
extension ObjectReader {
    mutating func addressType() throws(JSONPull.Stop) -> EndpointSlice.AddressType {
        if let type = EndpointSlice.AddressType(rawValue: try string(Limit.word)) { return type }
        note(.unknownValue)
        return .fqdn
    }

    mutating func readEndpoints(_ slice: inout DiscoverySlice.Builder) throws(JSONPull.Stop) {
        guard try enterArray() else { return }
        var addresses: [Bytes] = []
        var isFirst = true
        while try json.nextElement(&isFirst) {
            guard try enter() else { continue }
            addresses.removeAll(keepingCapacity: true)
            var isReady = true
            var hostname = Bytes.none
            var targetName = Bytes.none
            var zone = Bytes.none
            var isFirstMember = true
            while let name = try json.nextMember(&isFirstMember) {
                if json.matches(name, "addresses") {
                    addresses.removeAll(keepingCapacity: true)
                    guard try enterArray() else { continue }
                    var isFirstAddress = true
                    while try json.nextElement(&isFirstAddress) { addresses.append(try bytes(Limit.word)) }
                } else if json.matches(name, "conditions") {
                    isReady = try readiness()
                } else if json.matches(name, "hostname") {
                    hostname = try bytes(Limit.word)
                } else if selection.namesEndpointsByPod, json.matches(name, "targetRef") {
                    targetName = try referenceName()
                } else if selection.keepsZones, json.matches(name, "zone") {
                    zone = try bytes(Limit.word)
                } else {
                    try json.skip()
                }
            }
            guard isReady else { continue }
            for address in addresses {
                withBytes(address) { address in
                    withBytes(hostname) { hostname in
                        withBytes(targetName) { targetName in
                            withBytes(zone) { zone in
                                slice.append(address, hostname: hostname, targetName: targetName, zone: zone)
                            }
                        }
                    }
                }
            }
        }
    }

    mutating func readiness() throws(JSONPull.Stop) -> Bool {
        var isReady = true
        guard try enter() else { return isReady }
        var isFirst = true
        while let name = try json.nextMember(&isFirst) {
            if json.matches(name, "ready") {
                switch try json.shape() {
                case .bool: isReady = try json.bool() ?? true
                case .null: try json.skip()
                default: try skipWrongType()
                }
            } else {
                try json.skip()
            }
        }
        return isReady
    }

    mutating func referenceName() throws(JSONPull.Stop) -> Bytes {
        var result = Bytes.none
        guard try enter() else { return result }
        var isFirst = true
        while let name = try json.nextMember(&isFirst) {
            if json.matches(name, "name") { result = try bytes(Limit.name) } else { try json.skip() }
        }
        return result
    }
}
