import BenchmarkSupport

/// The objects of the run, the same on every one: bodies as `kubectl create` and the controllers of a cluster send
/// them.
struct Workload {
    /// A label and the value that objects of the run have under it.
    struct Label {
        let key: String
        let value: String
    }

    static let zone = "cluster.local"
    static let endpointsPerSlice = 10
    /// The label by which the Services of the run are told from others; slices that the server makes for them inherit it.
    static let serviceLabel = Label(key: "app.kubernetes.io/managed-by", value: "api-benchmark")
    /// The label by which the slices of the run are told from others.
    static let sliceLabel = Label(key: "endpointslice.kubernetes.io/managed-by", value: "api-benchmark.example.org")
    static let namespaces = (0..<10).map { "team-\($0)" }

    let count: Int
    /// Whether the Services select Pods. There are none, but the server then keeps a slice and Endpoints for each.
    let selectors: Bool

    static func namespace(of index: Int) -> String { namespaces[index % namespaces.count] }
    static func serviceName(_ index: Int) -> String { "checkout-\(index)" }

    /// The name that the Service of this number has in the DNS.
    static func domainName(of index: Int) -> String {
        "\(serviceName(index)).\(namespace(of: index)).svc.\(zone)"
    }

    /// One request for each namespace.
    static var namespaceCreations: [HTTPRequest] {
        namespaces.map { name in
            HTTPRequest(
                "POST", "/api/v1/namespaces?fieldManager=kubectl-create",
                body: #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"\#(name)"}}"#)
        }
    }

    func serviceCreation(_ index: Int) -> HTTPRequest {
        HTTPRequest(
            "POST",
            "/api/v1/namespaces/\(Self.namespace(of: index))/services?fieldManager=kubectl-create"
                + "&fieldValidation=Strict",
            body: serviceBody(index))
    }

    /// About 400 bytes.
    func serviceBody(_ index: Int) -> String {
        let (name, namespace) = (Self.serviceName(index), Self.namespace(of: index))
        let selector = selectors ? #","selector":{"app.kubernetes.io/name":"\#(name)"}"# : ""
        return #"{"apiVersion":"v1","kind":"Service","metadata":{"labels":{"app.kubernetes.io/name":"\#(name)","#
            + #""app.kubernetes.io/part-of":"shop","\#(Self.serviceLabel.key)":"\#(Self.serviceLabel.value)"},"#
            + #""name":"\#(name)","namespace":"\#(namespace)"},"spec":{"ports":["#
            + #"{"name":"http","port":80,"protocol":"TCP","targetPort":8080},"#
            + #"{"name":"metrics","port":9090,"protocol":"TCP","targetPort":9090}]\#(selector),"type":"ClusterIP"}}"#
    }

    func sliceCreation(_ index: Int) -> HTTPRequest {
        HTTPRequest(
            "POST", "/apis/discovery.k8s.io/v1/namespaces/\(Self.namespace(of: index))/endpointslices",
            body: sliceBody(index))
    }

    /// Ten endpoints with addresses nobody else has. The first half of the slices belongs to Services of the run, the
    /// other half to Services that do not exist.
    func sliceBody(_ index: Int) -> String {
        let namespace = Self.namespace(of: index)
        let owner = index < count / 2 ? Self.serviceName(index) : "missing-\(index)"
        let endpoints = (0..<Self.endpointsPerSlice).map { place in
            let address = IPv4Address(bits: 10 << 24 | 128 << 16 | UInt32(index * Self.endpointsPerSlice + place))
            let pod = "\(owner)-7d4b9c6f5d-\(place)"
            return #"{"addresses":["\#(address)"],"conditions":{"ready":true,"serving":true,"terminating":false},"#
                + #""nodeName":"node-\#(place)","targetRef":{"kind":"Pod","name":"\#(pod)","#
                + #""namespace":"\#(namespace)"}}"#
        }
        return #"{"addressType":"IPv4","apiVersion":"discovery.k8s.io/v1","endpoints":["#
            + endpoints.joined(separator: ",") + #"],"kind":"EndpointSlice","metadata":{"labels":{"#
            + #""\#(Self.sliceLabel.key)":"\#(Self.sliceLabel.value)","#
            + #""kubernetes.io/service-name":"\#(owner)"},"name":"slice-\#(index)","namespace":"\#(namespace)"},"#
            + #""ports":[{"name":"http","port":8080,"protocol":"TCP"}]}"#
    }
}
