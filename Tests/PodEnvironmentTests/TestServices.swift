import PodEnvironment
import Registry

/// A Service as the registry holds it once it has its address.
func service(
    _ name: String, in namespace: String = "prod", at clusterIP: String, ports: [Service.Port] = [.init(port: 80)],
    kind: Service.Kind = .clusterIP
) -> Service {
    var service = Service(metadata: ObjectMetadata(name: name, namespace: namespace), kind: kind, ports: ports)
    service.clusterIP = clusterIP
    service.clusterIPs = clusterIP.isEmpty ? [] : [clusterIP]
    return service
}

/// Variables as lines, to be compared with what a person would write.
func lines(_ variables: [EnvironmentVariable]) -> [String] {
    variables.map { "\($0.name)=\($0.value)" }
}

extension EnvironmentVariable {
    /// A Service's variable from `NAME=VALUE`.
    static func ofService(_ name: String, _ value: String, _ service: String = "prod/web") -> Self {
        let parts = service.split(separator: "/")
        return Self(
            name, value, origin: .service(NamespacedName(namespace: String(parts[0]), name: String(parts[1]))))
    }
}
