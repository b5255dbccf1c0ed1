import DNS
import Registry

/// The Kubernetes DNS schema: turns what happens in a cluster into what becomes of names.
///
/// A value with one owner; no I/O and no clock. Only names that answer differently than before are told, whatever
/// the way is that the objects were told in; a change of one Service makes only that Service's names anew.
package struct ClusterZone: Sendable {
    package let settings: ClusterZoneSettings
    /// What a source of objects is to tell.
    package let selection: DiscoverySelection
    /// The Unix second of the last change that DNS could see of Services and Pods; 0 before any.
    package private(set) var serial: UInt32 = 0
    /// The same of ServiceImports, for the multicluster zones.
    package private(set) var importSerial: UInt32 = 0
    var state: ClusterState
    var reverse: ReverseNames
    private let apex: ApexNames
    /// The Services that have one of this host's addresses among their endpoints.
    private var ownServices: Set<ServiceTable.Number> = []
    /// Names that have gone while a list is being told, which may give them to other objects yet.
    private var held: (services: Set<DomainName>, imports: Set<DomainName>, addresses: Set<IPAddress>) = ([], [], [])
    /// The servers of the first zone as its apex tells them.
    private var toldServers: ApexNames.Servers
    /// Those where no Service has one of this host's addresses.
    private let plainServers: ApexNames.Servers
    /// As the settings have them, which put them together each time.
    let serviceApexes: [DomainName]
    let importApexes: [DomainName]
    private let wantedKinds: Set<DiscoveryKind>
    /// Whether endpoints take part in names: not before all of them are known.
    private var showsEndpoints = false
    /// Whether Services are told as a whole.
    private let tellsServices: Bool
    /// Whether addresses are told by the Services they lead to.
    let tellsAddresses: Bool
    /// Addresses whose names have been told by their answers.
    var spelledAddresses: Set<IPAddress> = []
    /// What goes on being told of Services, by their name in each zone, while a list may bring it back.
    var heldServices: [DomainName: HeldServiceNames] = [:]

    /// Zones of addresses are told by their place among as many.
    private static let referableZones = 64

    package init(settings: ClusterZoneSettings, form: ChangeForm = .names) {
        self.settings = settings
        tellsServices = form == .services
        // A name that ends like those of addresses is compressed behind them.
        tellsAddresses =
            tellsServices && settings.forwardApexes.count + settings.reverseApexes.count <= Self.referableZones
            && settings.serviceApexes.first.map { $0.labels.last.map { !$0.elementsEqual("arpa".utf8) } ?? false }
                ?? false
        selection = settings.selection
        state = ClusterState(settings: settings)
        reverse = ReverseNames(apexes: settings.reverseApexes, ttl: settings.ttl)
        apex = ApexNames(settings: settings)
        plainServers = apex.servers(of: settings.apex, services: [])
        toldServers = plainServers
        (serviceApexes, importApexes) = (settings.serviceApexes, settings.importApexes)
        apexes = settings.forwardApexes + settings.reverseApexes
        wantedKinds = selection.kinds
        isComplete = wantedKinds.isEmpty
        showsEndpoints = !selection.includesEndpoints
    }

    /// The zones served: those of names first, then the reverse zones.
    package let apexes: [DomainName]
    /// Whether all objects have been told of once, so that what has no name does not exist.
    package private(set) var isComplete: Bool

    /// The SOA record of one of the zones, as it is now.
    package func soa(of apex: DomainName) -> Record { self.apex.soa(of: apex, serial: serial(of: apex)) }

    private func serial(of apex: DomainName) -> UInt32 {
        settings.multiclusterApexes.contains(apex) ? importSerial : serial
    }

    /// The names that exist whatever the cluster says.
    package func fixedChanges() -> [ZoneChange] { apex.fixedChanges() + apexChanges(apexes) }

    private func apexChanges(_ apexes: [DomainName]) -> [ZoneChange] {
        apexes.map { apex in
            self.apex.apexChange(of: apex, serial: serial(of: apex), servers: servers(of: apex))
        }
    }

    private func servers(of apex: DomainName) -> ApexNames.Servers {
        let named = settings.serviceApexes.contains(apex) ? apex : settings.serviceApexes.first
        let own = ownServices.compactMap { state.services[$0] }.sorted { $0.id < $1.id }
        return self.apex.servers(
            of: apex,
            services: own.compactMap { slot in
                named.flatMap { ServiceNames(slot.id, apex: $0, settings: settings) }.map {
                    (name: $0.owner, addresses: slot.service?.virtualIPs ?? [])
                }
            })
    }

    // MARK: Events

    /// Takes an event of the registry, in its full types.
    ///
    /// - Parameter now: the Unix time in seconds.
    /// - Returns: what becomes of names; empty where the event changes nothing that DNS could see.
    package mutating func apply(_ event: RegistryEvent, now: UInt32) -> [ZoneChange] {
        var changes: [ZoneChange] = []
        for event in event.discovery(selection) {
            _ = apply(event, now: now) { changes.append($0) }
        }
        return changes
    }

    /// Takes an event and gathers what becomes of names.
    package mutating func update(_ event: DiscoveryEvent, now: UInt32) -> ZoneUpdate {
        var changes: [ZoneChange] = []
        let programmed = apply(event, now: now) { changes.append($0) }
        return ZoneUpdate(changes: changes, programmed: programmed)
    }

    /// Takes an event and tells what becomes of names, one by one: the names of a whole cluster need not be held.
    ///
    /// A name that goes on existing is told as set, or not at all where it answers as before; never as removed. What
    /// goes by a list is told with its end at the latest.
    /// - Parameters:
    ///   - now: the Unix time in seconds.
    ///   - publish: takes the changes, in their order, before this returns.
    /// - Returns: the slices whose names have changed, but for those of the first list.
    package mutating func apply(
        _ event: DiscoveryEvent, now: UInt32, publish: (ZoneChange) -> Void
    ) -> [ProgrammedChange] {
        var ending = ChangeSink.Ending.own
        switch event {
        case .snapshotBegins(let kinds):
            // A list that broke off gives nothing back any more.
            if !state.listed.isDisjoint(with: kinds) { ending = .all }
            for kind in kinds { state.beginList(of: kind) }
        case .changes(let changes):
            // What a list takes from one object it may give to another one later on.
            if !state.listed.isEmpty, changes.allSatisfy({ state.listed.contains($0.key.kind) }) { ending = .none }
            for change in changes { state.apply(change) }
        case .snapshotEnds(let kinds):
            for kind in kinds { state.endList(of: kind) }
            isComplete = state.complete.isSuperset(of: wantedKinds)
            if state.listed.isEmpty { ending = .all }
        }
        return withoutActuallyEscaping(publish) { publish in
            refresh(now: now, ending, publish)
        }
    }

    /// Makes the names of all that has changed.
    private mutating func refresh(
        now: UInt32, _ ending: ChangeSink.Ending, _ publish: @escaping (ZoneChange) -> Void
    ) -> [ProgrammedChange] {
        let (formerSerial, formerImportSerial) = (serial, importSerial)
        let toggled = state.takeToggledNamespaces()
        let revealsEndpoints = !showsEndpoints && state.complete.contains(.endpointSlice)
        showsEndpoints = showsEndpoints || revealsEndpoints
        let scope = Scope(toggled: toggled, revealsEndpoints: revealsEndpoints)
        var programmed: [ProgrammedChange] = []

        var imports = ChangeSink(held: held.imports, publish)
        for namespace in toggled { refreshNamespace(namespace, importApexes, into: &imports) }
        refreshImports(scope, &programmed, into: &imports)

        var services = ChangeSink(held: held.services, addresses: held.addresses, publish)
        for namespace in toggled { refreshNamespace(namespace, serviceApexes, into: &services) }
        refreshServices(scope, ending, &programmed, into: &services)
        let namespaces = state.namespaces
        state.pods.update(
            exposed: { namespaces.contains($0) },
            formerlyExposed: { namespaces.contains($0) != toggled.contains($0) }, toggled: toggled, into: &services)

        imports.finish(ending)
        if case .all = ending { releaseServices(into: &services) }
        services.finish(ending)
        held = (services.held, imports.held, services.heldAddresses)
        if imports.hasChanged { importSerial = max(importSerial, now) }
        if services.hasChanged { serial = max(serial, now) }
        let servers = ownServices.isEmpty ? plainServers : servers(of: settings.apex)
        let hasOtherServers = servers != toldServers
        toldServers = servers
        guard hasOtherServers || serial != formerSerial || importSerial != formerImportSerial else { return programmed }
        for change in apexChanges(
            apexes.filter { apex in
                hasOtherServers
                    || (settings.multiclusterApexes.contains(apex)
                        ? importSerial != formerImportSerial : serial != formerSerial)
            })
        { publish(change) }
        return programmed
    }

    /// What else than objects of their own makes names of Services anew.
    private struct Scope {
        /// Namespaces that came or went take everything in them along.
        let toggled: Set<String>
        /// All endpoints are known now, and take part.
        let revealsEndpoints: Bool

        /// The Services that have changed in themselves or by this.
        func numbers(
            in table: ServiceTable, _ former: [ServiceTable.Number: ServiceTable.Slot]
        ) -> [ServiceTable.Number] {
            guard revealsEndpoints || !toggled.isEmpty else { return former.keys.sorted() }
            return table.all.filter { number in
                revealsEndpoints || former[number] != nil
                    || table[number].map { toggled.contains($0.id.namespace) } ?? false
            }
        }
    }

    private func refreshNamespace(_ namespace: String, _ apexes: [DomainName], into sink: inout ChangeSink) {
        for apex in apexes {
            for label in settings.podNames == .disabled ? ["svc"] : ["svc", "pod"] {
                guard let name = DomainName(labels: [namespace, label], under: apex) else { continue }
                if state.namespaces.contains(namespace) {
                    sink.set(name, zone: apex, answers: [], isFixedByName: true)
                } else {
                    sink.remove(name)
                }
            }
        }
    }

    // MARK: Services

    /// What of a Service takes part in names.
    struct View {
        var service: DiscoveryService?
        var endpoints: EndpointView

        /// Those of an alias have no names.
        var hasEndpointNames: Bool {
            switch service?.target {
            case .virtualIPs, .endpoints: true
            case .alias, nil: false
            }
        }
    }

    private func view(_ slot: ServiceTable.Slot?, isExposed: Bool, showsEndpoints: Bool) -> View {
        guard let slot, isExposed else { return View(service: nil, endpoints: .none) }
        return View(
            service: slot.service, endpoints: showsEndpoints ? EndpointView(slot.countingSlices) : .none)
    }

    /// A Service as it was and as it is.
    private func views(
        of number: ServiceTable.Number, in table: ServiceTable, _ former: ServiceTable.Slot?, _ scope: Scope
    ) -> (id: NamespacedName, old: View, new: View)? {
        guard let slot = former ?? table[number] else { return nil }
        let isExposed = state.namespaces.contains(slot.id.namespace)
        let wasExposed = isExposed != scope.toggled.contains(slot.id.namespace)
        return (
            slot.id, view(slot, isExposed: wasExposed, showsEndpoints: showsEndpoints && !scope.revealsEndpoints),
            view(table[number], isExposed: isExposed, showsEndpoints: showsEndpoints)
        )
    }

    private mutating func refreshServices(
        _ scope: Scope, _ ending: ChangeSink.Ending, _ programmed: inout [ProgrammedChange],
        into sink: inout ChangeSink
    ) {
        let former = state.services.takeFormer()
        if scope.revealsEndpoints { state.services.remembersEndpoints = true }
        let numbers = scope.numbers(in: state.services, former)
        let moved =
            tellsServices && numbers.count > 1 && !scope.revealsEndpoints
            ? movedAddresses(numbers, former, scope) : []
        var passing: [(id: NamespacedName, number: ServiceTable.Number)] = []
        for number in numbers {
            guard let (id, old, new) = views(of: number, in: state.services, former[number], scope) else { continue }
            let change = ServiceChange(
                number: number, id: id, old: old, new: new,
                delta: EndpointDelta(from: old.endpoints, to: new.endpoints, listsAll: !tellsServices))
            let isPassing =
                tellsAddresses
                && change.lostAddresses.contains { address in
                    moved.contains(address) || reverse.isShared(address)
                        || new.service?.virtualIPs.contains(address) == true
                }
            refreshService(change, scope, ending, isPassing: isPassing, &programmed, into: &sink)
            if isPassing { passing.append((id, number)) }
        }
        for number in former.keys where !heldServices.values.contains(where: { $0.number == number }) {
            state.services.leave(number)
        }
        if case .none = ending { return }
        for (id, number) in passing { tellService(id, number, into: &sink) }
    }

    /// The addresses that endpoints of one Service have lost and another one has gained: their names must not be
    /// missing in between.
    private func movedAddresses(
        _ numbers: [ServiceTable.Number], _ former: [ServiceTable.Number: ServiceTable.Slot], _ scope: Scope
    ) -> Set<IPAddress> {
        var lost: Set<IPAddress> = []
        var gained: Set<IPAddress> = []
        for number in numbers {
            guard let (_, old, new) = views(of: number, in: state.services, former[number], scope),
                !old.endpoints.isEmpty
            else { continue }
            lost.formUnion(EndpointDelta(from: old.endpoints, to: new.endpoints).removed.map(\.address))
        }
        guard !lost.isEmpty else { return [] }
        for number in numbers {
            guard let (_, old, new) = views(of: number, in: state.services, former[number], scope) else { continue }
            gained.formUnion(EndpointDelta(from: old.endpoints, to: new.endpoints).added.map(\.address))
            if old.service != new.service { gained.formUnion(new.service?.virtualIPs ?? []) }
        }
        return lost.intersection(gained)
    }

    private mutating func refreshImports(
        _ scope: Scope, _ programmed: inout [ProgrammedChange], into sink: inout ChangeSink
    ) {
        let former = state.imports.takeFormer()
        if scope.revealsEndpoints { state.imports.remembersEndpoints = true }
        for number in scope.numbers(in: state.imports, former) {
            guard let (id, old, new) = views(of: number, in: state.imports, former[number], scope) else { continue }
            let delta = EndpointDelta(from: old.endpoints, to: new.endpoints)
            refreshNames(id, importApexes, old, new, delta, isImport: true, into: &sink)
            note(delta, new, scope, &programmed)
        }
        for number in former.keys { state.imports.leave(number) }
    }

    private mutating func refreshService(
        _ change: ServiceChange, _ scope: Scope, _ ending: ChangeSink.Ending, isPassing: Bool,
        _ programmed: inout [ProgrammedChange], into sink: inout ChangeSink
    ) {
        let (number, new, delta) = (change.number, change.new, change.delta)
        if tellsServices {
            refreshRecords(change, ending, isPassing: isPassing, into: &sink)
        } else {
            refreshNames(change.id, serviceApexes, change.old, new, delta, isImport: false, into: &sink)
            refreshAddresses(number, change.id, change.old, new, delta, into: &sink)
        }
        note(delta, new, scope, &programmed)
        let isOwn =
            new.service?.virtualIPs.isEmpty == false
            && settings.localAddresses.contains { new.endpoints.contains($0) }
        if isOwn { ownServices.insert(number) } else { ownServices.remove(number) }
    }

    /// Notes when what the changed slices tell happened.
    private func note(
        _ delta: EndpointDelta, _ new: View, _ scope: Scope, _ programmed: inout [ProgrammedChange]
    ) {
        guard !scope.revealsEndpoints, !delta.isEmpty, let service = new.service else { return }
        let sort: ServiceSort
        switch service.target {
        case .alias: return
        case .virtualIPs: sort = .clusterIP
        case .endpoints: sort = service.hasSelector ? .headlessWithSelector : .headlessWithoutSelector
        }
        programmed += delta.changedSlices.compactMap(\.lastChangeTrigger).map {
            ProgrammedChange(sort: sort, trigger: $0)
        }
    }

    /// The names in the zones of Services, or of ServiceImports.
    ///
    /// - Parameter isRest: only those that are not told with their Service as a whole.
    func refreshNames(
        _ id: NamespacedName, _ apexes: [DomainName], _ old: View, _ new: View, _ delta: EndpointDelta,
        isImport: Bool, isRest: Bool = false, into sink: inout ChangeSink
    ) {
        let isOtherService = old.service != new.service
        guard isOtherService || !delta.isEmpty else { return }
        func fixed(_ view: View) -> [ServiceNames.Fixed] {
            let all = ServiceNames.fixed(of: view.service, view.endpoints, settings: settings, isImport: isImport)
            return isRest ? all.filter { !$0.isToldWithService } : all
        }
        let (formerFixed, currentFixed) = (Set(fixed(old)), fixed(new))
        let known = Set(currentFixed)
        let changed = currentFixed.filter {
            isOtherService || !formerFixed.contains($0) || new.service?.target == .endpoints && delta.concerns($0)
        }
        lazy var ordered = OrderedEndpoints(new.endpoints)
        let labels = EndpointLabels(old, new, delta, isRest: isRest) { new.hasEndpointNames ? ordered.places : [] }
        for apex in apexes {
            guard let names = ServiceNames(id, apex: apex, settings: settings) else { continue }
            if let service = new.service {
                for fixed in changed {
                    guard let name = names.name(of: fixed) else { continue }
                    sink.set(name, zone: apex, answers: names.answers(fixed, of: service, ordered))
                }
            }
            for fixed in formerFixed.subtracting(known) {
                if let name = names.name(of: fixed) { sink.remove(name) }
            }
            for (label, places) in labels.current {
                guard let name = names.name(ofEndpoint: label.bytes, cluster: label.cluster) else { continue }
                sink.set(name, zone: apex, answers: names.answers(name, new.endpoints, places))
            }
            for label in labels.gone {
                if let name = names.name(ofEndpoint: label.bytes, cluster: label.cluster) { sink.remove(name) }
            }
        }
    }

    func view(_ number: ServiceTable.Number) -> View {
        guard let slot = state.services[number] else { return View(service: nil, endpoints: .none) }
        return view(slot, isExposed: state.namespaces.contains(slot.id.namespace), showsEndpoints: showsEndpoints)
    }
}

extension ServiceNames.Fixed {
    /// Whether the name goes along where a Service is told as a whole.
    fileprivate var isToldWithService: Bool {
        switch self {
        case .owner, .transport, .port: true
        case .cluster, .zones, .pins, .preferences, .pin, .preference: false
        }
    }
}

extension EndpointDelta {
    /// Whether a name of a headless Service answers otherwise.
    fileprivate func concerns(_ name: ServiceNames.Fixed) -> Bool {
        switch name {
        case .owner: true
        case .port(let port):
            elements.contains { element in
                element.ports.contains { $0.name == port.name && $0.transport == port.transport }
            }
        case .pin(let zone), .preference(let zone): elements.contains { $0.zone == zone }
        case .transport, .cluster, .zones, .pins, .preferences: false
        }
    }
}
