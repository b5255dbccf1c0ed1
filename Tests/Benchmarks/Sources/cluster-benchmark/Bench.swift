import BenchmarkSupport
import Foundation
import ScriptedCluster

/// One server with one cluster: the API, the process, and the figures so far.
///
/// Main thread only, as the programs it starts are.
final class Bench {
    let contender: ClusterContender
    let size: ClusterSize
    let options: Options
    let folder: URL
    var cluster: Cluster
    let api: ScriptedAPI
    private(set) var server: ClusterServer
    private let subject: String
    private let add: (Figure) -> Void

    /// Starts the API and the server.
    ///
    /// - Parameter add: takes the figures.
    init(
        _ contender: ClusterContender, _ size: ClusterSize, options: Options, folder: URL,
        add: @escaping (Figure) -> Void
    )
        throws
    {
        self.contender = contender
        self.size = size
        self.options = options
        self.folder = folder
        self.add = add
        subject = "\(contender.name), \(Report.number(Double(size.services))) Services: "
        cluster = Cluster(size, ports: options.ports)
        api = try ScriptedAPI(cluster, streamsLists: options.streamsLists)
        server = try ClusterServer(contender, api: api.port, data: nil, folder: folder)
    }

    func stop() {
        server.program.stop()
        api.stop()
    }

    func replaceServer(by server: ClusterServer) { self.server = server }

    // MARK: Figures

    func figure(_ subject: String, _ value: Double, _ text: String, target: Target? = nil) {
        take(Figure(self.subject + subject, value, text, target: target))
    }

    /// Takes one measurement; when it cannot be taken the row says why, and the run goes on.
    func measure(_ subject: String, target: Target? = nil, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch BenchmarkError.interrupted {
            throw BenchmarkError.interrupted
        } catch {
            let cause: any Error = server.program.isRunning ? error : server.program.causeOfEnd()
            take(Figure(self.subject + subject, failed: "\(cause)", target: target))
        }
    }

    private func take(_ figure: Figure) {
        add(figure)
        switch figure.result {
        case .measured(_, let text): note("\(figure.subject): \(text)")
        case .failed(let reason): note("\(figure.subject): failed: \(reason)")
        }
    }

    /// The target where it is for this server and this size: those of the issue are for swiftlet and a large cluster.
    func target(_ target: Target?, anySize: Bool = false) -> Target? {
        guard contender.name == ClusterContender.measuredName, anySize || size == .large else { return nil }
        return target
    }

    // MARK: Questions

    /// What is answered rightly only once everything has been read: the last Service, the last endpoint with a
    /// hostname, and a name that may be denied now.
    var closingQuestions: [Question] {
        var questions: [Question] = []
        if let service = cluster.addressedServices.last { questions.append(cluster.question(aboutService: service)) }
        if let slice = cluster.headlessSlices.last {
            questions.append(cluster.question(aboutEndpoint: Cluster.endpointsPerSlice - 1, ofSlice: slice))
        }
        return questions + [cluster.questionAboutNothing]
    }

    /// Services that are changed: each second one, the last of the list among them.
    var changedServices: [Int] { Self.alternate(cluster.addressedServices).changed }
    /// Slices of headless Services that are changed.
    var changedSlices: [Int] { Self.alternate(cluster.headlessSlices).changed }

    /// The last comes first: once its change is known by a list, the whole list is.
    private static func alternate(_ elements: [Int]) -> (changed: [Int], steady: [Int]) {
        let parts = Dictionary(grouping: elements.reversed().enumerated(), by: { $0.offset % 2 })
        return ((parts[0] ?? []).map(\.element), (parts[1] ?? []).map(\.element))
    }

    /// Some 500 questions about what does not change.
    var steadyQuestions: [Question] {
        let services = Self.alternate(cluster.addressedServices).steady
        let slices = Self.alternate(cluster.headlessSlices).steady
        var questions = Self.spread(services, 250).map { cluster.question(aboutService: $0) }
        for (number, slice) in Self.spread(slices, 250).enumerated() {
            questions.append(
                cluster.question(aboutEndpoint: number * 7 % Cluster.endpointsPerSlice, ofSlice: slice))
        }
        questions.append(cluster.questionAboutNothing)
        return questions
    }

    /// At most so many of the elements, evenly.
    private static func spread(_ elements: [Int], _ count: Int) -> [Int] {
        guard elements.count > count else { return elements }
        return (0..<count).map { elements[$0 * elements.count / count] }
    }

    // MARK: Changes

    func renumber(service: Int, isTold: Bool = true) {
        cluster.renumberService(service)
        api.put(.service, service, isTold: isTold) { [cluster] in cluster.serviceObject(service, version: $0) }
    }

    func renumber(endpoint place: Int, ofSlice slice: Int, isTold: Bool = true) {
        cluster.renumberEndpoint(place, ofSlice: slice)
        api.put(.endpointSlice, slice, isTold: isTold) { [cluster] in cluster.sliceObject(slice, version: $0) }
    }

    /// Changes a number of objects, half of them slices, the last of each list among them.
    ///
    /// - Returns: What is answered rightly once all changes are known.
    func renumberSome(_ count: Int, isTold: Bool = true) -> [Question] {
        let (services, slices) = (changedServices, changedSlices)
        var questions: [String: Question] = [:]
        for number in 0..<count / 2 {
            let service = services[number % services.count]
            renumber(service: service, isTold: isTold)
            let (slice, place) = (slices[number % slices.count], number % Cluster.endpointsPerSlice)
            renumber(endpoint: place, ofSlice: slice, isTold: isTold)
            // Of what is changed more than once the last address counts.
            for question in [
                cluster.question(aboutService: service), cluster.question(aboutEndpoint: place, ofSlice: slice),
            ] {
                questions[question.name] = question
            }
        }
        return Array(questions.values)
    }
}
