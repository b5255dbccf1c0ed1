import BenchmarkSupport

/// How large a cluster is.
package struct ClusterSize: Equatable {
    package static let small = Self(services: 100, endpoints: 1000)
    package static let large = Self(services: 11_000, endpoints: 100_000)

    package let services: Int
    /// Those of the wide Service included.
    package let endpoints: Int
    /// The endpoints of one headless Service that has more than a slice of them; 0 for none.
    package let wideEndpoints: Int
    /// Whether all Services have addresses; else each fourth is headless.
    package let isFlat: Bool

    package init(services: Int, endpoints: Int, wideEndpoints: Int = 0, isFlat: Bool = false) {
        self.services = services
        self.endpoints = endpoints
        self.wideEndpoints = wideEndpoints
        self.isFlat = isFlat
    }

    package var slices: Int { endpoints / Cluster.endpointsPerSlice }
    /// The slices behind these are those of the wide Service.
    package var ordinarySlices: Int { slices - wideEndpoints / Cluster.endpointsPerSlice }
    package var description: String { "\(services) Services, \(endpoints) endpoints" }
}

/// The objects of a made-up cluster, as its API server writes them, and what the DNS has to say of them.
///
/// Each fourth Service is headless, and as many of the EndpointSlices belong to headless ones; their endpoints have
/// hostnames. Names are padded, so that the order of the numbers is the order of the keys, which lists have.
package struct Cluster {
    package static let zone = "cluster.local"
    package static let endpointsPerSlice = 100
    package static let teams = 50
    package static let namespaces = ["default", "kube-system"] + (0..<teams).map(namespace)

    private static let serviceBase: UInt32 = 10 << 24 | 96 << 16 | 1 << 8
    private static let endpointBase: UInt32 = 10 << 24 | 128 << 16
    private static let newServiceBase: UInt32 = 10 << 24 | 104 << 16
    private static let newEndpointBase: UInt32 = 10 << 24 | 192 << 16

    package let size: ClusterSize
    /// How many ports each Service and each endpoint has.
    package let ports: Int
    /// Addresses that are no longer those of the beginning, by the number of the Service or endpoint.
    private var changedServices: [Int: IPv4Address] = [:]
    private var changedEndpoints: [Int: IPv4Address] = [:]
    private var changes: UInt32 = 0

    /// - Parameter ports: 1 or 2.
    package init(_ size: ClusterSize, ports: Int) {
        self.size = size
        self.ports = ports
    }

    // MARK: Numbers

    private static func namespace(_ team: Int) -> String { "team-" + padded(team, to: 2) }

    private static func padded(_ number: Int, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    package func isHeadless(_ service: Int) -> Bool { !size.isFlat && service % 4 == 3 }

    /// The headless Service that the slices behind the ordinary ones belong to.
    private var wideService: Int { size.services / 4 * 4 - 1 }

    /// The Service that a slice belongs to: spread over all, each fourth of them headless.
    package func owner(ofSlice slice: Int) -> Int {
        guard slice < size.ordinarySlices else { return wideService }
        let base = slice * (size.services / size.ordinarySlices)
        return base - base % 4 + slice % 4
    }

    private func namespace(ofService service: Int) -> String {
        Self.namespace(service * Self.teams / size.services)
    }

    private func name(ofService service: Int) -> String { "checkout-" + Self.padded(service, to: 5) }

    private func hostname(ofEndpoint place: Int, ofSlice slice: Int) -> String {
        guard slice >= size.ordinarySlices else { return "pod-\(place)" }
        return "wide-\((slice - size.ordinarySlices) * Self.endpointsPerSlice + place)"
    }

    private func path(ofService service: Int) -> String {
        "\(name(ofService: service)).\(namespace(ofService: service)).svc.\(Self.zone)"
    }

    // MARK: Addresses

    private func address(ofService service: Int) -> IPv4Address {
        changedServices[service] ?? IPv4Address(bits: Self.serviceBase + UInt32(service))
    }

    private func address(ofEndpoint endpoint: Int) -> IPv4Address {
        changedEndpoints[endpoint] ?? IPv4Address(bits: Self.endpointBase + UInt32(endpoint))
    }

    /// Gives a Service an address that nothing had before.
    package mutating func renumberService(_ service: Int) {
        changes += 1
        changedServices[service] = IPv4Address(bits: Self.newServiceBase + changes)
    }

    /// Gives one endpoint of a slice an address that nothing had before.
    package mutating func renumberEndpoint(_ place: Int, ofSlice slice: Int) {
        changes += 1
        changedEndpoints[slice * Self.endpointsPerSlice + place] = IPv4Address(bits: Self.newEndpointBase + changes)
    }

    // MARK: Questions

    /// The address of a Service that is not headless.
    package func question(aboutService service: Int) -> Question {
        Question(name: path(ofService: service), type: .a, expectation: .address(address(ofService: service)))
    }

    /// The first port of a Service that is not headless.
    package func question(aboutPortOfService service: Int) -> Question {
        Question(name: "_http._tcp.\(path(ofService: service))", type: .srv, expectation: .serviceRecord)
    }

    /// The address of one endpoint of a headless Service, by its hostname.
    package func question(aboutEndpoint place: Int, ofSlice slice: Int) -> Question {
        Question(
            name: "\(hostname(ofEndpoint: place, ofSlice: slice)).\(path(ofService: owner(ofSlice: slice)))", type: .a,
            expectation: .address(address(ofEndpoint: slice * Self.endpointsPerSlice + place)))
    }

    /// A Service that is not there.
    package var questionAboutNothing: Question {
        Question(name: "missing.\(Self.namespace(0)).svc.\(Self.zone)", type: .a, expectation: .nameError)
    }

    /// The numbers of Services with an address.
    package var addressedServices: [Int] { (0..<size.services).filter { !isHeadless($0) } }
    /// The numbers of slices of headless Services.
    package var headlessSlices: [Int] { (0..<size.ordinarySlices).filter { isHeadless(owner(ofSlice: $0)) } }

    /// The numbers of the slices of the wide Service.
    package var wideSlices: [Int] { Array(size.ordinarySlices..<size.slices) }

    /// How many names have answers: each Service, each of its ports with its protocol, each endpoint with a hostname,
    /// and each address's reverse name.
    package var nameCount: Int {
        let headlessEndpoints = (headlessSlices.count + wideSlices.count) * Self.endpointsPerSlice
        return size.services * (1 + ports) + headlessEndpoints * 2 + addressedServices.count
    }

    // MARK: Objects

    /// The members of an object, without the braces around them and without its kind.
    package func namespaceObject(_ name: String, version: Int) -> String {
        #""metadata":{"name":"\#(name)","uid":"\#(Self.uid(1, 0))","resourceVersion":"\#(version)","#
            + #""creationTimestamp":"2026-01-05T08:00:00Z","labels":{"kubernetes.io/metadata.name":"\#(name)"}},"#
            + #""spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}"#
    }

    /// A Service of about 1.5 kB, most of it what the server keeps for others (`managedFields`).
    package func serviceObject(_ service: Int, version: Int) -> String {
        let name = name(ofService: service)
        let address = isHeadless(service) ? "None" : address(ofService: service).description
        return #""metadata":{"name":"\#(name)","namespace":"\#(namespace(ofService: service))","#
            + #""uid":"\#(Self.uid(2, service))","resourceVersion":"\#(version)","#
            + #""creationTimestamp":"2026-01-05T08:00:00Z","labels":{"app.kubernetes.io/name":"\#(name)","#
            + #""app.kubernetes.io/part-of":"shop"},"managedFields":[{"manager":"kubectl","operation":"Update","#
            + #""apiVersion":"v1","time":"2026-01-05T08:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"#
            + #""f:labels":{".":{},"f:app.kubernetes.io/name":{},"f:app.kubernetes.io/part-of":{}}},"f:spec":{"#
            + #""f:clusterIP":{},"f:internalTrafficPolicy":{},"f:ports":{".":{},"#
            + #""k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:name":{},"f:port":{},"f:protocol":{},"#
            + #""f:targetPort":{}},"k:{\"port\":9090,\"protocol\":\"TCP\"}":{".":{},"f:name":{},"f:port":{},"#
            + #""f:protocol":{},"f:targetPort":{}}},"f:selector":{},"f:sessionAffinity":{},"f:type":{}}}}]},"spec":{"#
            + #""ports":[\#(Self.servicePorts.prefix(ports).joined(separator: ","))],"#
            + #""selector":{"app.kubernetes.io/name":"\#(name)"},"clusterIP":"\#(address)","clusterIPs":["\#(address)"],"#
            + #""type":"ClusterIP","sessionAffinity":"None","ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","#
            + #""internalTrafficPolicy":"Cluster"},"status":{"loadBalancer":{}}"#
    }

    /// An EndpointSlice of about 33 kB.
    package func sliceObject(_ slice: Int, version: Int) -> String {
        let owner = owner(ofSlice: slice)
        let (name, namespace) = (name(ofService: owner), namespace(ofService: owner))
        let isHeadless = isHeadless(owner)
        let endpoints = (0..<Self.endpointsPerSlice).map { place in
            let number = slice * Self.endpointsPerSlice + place
            let hostname = isHeadless ? #""hostname":"\#(hostname(ofEndpoint: place, ofSlice: slice))","# : ""
            return #"{"addresses":["\#(address(ofEndpoint: number))"],"#
                + #""conditions":{"ready":true,"serving":true,"terminating":false},\#(hostname)"#
                + #""targetRef":{"kind":"Pod","namespace":"\#(namespace)","name":"\#(name)-7d4b9c6f5d-\#(place)","#
                + #""uid":"\#(Self.uid(3, number))"},"nodeName":"node-\#(number % 500)","zone":"zone-\#(number % 3)"}"#
        }
        let suffix = slice < size.ordinarySlices ? "x7k2p" : "w" + Self.padded(slice, to: 4)
        return #""metadata":{"name":"\#(name)-\#(suffix)","generateName":"\#(name)-","namespace":"\#(namespace)","#
            + #""uid":"\#(Self.uid(4, slice))","resourceVersion":"\#(version)","generation":3,"#
            + #""creationTimestamp":"2026-01-05T08:00:00Z","labels":{"app.kubernetes.io/name":"\#(name)","#
            + #""endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io","#
            + #""kubernetes.io/service-name":"\#(name)"},"ownerReferences":[{"apiVersion":"v1","kind":"Service","#
            + #""name":"\#(name)","uid":"\#(Self.uid(2, owner))","controller":true,"blockOwnerDeletion":true}]},"#
            + #""addressType":"IPv4","endpoints":["# + endpoints.joined(separator: ",")
            + #"],"ports":["# + Self.endpointPorts.prefix(ports).joined(separator: ",") + "]"
    }

    private static let servicePorts = [
        #"{"name":"http","protocol":"TCP","port":80,"targetPort":8080}"#,
        #"{"name":"metrics","protocol":"TCP","port":9090,"targetPort":9090}"#,
    ]
    private static let endpointPorts = [
        #"{"name":"http","port":8080,"protocol":"TCP"}"#, #"{"name":"metrics","port":9090,"protocol":"TCP"}"#,
    ]

    private static func uid(_ kind: Int, _ number: Int) -> String {
        "6f1c\(padded(kind, to: 4))-52a7-4e0b-9d38-" + padded(number, to: 12)
    }
}
