import AddressAllocator
import Registry
import TestSupport
import Testing

final class NodePortTests {
    var pools: AddressPools
    var generator = SeededGenerator.announced("NodePortTests")

    init() throws {
        pools = try makePools("10.96.0.0/16")
    }

    func assign(_ wanted: Service, replacing stored: Service? = nil) throws -> Service {
        try pools.assign(wanted, replacing: stored, at: instant(0), using: &generator).service
    }

    func refusal(of wanted: Service, replacing stored: Service? = nil) -> AddressingError? {
        let before = pools.nodePorts.allocations
        let error = #expect(throws: AddressingError.self) { try assign(wanted, replacing: stored) }
        #expect(pools.nodePorts.allocations == before)
        return error
    }

    /// A Service `prod/NAME` of type NodePort with ports written as `PROTOCOL/PORT[:NODEPORT]`.
    func nodePortService(_ id: String, _ ports: String..., kind: Service.Kind = .nodePort) -> Service {
        service(id) { service in
            service.kind = kind
            service.ports = ports.map { text in
                let parts = text.split { "/:".contains($0) }
                return Service.Port(
                    name: "\(parts[0].lowercased())-\(parts[1])",
                    transport: TransportProtocol(rawValue: String(parts[0])) ?? .tcp,
                    port: Int(parts[1]) ?? 0, nodePort: parts.count > 2 ? Int(parts[2]) ?? 0 : 0)
            }
        }
    }

    @Test("As many ports as all numbers serve in three protocols have them; one more has none")
    func allNumbers() throws {
        func wanted(_ count: Int) -> Service {
            service("prod/all") { service in
                service.kind = .nodePort
                service.ports = (0..<count).flatMap { number in
                    [TransportProtocol.tcp, .udp, .sctp].map { transport in
                        Service.Port(
                            name: "\(transport.rawValue.lowercased())-\(number)", transport: transport,
                            port: number + 1, nodePort: 0)
                    }
                }
            }
        }
        #expect(refusal(of: wanted(2769)) != nil)
        let assigned = try assign(wanted(2768))
        #expect(Set(assigned.ports.map(\.nodePort)).count == 2768)
        for ports in Dictionary(grouping: assigned.ports, by: \.port).values {
            #expect(ports.count == 3 && Set(ports.map(\.nodePort)).count == 1)
        }
    }

    @Test("The low band of 86 is left to explicit requests until the rest is full")
    func bands() throws {
        var generator = SeededGenerator.announced()
        var allocator = try NodePortAllocator()
        #expect(allocator.staticSize == 86)
        for count in 0..<2768 {
            let number = try allocator.candidate(using: &generator)
            #expect((30086...32767).contains(number) == (count < 2682) && allocator.owner(of: number) == nil)
            allocator.take(number, for: name("prod/web"))
        }
        let error = #expect(throws: AllocationError.self) { try allocator.candidate(using: &generator) }
        #expect(error?.description == "no free node port in 30000-32767 (2768 used)")
    }

    @Test("Ranges are checked, and small ones have no low band", arguments: [0...100, -5...3, 60000...70000])
    func invalidRange(_ range: ClosedRange<Int>) throws {
        #expect(throws: AllocationError.nodePortRangeInvalid(range)) { try NodePortAllocator(range: range) }
        #expect(try NodePortAllocator(range: 30000...30015).staticSize == 0)
        #expect(try NodePortAllocator(range: 30000...30016).staticSize == 16)
    }

    @Test("Each port of a NodePort Service gets a number; TCP and UDP of one port share it")
    func automatic() throws {
        let dns = try assign(nodePortService("prod/dns", "TCP/53", "UDP/53", "TCP/9153"))
        let numbers = dns.ports.map(\.nodePort)
        #expect(numbers.allSatisfy { (30086...32767).contains($0) })
        #expect(numbers[0] == numbers[1] && numbers[1] != numbers[2])
        #expect(pools.nodePorts.allocations.count == 2)
    }

    @Test("A number named for one protocol serves the other one of the same port")
    func sharesNamed() throws {
        let dns = try assign(nodePortService("prod/dns", "TCP/53", "UDP/53:30053"))
        #expect(dns.ports.map(\.nodePort) == [30053, 30053])
    }

    @Test("Refusals name the port and the holder")
    func refusals() throws {
        _ = try assign(nodePortService("prod/web", "TCP/80:30080"))
        let rows = [
            (
                nodePortService("prod/a", "TCP/80:30080"),
                "spec.ports[0].nodePort: node port 30080 is already allocated to prod/web"
            ),
            (
                nodePortService("prod/a", "TCP/80", "UDP/80:30080"),
                "spec.ports[1].nodePort: node port 30080 is already allocated to prod/web"
            ),
            (
                nodePortService("prod/a", "TCP/80:29999"),
                "spec.ports[0].nodePort: node port 29999 is not in the range 30000-32767"
            ),
            (
                nodePortService("prod/a", "TCP/80:30081", "UDP/81:30081"),
                "spec.ports[1].nodePort: node port 30081 is already allocated to prod/a"
            ),
        ]
        for (wanted, sentence) in rows {
            let error = refusal(of: wanted)
            #expect(error?.description == sentence)
            #expect(error?.isInternal == false)
        }
        let duplicate = refusal(of: nodePortService("prod/a", "TCP/80:30081", "TCP/81:30081"))
        #expect(duplicate?.violations.first?.reason == .duplicate)
        #expect(pools.addresses.allocations.count == 1)
    }

    @Test("A full range is an internal error")
    func exhaustion() throws {
        pools = try makePools("10.96.0.0/16", nodePorts: 30000...30001)
        _ = try assign(nodePortService("prod/web", "TCP/80", "TCP/443"))
        let error = refusal(of: nodePortService("prod/a", "TCP/80"))
        #expect(error?.isInternal == true && error?.violations.first?.path.description == "spec.ports[0].nodePort")
    }

    @Test("An update inherits numbers by port name and gives back those no longer used")
    func update() throws {
        let web = try assign(nodePortService("prod/web", "TCP/80:30080", "TCP/443:30443"))
        var wanted = nodePortService("prod/web", "TCP/80")
        wanted.ports[0].port = 8080
        let updated = try assign(wanted, replacing: web)
        #expect(updated.ports.map(\.nodePort) == [30080])
        #expect(pools.nodePorts.owner(of: 30443) == nil && pools.nodePorts.owner(of: 30080) == name("prod/web"))
        // On update a number of its own may serve another port as well.
        let both = try assign(nodePortService("prod/web", "TCP/80:30080", "UDP/81:30080"), replacing: updated)
        #expect(both.ports.map(\.nodePort) == [30080, 30080])
    }

    @Test("A number claimed for another port is not inherited")
    func claimed() throws {
        let web = try assign(nodePortService("prod/web", "TCP/80:30080"))
        let updated = try assign(nodePortService("prod/web", "TCP/80", "TCP/443:30080"), replacing: web)
        #expect(updated.ports[1].nodePort == 30080 && updated.ports[0].nodePort != 30080)
    }

    @Test("Leaving NodePort wipes the numbers, unless a new one is named")
    func wipe() throws {
        let web = try assign(nodePortService("prod/web", "TCP/80:30080"))
        var plain = web
        plain.kind = .clusterIP
        let wiped = try assign(plain, replacing: web)
        #expect(wiped.ports.map(\.nodePort) == [0] && pools.nodePorts.allocations.isEmpty)
        #expect(wiped.clusterIP == web.clusterIP)
        plain.ports[0].nodePort = 30081
        #expect(refusal(of: plain, replacing: web)?.violations.first?.reason == .forbidden)
    }

    @Test("LoadBalancer Services may do without node ports, and check health on one")
    func loadBalancer() throws {
        var wanted = nodePortService("prod/lb", "TCP/80", kind: .loadBalancer)
        wanted.allocatesLoadBalancerNodePorts = false
        #expect(try assign(wanted).ports.map(\.nodePort) == [0])
        wanted.allocatesLoadBalancerNodePorts = nil
        wanted.externalTrafficPolicy = .local
        wanted.metadata.name = "lb2"
        let lb = try assign(wanted)
        #expect(lb.healthCheckNodePort != 0 && lb.healthCheckNodePort != lb.ports[0].nodePort)
        #expect(pools.nodePorts.owner(of: lb.healthCheckNodePort) == name("prod/lb2"))
        #expect(try assign(wanted, replacing: lb) == lb)
        var other = wanted
        other.healthCheckNodePort = 30001
        #expect(refusal(of: other, replacing: lb)?.reason == .immutable)
        other.metadata.name = "lb3"
        other.healthCheckNodePort = lb.ports[0].nodePort
        let error = refusal(of: other)
        #expect(error?.isInternal == true && error?.violations.first?.path == "spec.healthCheckNodePort")
        var plain = lb
        plain.kind = .clusterIP
        let wiped = try assign(plain, replacing: lb)
        #expect(wiped.healthCheckNodePort == 0 && wiped.externalTrafficPolicy == nil)
        #expect(pools.nodePorts.allocations.isEmpty)
    }

    @Test("A health check port equal to one of the Service's node ports is refused")
    func healthCheckCollision() throws {
        var wanted = nodePortService("prod/lb", "TCP/80:30100", kind: .loadBalancer)
        wanted.externalTrafficPolicy = .local
        wanted.healthCheckNodePort = 30100
        #expect(refusal(of: wanted)?.reason == .allocation(.nodePortTaken(30100, holder: name("prod/lb"))))
    }
}
