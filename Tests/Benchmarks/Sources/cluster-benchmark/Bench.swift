import BenchmarkSupport
import Foundation

/// One server with one cluster: the API, the process, and the figures so far.
///
/// Main thread only, as the programs it starts are.
final class Bench {
    let contender: Contender
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
    init(_ contender: Contender, _ size: ClusterSize, options: Options, folder: URL, add: @escaping (Figure) -> Void)
        throws
    {
        self.contender = contender
        self.size = size
        self.options = options
        self.folder = folder
        self.add = add
        subject = "\(contender.name), \(Report.number(Double(size.services))) Services: "
        cluster = Cluster(size)
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
        guard contender.name == Contender.measuredName, anySize || size == .large else { return nil }
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

    /// Services that are changed, and those that are asked about meanwhile: the two halves.
    var changedServices: [Int] { Array(cluster.addressedServices.prefix(cluster.addressedServices.count / 2)) }
    var changedSlices: [Int] { Array(cluster.headlessSlices.prefix(max(1, cluster.headlessSlices.count / 2))) }

    /// Some 500 questions about what does not change.
    var steadyQuestions: [Question] {
        let services = cluster.addressedServices.dropFirst(changedServices.count)
        let slices = cluster.headlessSlices.dropFirst(changedSlices.count)
        var questions = Self.spread(Array(services), 250).map { cluster.question(aboutService: $0) }
        for (number, slice) in Self.spread(Array(slices), 250).enumerated() {
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

    /// Changes that a server has all heard of when it answers what is returned.
    func renumberSome(_ count: Int, isTold: Bool = true) -> [Question] {
        var questions: [Question] = []
        for number in 0..<count {
            if number.isMultiple(of: 2) || changedSlices.isEmpty {
                let service = changedServices[number % changedServices.count]
                renumber(service: service, isTold: isTold)
                questions.append(cluster.question(aboutService: service))
            } else {
                let slice = changedSlices[number % changedSlices.count]
                let place = number % Cluster.endpointsPerSlice
                renumber(endpoint: place, ofSlice: slice, isTold: isTold)
                questions.append(cluster.question(aboutEndpoint: place, ofSlice: slice))
            }
        }
        // Some were changed more than once: the last address counts.
        var latest: [String: Question] = [:]
        for question in questions { latest[question.name] = question }
        return questions.compactMap { latest.removeValue(forKey: $0.name) }
    }
}
