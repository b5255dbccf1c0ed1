import TestSupport
import Testing

@testable import Corefile

/// Files that a stranger may hand over: no trap, no loop, and every message has its place.
@Suite("Broken Corefiles")
struct CorefileFuzzTests {
    private static let seeds = [
        """
        (s) {
          errors
          health { lameduck 5s }
        }
        import f*
        example.org:53, tls://10.0.0.0/17 https://fd00::/7:8443,
        .:1053 {
          import s
          kubernetes cluster.local 10.0.0.0/15 {
            endpoint https://a b
            labels a in (b, c),!d
            ttl 30
            fallthrough in-addr.arpa
            multicluster x
            apiserver_qps 1.5
          }
          bind 127.0.0.1 lo { except ::1 }
          timeouts {
            read 1h30m
            idle {$IDLE}
          }
          log "{remote} \\" {%A%}" # comment
          reload 10s 5s
          tls a b c {
            client_auth require
          }
        }
        """,
        "a\nhealth {\nlameduck 1s\n}\nready [::1]:80 {\nmonitor continuously\n}\nprometheus :1\nnsid a\nchaos v a\ncancel 1ms\n",
    ]
    private static let pieces = [
        "{", "}", "\"", "\\", "#", "\n", "\r", "\0", " ", ",", "import ", "import s\n", "import f\n", "(s) {\n", "{$A}",
        "{%",
        "/", ":", "://", "-1", "99999999999999999999", "\u{fffd}", "é", "10.0.0.0/1", "::/1", "a", "..", "%", "0",
        "e308",
    ]

    @Test("Mutated files are read or refused")
    func mutations() {
        var generator = SeededGenerator.announced()
        var accepted = 0
        for _ in 0..<1000 {
            var text = Array((Self.seeds.randomElement(using: &generator) ?? "").utf8)
            for _ in 0..<Int.random(in: 1...6, using: &generator) { mutate(&text, &generator) }
            let imported = Array("x.org {\n whoami\n}\n".utf8)
            let surroundings = CorefileParser.Surroundings(environment: ["A": "{$B} \n{", "B": "x", "IDLE": "1s"]) {
                pattern, _ in pattern.hasPrefix("f") ? [("f", imported)] : []
            }
            let problems = CorefileCheck.problems(in: text, file: "Corefile", surroundings: surroundings)
            accepted += problems.isEmpty ? 1 : 0
            #expect(problems.count <= 1000)
            #expect(problems.allSatisfy { !$0.file.isEmpty && !$0.reason.isEmpty })
        }
        print("accepted: \(accepted)")
    }

    private func mutate(_ text: inout [UInt8], _ generator: inout SeededGenerator) {
        guard !text.isEmpty else { return }
        let start = Int.random(in: 0..<text.count, using: &generator)
        let end = min(text.count, start + Int.random(in: 0...20, using: &generator))
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: text.removeSubrange(start..<end)
        case 1: text.insert(contentsOf: Array((Self.pieces.randomElement(using: &generator) ?? "").utf8), at: start)
        case 2: text.insert(contentsOf: Array(text[start..<end]), at: Int.random(in: 0...text.count, using: &generator))
        case 3: text[start] = UInt8.random(in: 0...255, using: &generator)
        default: text.insert(contentsOf: text, at: start)
        }
    }

    @Test(
        "Large files of one kind end at a bound",
        arguments: ["{", "}", "a\n", "a {\n", "a ", "import s\n", "\"", "a.\n"])
    func repetitions(_ piece: String) {
        let text = "(s) {\na\n}\n. {\n" + String(repeating: piece, count: 205_000)
        #expect(!CorefileText.problems(text).isEmpty)
    }

    @Test("Many unknown directives and options take no time out of proportion")
    func manyProblems() {
        let options = (0..<3_000).map { "o\($0)\n" }.joined()
        #expect(CorefileText.problems(". {\n health {\n\(options)}\n}\n").count == 100)
        let directives = (0..<20_000).map { "nsid\($0) x\n" }.joined()
        #expect(CorefileText.problems(". {\n\(directives)}\n").count == 1000)
    }
}
