import BenchmarkSupport

/// The sorts of objects that a cluster's API is asked for.
enum ObjectSort: Hashable, CaseIterable, Sendable {
    case namespace, service, endpointSlice

    var path: String {
        switch self {
        case .namespace: "/api/v1/namespaces"
        case .service: "/api/v1/services"
        case .endpointSlice: "/apis/discovery.k8s.io/v1/endpointslices"
        }
    }

    /// The beginning of each object, its kind.
    var head: String {
        switch self {
        case .namespace: #"{"kind":"Namespace","apiVersion":"v1","#
        case .service: #"{"kind":"Service","apiVersion":"v1","#
        case .endpointSlice: #"{"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","#
        }
    }
}

/// A cluster that changes by chance, each change in one object: its objects, and what the DNS has to say of them.
///
/// A value: a copy is the state of that moment, to go back to.
struct Cluster: Sendable {
    static let zone = "cluster.local."

    private struct Service: Sendable {
        enum Sort: Sendable { case addressed, headless, passing }

        let name: String
        let namespace: String
        let sort: Sort
        var exists = true
        var address = ""
        /// Addresses of the endpoints, whose host names are pod-0, pod-1 and so on.
        var endpoints: [String] = []
        var version = 0
        var sliceVersion = 0

        var path: String { "\(name).\(namespace).svc.\(Cluster.zone)" }
    }

    /// What watches are told of a change.
    struct Change: Sendable {
        let sort: ObjectSort
        let type: String
        let object: String
    }

    static let namespaces = ["default", "one", "two"]
    private static let hostnames = 4

    private(set) var version = 1000
    private var services: [Service] = []
    private var addresses: UInt32 = 0

    /// - Parameter services: how many, beside the one that marks.
    init(services count: Int) {
        for number in 0..<count {
            let sort: Service.Sort = [.addressed, .addressed, .headless, .passing][number % 4]
            services.append(
                Service(
                    name: "s\(number)", namespace: Self.namespaces[number % Self.namespaces.count], sort: sort))
        }
        services.append(Service(name: "marker", namespace: "default", sort: .addressed))
        for place in services.indices { renew(place) }
        for place in services.indices { (services[place].version, services[place].sliceVersion) = (version, version) }
    }

    private mutating func newAddress(_ network: Int) -> String {
        addresses += 1
        return "10.\(network).\(addresses >> 8 & 0xFF).\(addresses & 0xFF)"
    }

    private mutating func renew(_ place: Int) {
        if services[place].sort == .headless {
            services[place].endpoints = (0..<Self.hostnames).map { _ in newAddress(128) }
        } else {
            services[place].address = newAddress(96)
        }
    }

    /// The numbers of addresses go on, so that no state that is gone back to has an address that means another thing.
    mutating func goBack(to former: Cluster) {
        let addresses = addresses
        self = former
        self.addresses = addresses
    }

    // MARK: Changes

    /// Changes one object and says what is answered differently.
    mutating func change(using generator: inout SeededGenerator) -> (Change, [(Key, Answer)]) {
        change(Int(generator.next() % UInt64(services.count - 1)), choice: generator.next())
    }

    /// Gives the marking Service another address.
    mutating func mark() -> (Change, [(Key, Answer)]) { change(services.count - 1, choice: 0) }

    static let marker = Key("marker.default.svc.\(zone)", .a)

    private mutating func change(_ place: Int, choice: UInt64) -> (Change, [(Key, Answer)]) {
        version += 1
        let former = Self.answers(of: services[place])
        var type = "MODIFIED"
        let sort: ObjectSort
        switch services[place].sort {
        case .addressed:
            services[place].address = newAddress(96)
            sort = .service
        case .passing:
            type = services[place].exists ? "DELETED" : "ADDED"
            services[place].exists.toggle()
            if services[place].exists { services[place].address = newAddress(96) }
            sort = .service
        case .headless:
            services[place].endpoints = (0..<Int(choice % UInt64(Self.hostnames) + 1)).map { _ in newAddress(128) }
            sort = .endpointSlice
        }
        if sort == .service { services[place].version = version } else { services[place].sliceVersion = version }
        let answers = Self.answers(of: services[place])
        let gone = former.keys.filter { answers[$0] == nil }.map { ($0, Answer.nameError) }
        let object = Self.object(sort, services[place])
        return (Change(sort: sort, type: type, object: object), gone + answers.map { ($0.key, $0.value) })
    }

    // MARK: Answers

    var answers: [Key: Answer] {
        var answers = [Key("missing.default.svc.\(Self.zone)", .a): Answer.nameError]
        for service in services { answers.merge(Self.answers(of: service)) { _, new in new } }
        return answers
    }

    private static func answers(of service: Service) -> [Key: Answer] {
        let path = service.path
        let srv = Key("_http._tcp.\(path)", .srv)
        var answers: [Key: Answer] = [:]
        if service.sort == .headless {
            answers[Key(path, .a)] = service.endpoints.isEmpty ? .noData : .records(Set(service.endpoints))
            for number in 0..<hostnames {
                answers[Key("pod-\(number).\(path)", .a)] =
                    service.endpoints.indices.contains(number) ? .records([service.endpoints[number]]) : .nameError
            }
            return answers
        }
        guard service.exists else {
            for key in [Key(path, .a), Key(path, .aaaa), srv] { answers[key] = .nameError }
            return answers
        }
        answers[Key(path, .a)] = .records([service.address])
        answers[Key(path, .aaaa)] = .noData
        answers[srv] = .records(["0 100 80 \(path)"])
        let reverse = service.address.split(separator: ".").reversed().joined(separator: ".") + ".in-addr.arpa."
        answers[Key(reverse, .ptr)] = .records([path])
        return answers
    }

    // MARK: Objects

    /// All objects of a sort, in JSON.
    func objects(_ sort: ObjectSort) -> [String] {
        switch sort {
        case .namespace:
            Self.namespaces.map {
                #"\#(sort.head)"metadata":{"name":"\#($0)","resourceVersion":"1000"},"status":{"phase":"Active"}}"#
            }
        case .service: services.filter(\.exists).map { Self.object(sort, $0) }
        case .endpointSlice: services.filter { $0.sort == .headless }.map { Self.object(sort, $0) }
        }
    }

    private static func object(_ sort: ObjectSort, _ service: Service) -> String {
        let (name, namespace) = (service.name, service.namespace)
        guard sort == .endpointSlice else {
            let address = service.sort == .headless ? "None" : service.address
            return #"\#(sort.head)"metadata":{"name":"\#(name)","namespace":"\#(namespace)","#
                + #""resourceVersion":"\#(service.version)","uid":"\#(name)-\#(namespace)"},"spec":{"type":"ClusterIP","#
                + #""clusterIP":"\#(address)","clusterIPs":["\#(address)"],"#
                + #""ports":[{"name":"http","protocol":"TCP","port":80,"targetPort":8080}]}}"#
        }
        let endpoints = service.endpoints.enumerated().map {
            #"{"addresses":["\#($0.element)"],"conditions":{"ready":true},"hostname":"pod-\#($0.offset)"}"#
        }
        return #"\#(sort.head)"metadata":{"name":"\#(name)-x","namespace":"\#(namespace)","#
            + #""resourceVersion":"\#(service.sliceVersion)","labels":{"kubernetes.io/service-name":"\#(name)"}},"#
            + #""addressType":"IPv4","endpoints":[\#(endpoints.joined(separator: ","))],"#
            + #""ports":[{"name":"http","protocol":"TCP","port":8080}]}"#
    }
}
