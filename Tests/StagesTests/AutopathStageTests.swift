import Corefile
import DNS
import Pipeline
import Registry
import Telemetry
import Testing

@testable import Stages

/// One pod in the namespace prod.
private struct OnePod: SearchPaths {
    func searchPath(of client: IPAddress, asking name: DomainName) -> [DomainName]? {
        guard client == .v4(0x0a00_0001) else { return nil }
        return ["prod.svc.cluster.local", "svc.cluster.local", "cluster.local", "corp.example"].compactMap {
            DomainName($0)
        }
    }
}

@Suite struct AutopathStageTests {
    private let metrics = Metrics()

    /// Asks, where only some names exist.
    private func ask(
        _ name: String, from client: String = "10.0.0.1", zones: String = "cluster.local",
        path: any SearchPaths = OnePod(), acl: String? = nil, existing: [String]
    ) async throws -> (response: Response, asked: [String]) {
        let settings = try replySettings("autopath \(zones) @kubernetes", AutopathSettings.self)
        let stage = AutopathStage(settings, searchPaths: path, metrics: metrics)
        let access = try acl.map { AclStage(try replySettings($0, AclSettings.self), metrics: metrics) }
        let names = Set(existing.compactMap { DomainName($0) })
        let behind = AnsweringStage { query in
            guard names.contains(query.name) else {
                var response = Response(.nxDomain)
                response.authorities = [Brief.soa(ttl: UInt32(query.name.labelCount))]
                return response
            }
            var response = Response(.noError)
            if query.type == .a {
                response.answers = [Record(owner: query.name, ttl: 77, data: .address([192, 0, 2, 1]))]
            }
            return response
        }
        let next: [any Stage] = (access.map { [$0] } ?? []) + [behind]
        let response = await stage.respond(to: try replyQuery(name, from: client), next: Chain(next))
        return (response, behind.queries.map(\.name.description))
    }

    @Test func theSearchPathIsWalkedToTheFirstAnswer() async throws {
        let (response, asked) = try await ask("WWW.Example.org.prod.svc.cluster.local", existing: ["www.example.org"])
        #expect(
            asked == [
                "WWW.Example.org.prod.svc.cluster.local.", "WWW.Example.org.svc.cluster.local.",
                "WWW.Example.org.cluster.local.", "WWW.Example.org.corp.example.", "WWW.Example.org.",
            ])
        #expect(
            response.answers == [
                Brief.cname("WWW.Example.org.prod.svc.cluster.local", "WWW.Example.org", ttl: 77),
                Brief.address("www.example.org", "192.0.2.1", ttl: 77),
            ])
        #expect(response.answers.first?.owner.description == "WWW.Example.org.prod.svc.cluster.local.")
        #expect(response.code == .noError && response.source == "autopath")
        #expect(response.dependsOnAsker)
        #expect(metrics.text().contains("coredns_autopath_success_total{server=\"dns://:53\"} 1\n"))
    }

    @Test func whatTheFirstNameHasIsGivenAsItIs() async throws {
        let (response, asked) = try await ask(
            "web.prod.svc.cluster.local", existing: ["web.prod.svc.cluster.local", "web"])
        #expect(response.answers.map(\.type) == [.a] && asked.count == 1 && response.source != "autopath")
    }

    @Test func aNameThatMustNotBeAskedForEndsTheWalk() async throws {
        let (response, asked) = try await ask(
            "www.prod.svc.cluster.local", acl: "acl corp.example {\n block\n}",
            existing: ["www.corp.example", "www"])
        #expect(
            asked == ["www.prod.svc.cluster.local.", "www.svc.cluster.local.", "www.cluster.local."])
        #expect(response.code == .refused && response.answers.isEmpty && response.dependsOnAsker)
    }

    @Test func anEmptyAnswerEndsTheWalk() async throws {
        let settings = try replySettings("autopath @kubernetes", AutopathSettings.self)
        let stage = AutopathStage(settings, searchPaths: OnePod(), metrics: metrics)
        let behind = AnsweringStage { query in
            var response = Response(query.name.labelCount == 4 ? .noError : .nxDomain)
            response.authorities = [Brief.soa(ttl: 5)]
            return response
        }
        let query = try replyQuery("web.prod.svc.cluster.local", .aaaa)
        let response = await stage.respond(to: query, next: Chain([behind]))
        #expect(response.code == .noError && response.answers.isEmpty && behind.queries.count == 2)
    }

    @Test func whereNothingIsFoundTheFirstReplyIsGiven() async throws {
        let (response, asked) = try await ask("no.prod.svc.cluster.local", existing: [])
        #expect(response.code == .nxDomain && response.authorities == [Brief.soa(ttl: 5)] && asked.count == 5)
    }

    @Test func failuresAreGivenAtOnce() async throws {
        let settings = try replySettings("autopath @kubernetes", AutopathSettings.self)
        let stage = AutopathStage(settings, searchPaths: OnePod(), metrics: metrics)
        let behind = AnsweringStage { query in
            query.name.labelCount == 4 ? .failed("forward", "no reply") : Response(.nxDomain)
        }
        let response = await stage.respond(to: try replyQuery("web.prod.svc.cluster.local"), next: Chain([behind]))
        #expect(response.failure == "no reply" && behind.queries.count == 2)
    }

    @Test(
        "Only the first name of the asker's path begins a walk",
        arguments: [
            ("www.svc.cluster.local", "10.0.0.1"), ("www.other.svc.cluster.local", "10.0.0.1"),
            ("prod.svc.cluster.local", "10.0.0.1"), ("www.prod.svc.cluster.local", "10.0.0.2"),
            ("www.prod.svc.example", "10.0.0.1"), ("wwwprod.svc.cluster.local", "10.0.0.1"),
        ])
    func others(name: String, client: String) async throws {
        let (response, asked) = try await ask(name, from: client, existing: ["www"])
        #expect(response.code == .nxDomain && asked.count == 1)
    }

    @Test func readyAnswersOfOtherZonesPass() throws {
        let settings = try replySettings("autopath corp.example @kubernetes", AutopathSettings.self)
        let stage = AutopathStage(settings, searchPaths: OnePod(), metrics: metrics)
        for (zone, passes) in [
            ("cluster.local", true), ("corp.example", false), ("a.corp.example", false), ("example", false),
        ] {
            #expect(stage.passesReadyAnswers(of: try #require(DomainName(zone))) == passes)
        }
    }

    @Test func namesThatGetTooLongAreLeftOut() async throws {
        let label = String(repeating: "x", count: 63)
        struct LongPath: SearchPaths {
            let label: String
            func searchPath(of client: IPAddress, asking name: DomainName) -> [DomainName]? {
                ["example", "\(label).\(label).example"].compactMap { DomainName($0) }
            }
        }
        let (response, asked) = try await ask(
            "\(label).\(label).example", zones: ".", path: LongPath(label: label), existing: [])
        #expect(response.code == .nxDomain && asked.count == 2)
    }

    @Test func aPathIsBounded() async throws {
        struct EndlessPath: SearchPaths {
            func searchPath(of client: IPAddress, asking name: DomainName) -> [DomainName]? {
                ["example"].compactMap { DomainName($0) } + (0..<1000).compactMap { DomainName("n\($0).example") }
            }
        }
        let (_, asked) = try await ask("www.example", zones: ".", path: EndlessPath(), existing: [])
        #expect(asked.count == AutopathStage.nameLimit + 1)
    }

    @Test(
        "The search line of a file",
        arguments: [
            ("nameserver 10.0.0.1\nsearch a.example b.example.\noptions ndots:5\n", ["a.example.", "b.example."]),
            ("search a.example\nsearch c.example\n", ["c.example."]),
            ("# search x\n; search y\ndomain d.example more\n", ["d.example."]),
            ("nameserver 10.0.0.1\n", []),
            ("search\t.\n", ["."]),
        ])
    func resolvConf(text: String, names: [String]) throws {
        #expect(try FixedSearchPath(text: Array(text.utf8), path: "r").names.map(\.description) == names)
    }

    @Test func aWrongFileIsNamed() {
        let error = #expect(throws: FileError.self) {
            try FixedSearchPath(text: Array("\nsearch a..b".utf8), path: "r")
        }
        #expect(error?.description == "r:2: 'a..b' is no domain name")
        #expect(throws: FileError.self) { try FixedSearchPath(file: "/nonexistent/resolv.conf") }
    }
}
