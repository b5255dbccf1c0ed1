// swift-format-ignore-file: LineLength
/// Objects of every kind that names are made of, and what else the server serves.
enum Fixture {
    static let arguments = ["--service-cidr", "10.96.0.0/16", "--service-cidr", "fd00:10:96::/112"]

    static let zone = """
        $TTL 300
        @ SOA ns hostmaster 1 7200 1800 86400 300
        @ NS ns
        ns A 192.0.2.1
        www A 192.0.2.53
        alias CNAME www
        *.wild A 192.0.2.54
        sub NS ns.sub
        ns.sub A 192.0.2.55

        """

    /// A headless Service whose answer fits no UDP reply.
    static let crowd = """
        apiVersion: v1
        kind: Service
        metadata: {name: crowd, namespace: prod}
        spec: {clusterIP: None}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: crowd, namespace: prod, labels: {kubernetes.io/service-name: crowd}}
        addressType: IPv4
        endpoints:
        \((1...120).map { "- {addresses: [10.245.0.\($0)]}" }.joined(separator: "\n"))

        """

    /// Services that are aliases, each of the one before it, the first of `web`.
    static let ladder = (1...12).map { number in
        """
        apiVersion: v1
        kind: Service
        metadata: {name: step\(number), namespace: prod}
        spec: {type: ExternalName, externalName: \(number == 1 ? "web" : "step\(number - 1)").prod.svc.cluster.local}

        """
    }.joined(separator: "---\n")

    static let manifest = #"""
        apiVersion: v1
        kind: List
        items:
        - {apiVersion: v1, kind: Namespace, metadata: {name: prod}}
        - {apiVersion: v1, kind: Service, metadata: {name: web, namespace: prod}, spec: {clusterIP: 10.96.0.10, clusterIPs: [10.96.0.10, "fd00:10:96::a"], ipFamilyPolicy: RequireDualStack, ports: [{name: http, port: 80}, {name: https, port: 443}]}}
        - {apiVersion: v1, kind: Service, metadata: {name: dns, namespace: prod}, spec: {clusterIP: 10.96.0.5, ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53}]}}
        - {apiVersion: v1, kind: Service, metadata: {name: db, namespace: prod}, spec: {clusterIP: None}}
        - {apiVersion: v1, kind: Service, metadata: {name: bare, namespace: prod}, spec: {clusterIP: None}}
        - {apiVersion: v1, kind: Service, metadata: {name: void, namespace: prod}, spec: {clusterIP: None}}
        - {apiVersion: v1, kind: Service, metadata: {name: ext, namespace: prod}, spec: {type: ExternalName, externalName: www.example.org}}
        - {apiVersion: v1, kind: Service, metadata: {name: extnx, namespace: prod}, spec: {type: ExternalName, externalName: no.example.org}}
        - {apiVersion: v1, kind: Service, metadata: {name: extin, namespace: prod}, spec: {type: ExternalName, externalName: web.prod.svc.cluster.local}}
        - {apiVersion: v1, kind: Service, metadata: {name: gone, namespace: prod}, spec: {type: ExternalName, externalName: nil.prod.svc.cluster.local}}
        - {apiVersion: v1, kind: Service, metadata: {name: extip, namespace: prod}, spec: {type: ExternalName, externalName: 192.0.2.9}}
        - {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: db4, namespace: prod, labels: {kubernetes.io/service-name: db}}, addressType: IPv4, ports: [{name: pg, port: 5432}], endpoints: [{addresses: [10.244.0.20], hostname: db-0}, {addresses: [10.244.0.21], hostname: db-1, conditions: {ready: false}}, {addresses: [10.244.0.22]}]}
        - {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: db6, namespace: prod, labels: {kubernetes.io/service-name: db}}, addressType: IPv6, ports: [{name: pg, port: 5432}], endpoints: [{addresses: ["2001:db8::"]}]}
        - {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: bare4, namespace: prod, labels: {kubernetes.io/service-name: bare}}, addressType: IPv4, endpoints: [{addresses: [10.244.0.30]}]}
        - {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: web4, namespace: prod, labels: {kubernetes.io/service-name: web}}, addressType: IPv4, ports: [{name: http, port: 8080}], endpoints: [{addresses: [10.244.0.40], hostname: w0}, {addresses: [10.244.0.20]}]}
        - {apiVersion: v1, kind: Pod, metadata: {name: db-0, namespace: prod}, status: {phase: Running, podIP: 10.244.0.20}}
        - {apiVersion: v1, kind: Service, metadata: {name: loop, namespace: prod}, spec: {type: ExternalName, externalName: loop.prod.svc.cluster.local}}

        """#
}
