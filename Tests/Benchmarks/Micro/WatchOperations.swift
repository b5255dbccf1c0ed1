@testable import KubernetesRegistry
import Registry

/// An event of a watch, from its bytes to what readers are told of it.
enum WatchOperations {
    static func all() -> [Operation] {
        [
            reading("watch line: a Service", .service, service, count: 1000),
            reading("watch line: a slice of 100 endpoints", .endpointSlice, slice, count: 100),
        ]
    }

    private static func reading(
        _ name: String, _ kind: DiscoveryKind, _ line: (Int) -> String, count: Int
    ) -> Operation {
        let lines = [Array(line(1).utf8), Array(line(2).utf8)]
        let selection = DiscoverySelection(includesPods: false, keepsZones: false)
        return Operation(name, count: count) { count in
            var held = HeldObjects(kind)
            for number in 0..<count {
                lines[number % lines.count].withUnsafeBufferPointer { bytes in
                    guard let line = try? WatchLine(bytes, kind: kind, selection: selection),
                        case .modified(let decoded) = line
                    else { fatalError("\(name): a line that cannot be read") }
                    keep(held.takeChanged(decoded))
                }
            }
        }
    }

    private static let managedFields = """
        "managedFields":[{"manager":"kube-controller-manager","operation":"Update","apiVersion":"discovery.k8s.io/v1",\
        "time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:addressType":{},"f:endpoints":{},"f:ports":{}}}]
        """

    /// As an API server writes one; the argument tells apart what takes turns.
    private static func service(_ turn: Int) -> String {
        """
        {"type":"MODIFIED","object":{"kind":"Service","apiVersion":"v1","metadata":{"name":"web","namespace":"shop",\
        "uid":"3d9c7a8e-1b70-4c1c-9a83-4c3b6a4f2f11","resourceVersion":"10\(turn)","creationTimestamp":"2026-01-01T00:00:00Z",\
        "labels":{"app":"web"},\(managedFields)},"spec":{"ports":[{"name":"http","protocol":"TCP","port":80,\
        "targetPort":8080},{"name":"https","protocol":"TCP","port":443,"targetPort":8443}],"selector":{"app":"web"},\
        "clusterIP":"10.96.1.\(turn)","clusterIPs":["10.96.1.\(turn)"],"type":"ClusterIP","sessionAffinity":"None",\
        "ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","internalTrafficPolicy":"Cluster"},\
        "status":{"loadBalancer":{}}}}
        """
    }

    private static func slice(_ turn: Int) -> String {
        let endpoints = (0..<100).map { index in
            """
            {"addresses":["10.\(index == 0 ? 200 + turn : 100).1.\(index + 1)"],"conditions":{"ready":true,"serving":true,\
            "terminating":false},"hostname":"pod-\(index)","targetRef":{"kind":"Pod","namespace":"shop",\
            "name":"pod-\(index)","uid":"3d9c7a8e-1b70-4c1c-9a83-4c3b6a4f2f11"},"nodeName":"node-\(index % 10)",\
            "zone":"zone-\(index % 3)"}
            """
        }
        return """
            {"type":"MODIFIED","object":{"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":{\
            "name":"headless-x7x2p","namespace":"shop","uid":"3d9c7a8e-1b70-4c1c-9a83-4c3b6a4f2f11",\
            "resourceVersion":"10\(turn)","generation":7,"creationTimestamp":"2026-01-01T00:00:00Z","labels":{\
            "endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io",\
            "kubernetes.io/service-name":"headless","service.kubernetes.io/headless":""},"annotations":{\
            "endpoints.kubernetes.io/last-change-trigger-time":"2026-01-01T00:00:00Z"},\(managedFields)},\
            "addressType":"IPv4","endpoints":[\(endpoints.joined(separator: ","))],\
            "ports":[{"name":"http","protocol":"TCP","port":8080}]}}
            """
    }
}
