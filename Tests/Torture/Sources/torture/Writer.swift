import BenchmarkSupport
import Foundation
import Glibc
import Synchronization

/// A client that writes Services without an end, on a thread of its own, and remembers what was acknowledged.
///
/// A write of unknown outcome leaves its Service alone for ever: it may be done later.
final class Writer: Sendable {
    struct Entry: Hashable, Sendable {
        var address: String
        var label = 0
        var endpoints: [String] = []
    }

    private struct State {
        var stored: [String: Entry] = [:]
        var removed: Set<String> = []
        var acknowledged = 0
        var complaints: [String] = []
        var goesOn = false
        var isPaused = false
    }

    static let services = "/api/v1/namespaces/default/services"
    static let slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"

    private let number: Int
    private let port: UInt16
    private let truth: Truth
    private let excuses: Excuses
    private let strain: Strain
    private let seed: UInt64
    private let state = Mutex(State())
    /// Held while a write is under way.
    private let turn = DispatchSemaphore(value: 1)
    private let ended = DispatchSemaphore(value: 0)

    init(number: Int, port: UInt16, _ truth: Truth, _ excuses: Excuses, _ strain: Strain, seed: UInt64) {
        self.number = number
        self.port = port
        self.truth = truth
        self.excuses = excuses
        self.strain = strain
        self.seed = seed
    }

    var acknowledged: Int { state.withLock { $0.acknowledged } }
    var complaints: [String] { state.withLock { $0.complaints } }

    func begin() {
        state.withLock { $0.goesOn = true }
        Thread { [self] in
            var generator = SeededGenerator(seed: seed)
            while state.withLock({ $0.goesOn }) {
                turn.wait()
                write(&generator)
                turn.signal()
                usleep(UInt32.random(in: 5_000...40_000, using: &generator))
            }
            ended.signal()
        }.start()
    }

    func stop() {
        let wasGoing = state.withLock { state in
            defer { state.goesOn = false }
            return state.goesOn
        }
        // Whoever paused it may not have come to the end.
        resume()
        if wasGoing { ended.wait() }
    }

    /// Returns when no write is under way.
    func pause() {
        let isFirst = state.withLock { state in
            defer { state.isPaused = true }
            return !state.isPaused
        }
        if isFirst { turn.wait() }
    }

    func resume() {
        let wasPaused = state.withLock { state in
            defer { state.isPaused = false }
            return state.isPaused
        }
        if wasPaused { turn.signal() }
    }

    /// What was acknowledged and is not there, or there and acknowledged as removed. While paused.
    func compare(_ found: [String: Entry]) -> [String] {
        let (stored, removed) = state.withLock { ($0.stored, $0.removed) }
        let lost = stored.filter { found[$0.key] != $0.value }
            .map { "\($0.key) was acknowledged as \($0.value), found is \(found[$0.key].map { "\($0)" } ?? "nothing")" }
        return lost + removed.filter { found[$0] != nil }.map { "\($0) was acknowledged as removed, and is there" }
    }

    // MARK: Writes

    static func service(_ name: String, address: String?) -> String {
        #"{"metadata":{"name":"\#(name)","labels":{"n":"0"}},"spec":{"#
            + (address.map { #""clusterIP":"\#($0)","# } ?? "") + #""ports":[{"name":"http","port":80}]}}"#
    }

    private func write(_ generator: inout SeededGenerator) {
        let stored = state.withLock { $0.stored }
        let names = stored.keys.sorted()
        let addressed = names.filter { stored[$0]?.address != "None" }
        let headless = names.filter { stored[$0]?.address == "None" }
        switch generator.next() % 10 {
        case 0..<4 where addressed.count < 20: create(&generator, stored)
        case 4 where headless.count < 5: createHeadless(&generator)
        case 4..<6:
            guard let name = headless.randomElement(using: &generator) else { return }
            patchSlice(name, stored[name]?.endpoints ?? [], &generator)
        case 6..<8:
            guard let name = names.randomElement(using: &generator), let entry = stored[name] else { return }
            relabel(name, entry)
        default:
            guard addressed.count > 5, let name = addressed.randomElement(using: &generator), let entry = stored[name]
            else { return }
            delete(name, entry)
        }
    }

    private func newName(_ letter: Character, _ generator: inout SeededGenerator) -> String {
        "\(letter)\(number)-\(generator.next() % 1_000_000_000)"
    }

    private func create(_ generator: inout SeededGenerator, _ stored: [String: Entry]) {
        let name = newName("s", &generator)
        // Half of them in the part of the range where no address is chosen by the server (KEP-3070).
        let place = "10.96.0.\(20 + number * 100 + Int(generator.next() % 100))"
        let isFree = !stored.values.contains { $0.address == place } && !spoilt.withLock { $0.contains(place) }
        let address = isFree && generator.next() % 2 == 0 ? place : nil
        expect(name, former: nil, new: address.map { .records([$0]) } ?? .address(beginning: "10.96."))
        if let address { setReverse(address, [.nameError, .records([path(name)])]) }
        let outcome = send("POST", Self.services, Self.service(name, address: address), expecting: 201)
        switch outcome {
        case .done(let object):
            let given = (object["spec"] as? [String: Any])?["clusterIP"] as? String ?? ""
            state.withLock { $0.stored[name] = Entry(address: given) }
            settle(name, .records([given]))
            setReverse(given, [.records([path(name)])])
        case .notDone:
            settle(name, nil)
            if let address { setReverse(address, [.nameError]) }
        case .unknown:
            if let address { _ = spoilt.withLock { $0.insert(address) } }
        }
    }

    /// Addresses of Services that writes of unknown outcome were of: they may be taken.
    private let spoilt = Mutex<Set<String>>([])

    private func createHeadless(_ generator: inout SeededGenerator) {
        let name = newName("h", &generator)
        let endpoints = newEndpoints(&generator)
        truth.set(Key(path(name), .a), [.nameError, .noData])
        guard case .done = send("POST", Self.services, Self.service(name, address: "None"), expecting: 201) else {
            return
        }
        truth.set(Key(path(name), .a), [.nameError, .noData, .records(Set(endpoints))])
        let slice =
            #"{"metadata":{"name":"\#(name)","labels":{"kubernetes.io/service-name":"\#(name)"}},"#
            + #""addressType":"IPv4",\#(Self.endpoints(endpoints)),"ports":[{"name":"http","port":80}]}"#
        guard case .done = send("POST", Self.slices, slice, expecting: 201) else { return }
        state.withLock { $0.stored[name] = Entry(address: "None", endpoints: endpoints) }
        truth.set(Key(path(name), .a), [.records(Set(endpoints))])
    }

    private func newEndpoints(_ generator: inout SeededGenerator) -> [String] {
        let first = generator.next() % 60_000
        return (0..<(generator.next() % 3 + 1)).map { "10.128.\((first + $0) >> 8).\((first + $0) & 0xFF)" }
    }

    private static func endpoints(_ addresses: [String]) -> String {
        let endpoints = addresses.map { #"{"addresses":["\#($0)"],"conditions":{"ready":true}}"# }
        return #""endpoints":[\#(endpoints.joined(separator: ","))]"#
    }

    private func patchSlice(_ name: String, _ former: [String], _ generator: inout SeededGenerator) {
        let endpoints = newEndpoints(&generator)
        let key = Key(path(name), .a)
        truth.set(key, [.records(Set(former)), .records(Set(endpoints))])
        switch send("PATCH", "\(Self.slices)/\(name)", "{\(Self.endpoints(endpoints))}", expecting: 200) {
        case .done:
            state.withLock { $0.stored[name]?.endpoints = endpoints }
            truth.set(key, [.records(Set(endpoints))])
        case .notDone: truth.set(key, [.records(Set(former))])
        case .unknown: forget(name)
        }
    }

    private func relabel(_ name: String, _ entry: Entry) {
        let body = #"{"metadata":{"labels":{"n":"\#(entry.label + 1)"}}}"#
        switch send("PATCH", "\(Self.services)/\(name)", body, expecting: 200) {
        case .done: state.withLock { $0.stored[name]?.label += 1 }
        case .notDone: break
        case .unknown: abandon(name, entry)
        }
    }

    private func delete(_ name: String, _ entry: Entry) {
        expect(name, former: .records([entry.address]), new: nil)
        setReverse(entry.address, [.records([path(name)]), .nameError])
        switch send("DELETE", "\(Self.services)/\(name)", "", expecting: 200) {
        case .done:
            forget(name)
            state.withLock { _ = $0.removed.insert(name) }
            settle(name, nil)
            setReverse(entry.address, [.nameError])
        case .notDone:
            settle(name, .records([entry.address]))
            setReverse(entry.address, [.records([path(name)])])
        case .unknown: abandon(name, entry)
        }
    }

    /// Leaves a Service alone, and its address to it.
    private func abandon(_ name: String, _ entry: Entry) {
        forget(name)
        _ = spoilt.withLock { $0.insert(entry.address) }
    }

    private func forget(_ name: String) { state.withLock { _ = $0.stored.removeValue(forKey: name) } }

    // MARK: Answers

    private func path(_ name: String) -> String { "\(name).default.svc.cluster.local." }

    /// A write is under way: what was and what may be are both right. nil for a name that does not exist.
    private func expect(_ name: String, former: Answer?, new: Answer?) {
        let path = path(name)
        truth.set(Key(path, .a), [former ?? .nameError, new ?? .nameError])
        truth.set(Key(path, .aaaa), [.noData, .nameError])
        truth.set(Key("_http._tcp.\(path)", .srv), [.records(["0 100 80 \(path)"]), .nameError])
    }

    private func settle(_ name: String, _ answer: Answer?) {
        let path = path(name)
        truth.set(Key(path, .a), [answer ?? .nameError])
        truth.set(Key(path, .aaaa), [answer == nil ? .nameError : .noData])
        truth.set(Key("_http._tcp.\(path)", .srv), [answer == nil ? .nameError : .records(["0 100 80 \(path)"])])
    }

    private func setReverse(_ address: String, _ answers: [Answer]) {
        let reverse = address.split(separator: ".").reversed().joined(separator: ".") + ".in-addr.arpa."
        truth.set(Key(reverse, .ptr), answers)
    }

    // MARK: Requests

    private enum Outcome {
        case done([String: Any])
        case notDone
        case unknown
    }

    private func send(_ method: String, _ path: String, _ body: String, expecting status: Int) -> Outcome {
        let asked = ContinuousClock.now
        let type = method == "PATCH" ? "application/merge-patch+json" : "application/json"
        let outcome = HTTP.exchange(port, method, path, body: body, type: type)
        switch outcome {
        case .reply(let reply) where reply.status == status:
            state.withLock { $0.acknowledged += 1 }
            return .done(reply.object)
        case .reply(let reply):
            // Any other is a refusal, which counts as a promise where it names a full or read-only disk.
            complain(asked, "\(method) \(path): \(reply.status) \(reply.text.prefix(300))")
            return reply.status == 507 ? .notDone : .unknown
        case .unsent:
            complain(asked, "\(method) \(path): no connection")
            return .notDone
        case .unknown:
            // A thread tells of a wait when it is over.
            guard strain.lost(from: asked, to: .now) < Strain.notable else { return .unknown }
            complain(asked, "\(method) \(path): no reply within \(ContinuousClock.now - asked)")
            return .unknown
        }
    }

    private func complain(_ asked: ContinuousClock.Instant, _ text: String) {
        guard !excuses.covers(.refusedWrites, asked: asked) else { return }
        state.withLock { if $0.complaints.count < 5 { $0.complaints.append(text) } }
    }
}
