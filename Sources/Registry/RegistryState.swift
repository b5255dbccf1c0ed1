/// The Services of a registry as one value with one writer, for readers that make something of all of them.
package struct RegistryState: Sendable {
    package private(set) var services: [NamespacedName: Service] = [:]

    package init() {}

    /// What a change may have altered.
    package struct Touched: Sendable {
        package var services: Set<NamespacedName> = []

        package init() {}

        package var isEmpty: Bool { services.isEmpty }
    }

    /// Takes one change; `touched` gains the Service it has altered, nothing where all is as before.
    package mutating func apply(_ change: ObjectChange, touched: inout Touched) {
        switch change {
        case .put(.service(let service)):
            guard services.updateValue(service, forKey: service.metadata.id) != service else { return }
            touched.services.insert(service.metadata.id)
        case .delete(let key) where key.kind == .service:
            guard services.removeValue(forKey: key.id) != nil else { return }
            touched.services.insert(key.id)
        case .put, .delete:
            // Nothing that Services are made of.
            break
        }
    }

    /// Replaces everything by the objects of a snapshot; touches what goes, comes and is another than before.
    package mutating func replace(by objects: [RegistryObject], touched: inout Touched) {
        let former = services
        services = [:]
        for case .service(let service) in objects {
            services[service.metadata.id] = service
            if former[service.metadata.id] != service { touched.services.insert(service.metadata.id) }
        }
        touched.services.formUnion(former.keys.filter { services[$0] == nil })
    }
}

extension ObjectChange {
    /// The object that the change is about.
    package var key: ObjectKey {
        switch self {
        case .put(let object): object.key
        case .delete(let key): key
        }
    }
}
