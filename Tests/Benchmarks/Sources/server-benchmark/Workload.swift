import BenchmarkSupport
import ScriptedCluster

/// One Service, as every server in the benchmark serves it.
struct Service: Equatable {
    struct Port: Equatable {
        /// Empty for a Service with a single unnamed port, which has no `_port._proto` name.
        let name: String
        let number: UInt16
    }

    let name: String
    let namespace: String
    let address: IPv4Address
    let ports: [Port]

    var domainName: String { "\(name).\(namespace).svc.\(Workload.zone)" }
    var namedPorts: [Port] { ports.filter { !$0.name.isEmpty } }
}

/// The data all servers serve and the questions they are asked; the same on every run.
struct Workload {
    static let zone = "cluster.local"
    static let namespaces = ["shop", "payments", "search", "monitoring", "batch", "staging"]
    /// As many as the address plan of `service(_:)` can number within 10.96.0.0/16.
    static let largestServiceCount = 250 * 255
    /// Questions in the query file, which dnsperf repeats until its time is up.
    static let questionCount = 20_000
    /// The share of questions for names that do not exist; the rest is 60 % A, 15 % AAAA, 10 % SRV.
    static let nameErrorShare = 0.15

    private static let seed: UInt64 = 0x5377_6966_746C_6574
    private static let roles = ["web", "api", "cache", "db", "queue"]

    let services: [Service]
    let questions: [Question]
    /// The share of questions for names that do not exist.
    let nameErrorShare: Double
    /// What is answered rightly only once everything is loaded.
    let lastQuestion: Question

    /// 2,000 Services and the mixture of questions that the README describes.
    init(serviceCount: Int) {
        var random = SplitMix64(state: Self.seed)
        let services = (0..<serviceCount).map(Self.service)
        let last = Self.service(serviceCount - 1)
        self.services = services
        questions = Self.questions(about: services, random: &random).shuffled(using: &random)
        nameErrorShare = Self.nameErrorShare
        lastQuestion = Question(name: last.domainName, type: .a, expectation: .address(last.address))
    }

    /// As many names as asked for, each asked once before any is asked again, in an order that follows from nothing.
    ///
    /// - Parameter cluster: with as many Services as half the names: each has an address and a port.
    init(everyNameOf cluster: Cluster) {
        var random = SplitMix64(state: Self.seed)
        services = []
        questions = (0..<cluster.size.services).flatMap {
            [cluster.question(aboutService: $0), cluster.question(aboutPortOfService: $0)]
        }.shuffled(using: &random)
        nameErrorShare = 0
        lastQuestion = cluster.question(aboutService: cluster.size.services - 1)
    }

    /// Some questions about a cluster that has no part in this; all names exist.
    init(_ questions: [Question]) {
        var random = SplitMix64(state: Self.seed)
        services = []
        self.questions = questions.shuffled(using: &random)
        nameErrorShare = 0
        lastQuestion = questions.last ?? Question(name: Self.zone, type: .a, expectation: .noData)
    }

    /// Names outside of the cluster, which an upstream answers that has one answer for all: `udp-echo`.
    init(externalNames count: Int) {
        var random = SplitMix64(state: Self.seed)
        services = []
        let answer = IPv4Address(bits: 10 << 24 | 96 << 16 | 10)
        let questions = (0..<count).map {
            Question(name: "www-\($0).example.org", type: .a, expectation: .address(answer))
        }.shuffled(using: &random)
        self.questions = questions
        nameErrorShare = 0
        lastQuestion = questions.last ?? Question(name: "example.org", type: .a, expectation: .address(answer))
    }

    /// Three of four Services have the ports `http` and `https`, the fourth a single unnamed one.
    private static func service(_ index: Int) -> Service {
        let host = UInt32(1 + index % 250)
        let subnet = UInt32(1 + index / 250)
        let ports: [Service.Port] =
            index % 4 == 3
            ? [.init(name: "", number: 80)]
            : [.init(name: "http", number: 80), .init(name: "https", number: 443)]
        return Service(
            name: "\(roles[index / namespaces.count % roles.count])-\(index)",
            namespace: namespaces[index % namespaces.count],
            address: IPv4Address(bits: 10 << 24 | 96 << 16 | subnet << 8 | host),
            ports: ports)
    }

    /// Every Service gets the same number of questions, give or take one: no name stays hot in the processor's caches
    /// because it is asked more often than others.
    private static func questions(about services: [Service], random: inout SplitMix64) -> [Question] {
        let order = services.shuffled(using: &random)
        let withNamedPorts = order.filter { !$0.namedPorts.isEmpty }
        let nameErrorCount = Int(Double(questionCount) * nameErrorShare)

        let addresses = (0..<questionCount * 60 / 100).map { index in
            let service = order[index % order.count]
            return Question(name: service.domainName, type: .a, expectation: .address(service.address))
        }
        let noData = (0..<questionCount * 15 / 100).map { index in
            Question(name: order[index % order.count].domainName, type: .aaaa, expectation: .noData)
        }
        let serviceRecords = (0..<questionCount * 10 / 100).map { index in
            let service = withNamedPorts[index % withNamedPorts.count]
            return Question(name: "_http._tcp.\(service.domainName)", type: .srv, expectation: .serviceRecord)
        }
        let nameErrors = (0..<nameErrorCount).map { index in
            let name = missingName(index, near: order[index % order.count])
            return Question(name: name, type: index % 2 == 0 ? .a : .aaaa, expectation: .nameError)
        }
        return addresses + noData + serviceRecords + nameErrors
    }

    /// A name of the kind pods ask because of `ndots:5`: a full name with each search domain behind it, an outside
    /// name with a search domain behind it, and a Service that is not there.
    private static func missingName(_ index: Int, near service: Service) -> String {
        let asking = namespaces[index % namespaces.count]
        // The namespaces come round every six questions; dividing by six tries every suffix in each of them.
        switch index / namespaces.count % 5 {
        case 0: return "\(service.domainName).\(asking).svc.\(zone)"
        case 1: return "\(service.domainName).svc.\(zone)"
        case 2: return "\(service.domainName).\(zone)"
        case 3: return "www-\(index).example.org.\(asking).svc.\(zone)"
        default: return "missing-\(index).\(asking).svc.\(zone)"
        }
    }
}

/// The generator of Steele, Lea and Flood (2014): small, fast, and the same on every machine.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
