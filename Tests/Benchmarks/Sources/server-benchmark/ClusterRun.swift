import BenchmarkSupport
import Foundation
import ScriptedCluster

/// A scripted cluster and a swiftlet that follows it.
///
/// Main thread only, as the programs it starts are.
final class ClusterRun {
    var cluster: Cluster
    let api: ScriptedAPI
    let server: ClusterServer
    /// From the start of the program until everything was answered.
    let startTime: Duration
    private var number = 0
    /// When the server was about to be told of the last change.
    private var told = ContinuousClock.now

    /// Starts both and waits until the server answers for the whole cluster.
    ///
    /// - Parameters:
    ///   - data: where the server keeps the state; nil for nowhere.
    ///   - core: the core it is pinned to; nil for all.
    init(
        _ cluster: Cluster, api: ScriptedAPI? = nil, swiftlet: String, data: URL? = nil, core: Int? = nil, folder: URL
    ) throws {
        self.cluster = cluster
        self.api = try api ?? ScriptedAPI(cluster, streamsLists: true)
        server = try ClusterServer(.swiftlet(swiftlet), api: self.api.port, data: data, core: core, folder: folder)
        do {
            startTime = try server.awaitAnswers(to: Self.closingQuestions(cluster))
        } catch {
            server.program.stop()
            if api == nil { self.api.stop() }
            throw error
        }
    }

    func stop() {
        server.program.stop()
        api.stop()
    }

    /// What is answered rightly only once everything has been read.
    static func closingQuestions(_ cluster: Cluster) -> [Question] {
        var questions: [Question] = []
        if let service = cluster.addressedServices.last { questions.append(cluster.question(aboutService: service)) }
        if let slice = cluster.wideSlices.last ?? cluster.headlessSlices.last {
            questions.append(cluster.question(aboutEndpoint: Cluster.endpointsPerSlice - 1, ofSlice: slice))
        }
        return questions + [cluster.questionAboutNothing]
    }

    /// Gives a Service another address.
    ///
    /// - Returns: The question whose answer shows it.
    func change(service: Int) -> Question {
        cluster.renumberService(service)
        told = api.put(.service, service) { [cluster] in cluster.serviceObject(service, version: $0) }
        return cluster.question(aboutService: service)
    }

    /// Gives an endpoint of a slice another address.
    ///
    /// - Returns: The question whose answer shows it.
    func change(endpoint place: Int, ofSlice slice: Int) -> Question {
        cluster.renumberEndpoint(place, ofSlice: slice)
        told = api.put(.endpointSlice, slice) { [cluster] in cluster.sliceObject(slice, version: $0) }
        return cluster.question(aboutEndpoint: place, ofSlice: slice)
    }

    /// The next change of many: Services and endpoints of headless ones by turns.
    func changeNext(services: [Int], slices: [Int]) -> Question {
        number += 1
        guard number % 2 == 0, !slices.isEmpty else { return change(service: services[number / 2 % services.count]) }
        return change(endpoint: number / 2 % Cluster.endpointsPerSlice, ofSlice: slices[number / 2 % slices.count])
    }

    /// Makes changes one by one, asking all the while, and says how long each took to be answered.
    func timeChanges(_ count: Int, _ change: (Int) -> Question) throws -> Times {
        let probe = try DNSProbe(port: server.port)
        var times = Times()
        for number in 0..<count {
            try Interruption.check()
            let question = change(number)
            let start = told
            while probe.ask(question)?.meets(question.expectation) != true {
                guard ContinuousClock.now - start < .seconds(10) else {
                    throw BenchmarkError.badRun("\(question.name) was not answered rightly within 10 s")
                }
            }
            times.add(.now - start)
            // Else the changes come as one burst.
            usleep(5000)
        }
        return times
    }

    /// The CPU time of a change in milliseconds: many of them about a millisecond apart, without questions.
    func costOfChange(_ count: Int, _ change: (Int) -> Question) throws -> Double {
        let before = try CPUReading(ofProcessTree: server.processIdentifier)
        let start = ContinuousClock.now
        var last: Question?
        for number in 0..<count {
            last = change(number)
            usleep(1000)
        }
        if let last { _ = try server.awaitAnswers(to: [last], since: start) }
        let used = try CPUReading(ofProcessTree: server.processIdentifier).since(before)
        return Double(used.nanoseconds) / 1e6 / Double(count)
    }
}
