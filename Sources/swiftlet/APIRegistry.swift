import APIClient
import AddressAllocator
import EmbeddedRegistry
import Registry

/// A registry behind an API, read by lists and watches.
struct APIRegistry: Sendable {
    let client: APIClient

    func services() async throws(CommandFailure) -> [Service] {
        try await list(.service).items.compactMap(Self.service)
    }

    /// What a Swiftlet server tells of itself; nil of servers that know no such question.
    func server() async throws(CommandFailure) -> ServerRecord? {
        let document: JSONValue
        do throws(APIClientError) {
            document = try await client.send(APICall(.get, ResourcePath("/swiftlet/v1/server"))).document()
        } catch {
            // Kubernetes answers 404, or 403 to those who may not ask for paths of any kind.
            guard error.code == nil else { return nil }
            throw CommandFailure(error)
        }
        return ServerRecord(document)
    }

    /// Addresses as IPAddress and ServiceCIDR objects have them; node ports as the Services name them.
    ///
    /// Which addresses rest after use, and why a Service waits, no API tells.
    func addressing() async throws(CommandFailure) -> RegistryReader.Addressing {
        var addressing = RegistryReader.Addressing.empty
        addressing.services = try await services()
        let held = Set(addressing.services.flatMap(\.virtualIPs))
        for document in try await list(.ipAddress).items {
            guard let address = document["metadata"]?["name"]?.string.flatMap({ IPAddress($0) }) else { continue }
            // What somebody has claimed by hand is nobody's whom a Service could be, whatever it says.
            guard IPAddressDocument.isManaged(document) || held.contains(address),
                let parent = document["spec"]?["parentRef"], parent["resource"]?.string == ObjectKind.service.resource,
                let namespace = parent["namespace"]?.string, let name = parent["name"]?.string
            else {
                addressing.claims.append(address)
                continue
            }
            addressing.allocations.append(
                AddressAllocation(address: address, owner: NamespacedName(namespace: namespace, name: name)))
        }
        for document in try await list(.serviceCIDR).items {
            guard case .array(let texts)? = document["spec"]?["cidrs"] else { continue }
            for range in texts.compactMap({ $0.string.flatMap { CIDR($0) } }).compactMap({ try? AddressRange($0) })
            where !addressing.ranges.contains(range) {
                addressing.ranges.append(range)
            }
        }
        for service in addressing.services {
            for number in service.ports.map(\.nodePort) + [service.healthCheckNodePort] where number != 0 {
                addressing.nodePorts[number] = service.metadata.id
            }
            if service.kind != .externalName, !service.isHeadless, service.virtualIPs.isEmpty {
                addressing.pending[service.metadata.id] = "has no address"
            }
        }
        return addressing
    }

    /// All Services, then what a watch tells of them; while the server is away nothing is told, and then all anew.
    func serviceEvents() -> AsyncThrowingStream<RegistryEvent, any Error> {
        let (stream, continuation) = AsyncThrowingStream<RegistryEvent, any Error>.makeStream()
        let task = Task {
            var isFirst = true
            do {
                while true {
                    do throws(APIClientError) {
                        try await follow(continuation)
                    } catch {
                        // What is wrong from the beginning, somebody has to make right.
                        guard !isFirst || error.isTransient || error.isExpired else { throw CommandFailure(error) }
                    }
                    isFirst = false
                    try await Task.sleep(for: .seconds(1))
                }
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// One list and the watches behind it, until one of them fails.
    private func follow(
        _ continuation: AsyncThrowingStream<RegistryEvent, any Error>.Continuation
    ) async throws(APIClientError) {
        let selection = APISelection(.service)
        let list = try await client.list(selection)
        continuation.yield(
            .snapshot(list.items.compactMap(Self.service).map { .service($0) }, at: Self.version(list.version)))
        var version = list.version
        while true {
            do {
                for try await event in try await client.watch(selection, from: version) {
                    version = event.version ?? version
                    guard let change = Self.change(event) else { continue }
                    continuation.yield(.changes([change], to: Self.version(version)))
                }
            } catch let error as APIClientError {
                throw error
            } catch {
                throw APIClientError(.cancelled, "\(error)", method: "GET", url: "\(client.access.server)")
            }
        }
    }

    private static func change(_ event: WatchEvent) -> ObjectChange? {
        guard let service = service(event.object) else { return nil }
        switch event.kind {
        case .added, .modified: return .put(.service(service))
        case .deleted: return .delete(ObjectKey(.service, service.metadata.id))
        case .bookmark: return nil
        }
    }

    private func list(_ kind: ObjectKind) async throws(CommandFailure) -> APIList {
        do {
            return try await client.list(APISelection(kind))
        } catch {
            throw CommandFailure(error)
        }
    }

    /// nil for what cannot be read as a Service, which a server does not send.
    private static func service(_ document: JSONValue) -> Service? {
        guard case .service(let service)? = try? RegistryObject(document, kind: .service) else { return nil }
        return service
    }

    /// A version as a number; those of other servers need not be one, and nothing here compares them.
    private static func version(_ text: String) -> ResourceVersion { ResourceVersion(rawValue: Int64(text) ?? 0) }
}
