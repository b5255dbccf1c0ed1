import Corefile
import DNS
import Pipeline
import Registry
import TestSupport
import Testing

@testable import Stages

@Suite struct LoadBalanceStageTests {
    private static let mixed = [
        Brief.srv("a", "x"), Brief.address("b", "192.0.2.1"), Brief.mx("a", "m1"), Brief.cname("a", "b"),
        Brief.address("b", "192.0.2.2"), Brief.mx("a", "m2"), Brief.srv("a", "y"), Brief.address("b", "192.0.2.3"),
    ]

    private func orders(
        _ text: String, _ records: [Record], _ type: RecordType = .a, code: ResponseCode = .noError, rounds: Int = 300
    ) async throws -> [[Record]: Int] {
        let stage = try LoadBalanceStage(replySettings(text, LoadBalanceSettings.self), seed: 1)
        let chain = Chain([
            AnsweringStage { _ in
                var response = Response(code)
                response.answers = records
                return response
            }
        ])
        var orders: [[Record]: Int] = [:]
        for _ in 0..<rounds {
            orders[await stage.respond(to: try replyQuery("a", type), next: chain).answers, default: 0] += 1
        }
        return orders
    }

    @Test func everyOrderOfAddressesComes() async throws {
        let records = (1...3).map { Brief.address("a", "192.0.2.\($0)") }
        let orders = try await orders("loadbalance", records)
        #expect(orders.count == 6)
        // About 50 each; a bias would show.
        #expect(orders.values.allSatisfy { (20...90).contains($0) })
    }

    @Test func aliasesComeFirstAndServicesKeepTheirOrder() async throws {
        for order in try await orders("loadbalance round_robin", Self.mixed).keys {
            #expect(order.map(\.type) == [.cname, .srv, .srv, .a, .a, .a, .mx, .mx])
            #expect(order[1] == Brief.srv("a", "x") && order[2] == Brief.srv("a", "y"))
            #expect(Set(order) == Set(Self.mixed))
        }
    }

    @Test func otherRepliesAndTransfersStayAsTheyAre() async throws {
        for (type, code) in [(RecordType.a, ResponseCode.nxDomain), (.axfr, .noError), (.ixfr, .noError)] {
            #expect(try await orders("loadbalance", Self.mixed, type, code: code) == [Self.mixed: 300])
        }
    }

    @Test func preferredNetworksComeFirst() async throws {
        let text = "loadbalance {\nprefer 192.0.2.3/32 192.0.2.2/31\n}"
        for order in try await orders(text, Self.mixed).keys {
            #expect(
                order.compactMap(\.address?.description) == ["192.0.2.3", "192.0.2.2", "192.0.2.1"])
            #expect(order.first?.type == .cname && order.count == Self.mixed.count)
        }
    }

    @Test func onlyPlainRotationLeavesReadyAnswersAlone() throws {
        let folder = try TemporaryFolder()
        try folder.write("weights", "a\n192.0.2.1 2\n")
        for (text, isPlain) in [
            ("loadbalance", true), ("loadbalance {\nprefer 10.0.0.0/8\n}", false),
            ("loadbalance weighted \(folder.path("weights"))", false),
        ] {
            let stage = try LoadBalanceStage(replySettings(text, LoadBalanceSettings.self))
            #expect(stage.rotatesAddresses == isPlain && stage.passesReadyAnswers == isPlain)
        }
    }

    @Test func weightsSayWhoComesFirst() async throws {
        let folder = try TemporaryFolder()
        try folder.write("weights", "# shares\n\nA\n192.0.2.1 3\n192.0.2.2 1\n\n b.example. \n192.0.2.1 1\n")
        let text = "loadbalance weighted \(folder.path("weights"))"
        let records = (1...3).map { Brief.address("a", "192.0.2.\($0)") }
        let orders = try await orders(text, records, rounds: 1000)
        // The first is exchanged with the chosen one, the others stay; 3 : 1 : 1.
        #expect(orders[records, default: 0] > 500 && orders[records, default: 0] < 700)
        #expect(
            Set(orders.keys) == [records, [records[1], records[0], records[2]], [records[2], records[1], records[0]]])
        #expect(try await self.orders(text, Self.mixed, .mx) == [Self.mixed: 300])
    }

    @Test func theWeightsAreReadAgain() async throws {
        let folder = try TemporaryFolder()
        try folder.write("weights", "a\n192.0.2.1 255\n")
        let (steps, step) = AsyncStream<Void>.makeStream()
        let (sleeps, slept) = AsyncStream<Void>.makeStream()
        let text = "loadbalance weighted \(folder.path("weights")) {\nreload 1s\n}"
        let stage = try LoadBalanceStage(
            replySettings(text, LoadBalanceSettings.self),
            sleep: { _ in
                slept.yield()
                for await _ in steps { return }
                throw CancellationError()
            }, seed: 1)
        let records = [Brief.address("a", "192.0.2.1"), Brief.address("a", "192.0.2.2")]
        let chain = Chain([
            AnsweringStage { _ in
                var response = Response(.noError)
                response.answers = records
                return response
            }
        ])
        func firsts() async throws -> Int {
            var count = 0
            for _ in 0..<200 {
                let response = await stage.respond(to: try replyQuery("a"), next: chain)
                if response.answers.first == records[0] { count += 1 }
            }
            return count
        }
        let running = Task { await stage.run() }
        var sleeping = sleeps.makeAsyncIterator()
        await sleeping.next()
        #expect(try await firsts() > 180)
        // Nonsense and a file that is gone leave what is known.
        try folder.write("weights", "192.0.2.1 255\n")
        step.yield()
        await sleeping.next()
        #expect(try await firsts() > 180)
        try folder.remove("weights")
        step.yield()
        await sleeping.next()
        #expect(try await firsts() > 180)
        try folder.write("weights", "a\n192.0.2.2 255\n")
        step.yield()
        await sleeping.next()
        #expect(try await firsts() < 20)
        step.finish()
        await running.value
    }

    @Test("A wrong weight file is refused by line", arguments: WeightFault.all)
    func wrongWeights(_ fault: WeightFault) {
        let error = #expect(throws: FileError.self) { try AddressWeights(Array(fault.text.utf8), path: "w") }
        #expect(error?.description == fault.message)
    }

    @Test func aFileThatIsNotThereYetIsNoHindrance() throws {
        let folder = try TemporaryFolder()
        let text = "loadbalance weighted \(folder.path("none"))"
        _ = try LoadBalanceStage(replySettings(text, LoadBalanceSettings.self))
        #expect(throws: FileError.self) {
            try LoadBalanceStage(replySettings(text + " {\nreload 0\n}", LoadBalanceSettings.self))
        }
    }
}

struct WeightFault: Sendable {
    var text: String
    var message: String

    static let all: [WeightFault] = [
        WeightFault(text: "192.0.2.1 3", message: "w:1: '192.0.2.1' stands before the first name"),
        WeightFault(text: "a\n192.0.2.1", message: "w:2: '192.0.2.1' has no weight"),
        WeightFault(text: "a\n192.0.2.1 0", message: "w:2: '0' is no weight; write 1 to 255"),
        WeightFault(text: "a\n192.0.2.1 256", message: "w:2: '256' is no weight; write 1 to 255"),
        WeightFault(text: "a\nb 3", message: "w:2: 'b' is no IP address"),
        WeightFault(text: "a..b", message: "w:1: 'a..b' is no domain name"),
        WeightFault(text: "a\n\n1.1.1.1 3 4", message: "w:3: has more than an address and its weight"),
    ]
}
