import Testing

/// One line of shell and what is to come of it.
struct KubectlStep: Sendable {
    let line: String
    var input = ""
    var status: Int32 = 0
    /// What standard output must contain, each of them; a text that begins with `=` is the whole of it.
    var output: [String] = []
    /// What standard output must not contain.
    var not: [String] = []
    var errors: [String] = []

    init(
        _ line: String, input: String = "", status: Int32 = 0, output: [String] = [], not: [String] = [],
        errors: [String] = []
    ) {
        self.line = line
        self.input = input
        self.status = status
        self.output = output
        self.not = not
        self.errors = errors
    }
}

/// Steps that build upon each other, against a server of their own.
struct KubectlScript: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var arguments: [String] = []
    let steps: [KubectlStep]

    func run() throws {
        let server = try APIServerUnderTest(arguments: arguments)
        defer { server.stop() }
        for step in steps {
            let result = try server.shell(step.line, input: step.input)
            let told = Comment(
                rawValue: "\(step.line)\nstatus \(result.status)\n\(result.output)\n\(result.errors)")
            #expect(result.status == step.status, told)
            for text in step.output {
                if text.hasPrefix("=") {
                    #expect(result.output == text.dropFirst(), told)
                } else {
                    #expect(result.output.contains(text), "\(text) is missing in: \(told)")
                }
            }
            for text in step.not { #expect(!result.output.contains(text), "\(text) stands in: \(told)") }
            for text in step.errors { #expect(result.errors.contains(text), "\(text) is missing in: \(told)") }
        }
    }
}
