import AddressAllocator
import Registry
import Testing

func cidr(_ text: String) throws -> CIDR { try #require(CIDR(text), "\(text)") }

func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text), "\(text)") }

func name(_ text: String) -> NamespacedName {
    let parts = text.split(separator: "/")
    return NamespacedName(namespace: String(parts[0]), name: String(parts[1]))
}

func makeAllocator(_ ranges: String..., quarantine: Int64 = 0) throws -> AddressAllocator {
    AddressAllocator(ranges: try ranges.map { try AddressRange(try cidr($0)) }, quarantinePeriod: quarantine)
}

func makePools(_ ranges: String..., nodePorts: ClosedRange<Int> = NodePortAllocator.defaultRange) throws -> AddressPools
{
    AddressPools(
        addresses: AddressAllocator(ranges: try ranges.map { try AddressRange(try cidr($0)) }),
        nodePorts: try NodePortAllocator(range: nodePorts))
}

func instant(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

/// A Service of one port with a selector, changed by `edit`.
func service(_ id: String, _ edit: (inout Service) -> Void = { _ in }) -> Service {
    let id = name(id)
    var service = Service(
        metadata: ObjectMetadata(name: id.name, namespace: id.namespace),
        ports: [Service.Port(name: "http", port: 80)])
    service.selector = ["app": id.name]
    edit(&service)
    return service
}
