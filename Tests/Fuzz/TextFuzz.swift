import DNS
import PodEnvironment
import Registry

/// Feeds any text to the readers of small texts: addresses, networks, names, times, selectors of Services, resolv.conf,
/// references, patterns. What is read and written again is the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let text = String(decoding: bytes(data, size), as: UTF8.self)
    if let address = IPAddress(text) {
        demand(IPAddress(address.description) == address, "another address: \(address) for \(text)")
    }
    if let network = CIDR(text) {
        demand(CIDR(network.description) == network, "another network: \(network) for \(text)")
        demand(network.contains(network.base), "a network without its base: \(network)")
    }
    if let name = DomainName(text) {
        demand(DomainName(name.description) == name, "another name: \(name) for \(text)")
        demand(DomainName(wire: name.wire) == name, "another name by its wire form: \(name)")
        demand(name.wire.count <= 255, "a name of \(name.wire.count) bytes")
    }
    if let time = Timestamp(rfc3339: text) {
        let written = time.text
        demand(Timestamp(rfc3339: written) != nil, "a time that is none: \(written) for \(text)")
    }
    if let resolver = try? NodeResolver(parsing: text) {
        demand(resolver.nameservers.count <= size && resolver.searches.count <= size, "more than there was")
    }
    _ = ServicePattern(text).matches(NamespacedName(namespace: "prod", name: "web"))
    _ = CommandSearch.candidates(for: Array(text.utf8), path: Array(text.utf8))
    _ = try? PodHostname(
        .init(podName: text, namespace: "prod", hostname: text, subdomain: text), zone: "cluster.local")
    if let value = try? JSONText.value(of: text) {
        let written = JSONText.text(of: value)
        let again = try? JSONText.value(of: written)
        demand(again.map { JSONText.text(of: $0) } == written, "another value: \(written) for \(text)")
    }
    for kind in ObjectKind.allCases {
        for fault in kind.nameFaults(text) { demand(!fault.isEmpty, "a fault of nothing") }
    }
    return 0
}
