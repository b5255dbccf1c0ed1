import DNS
import Pipeline
import Registry
import Synchronization

/// The search paths that Pods have in their resolv.conf, by their addresses (`autopath @kubernetes`).
package final class PodSearchPaths: SearchPaths {
    private struct Pods {
        var addresses: [NamespacedName: IPAddress] = [:]
        /// Several Pods have the address of their node (`hostNetwork`).
        var namespaces: [IPAddress: [String: Int]] = [:]
        /// The Pods that a list under way has not come to.
        var unseen: Set<NamespacedName>?

        mutating func set(_ id: NamespacedName, _ address: IPAddress?) {
            unseen?.remove(id)
            let former = addresses[id]
            guard former != address else { return }
            if let former {
                let count = namespaces[former]?[id.namespace] ?? 0
                namespaces[former]?[id.namespace] = count > 1 ? count - 1 : nil
                if namespaces[former]?.isEmpty == true { namespaces[former] = nil }
            }
            addresses[id] = address
            if let address { namespaces[address, default: [:]][id.namespace, default: 0] += 1 }
        }
    }

    private let pods = Mutex(Pods())
    private let apexes: [DomainName]
    /// What stands behind the cluster's names in every path: the server's own.
    private let hostPath: [DomainName]

    /// - Parameters:
    ///   - apexes: the cluster's zones of names.
    ///   - hostPath: the `search` line of the server's resolv.conf.
    init(apexes: [DomainName], hostPath: [DomainName]) {
        self.apexes = apexes
        self.hostPath = hostPath
    }

    /// Takes what an event says of Pods.
    func apply(_ event: DiscoveryEvent) {
        pods.withLock { pods in
            switch event {
            case .snapshotBegins(let kinds):
                if kinds.contains(.pod) { pods.unseen = Set(pods.addresses.keys) }
            case .changes(let changes):
                for change in changes {
                    switch change {
                    case .put(.pod(let pod)): pods.set(pod.id, pod.address)
                    case .delete(let key) where key.kind == .pod: pods.set(key.id, nil)
                    default: continue
                    }
                }
            case .snapshotEnds(let kinds):
                guard kinds.contains(.pod) else { return }
                for id in pods.unseen ?? [] { pods.set(id, nil) }
                pods.unseen = nil
            }
        }
    }

    package func searchPath(of client: IPAddress, asking name: DomainName) -> [DomainName]? {
        guard let apex = apexes.filter({ name.isWithin($0) }).max(by: { $0.wire.count < $1.wire.count }),
            let namespaces = pods.withLock({ $0.namespaces[client] }),
            let services = DomainName(labels: ["svc"], under: apex)
        else { return nil }
        let paths = namespaces.keys.sorted().compactMap { DomainName(labels: [$0], under: services) }
        // Of several Pods with the address, the one whose path the name was made by.
        guard let first = paths.first(where: { name.isWithin($0) }) ?? paths.first else { return nil }
        return [first, services, apex] + hostPath
    }
}
