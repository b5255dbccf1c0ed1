import ArgumentParser
import Dispatch
import EmbeddedRegistry
import Glibc
import PodEnvironment
import Registry

extension EnvironmentDialect: ExpressibleByArgument {}

/// Which variables a command makes; shared by `env` and `exec`.
struct VariableOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("The namespace whose Services are seen.", valueName: "ns"))
    var namespace: String

    @Option(
        name: .customLong("services"),
        help: ArgumentHelp(
            "Only Services whose name matches; with a slash, namespace/name. May be repeated.", valueName: "glob"))
    var patterns: [String] = []

    @Option(help: ArgumentHelp("Only those Service variables whose name begins so.", valueName: "p"))
    var prefix: String = ""

    @Option(
        help: ArgumentHelp(
            "Fail where the variables take more bytes. (default: what the kernel has room for)", valueName: "n"))
    var maxBytes: Int?

    @Flag(
        inversion: .prefixedNo,
        help: "Give variables for the namespace's Services, and not for default/kubernetes alone.")
    var serviceLinks = true

    @Option(
        name: .customLong("env"),
        help: ArgumentHelp(
            "A variable of your own; it wins, and $(NAME) in it means another variable. May be repeated.",
            valueName: "name=value"))
    var assignments: [String] = []

    /// What the variables came to and what is to be told of them.
    struct Outcome {
        /// Inherited ones are among them, unchanged, where there were any.
        var variables: [EnvironmentVariable]
        var warnings: [String]
    }

    /// Refuses what no registry could make right.
    func check() throws(CommandFailure) {
        guard NameRules.isLabel(namespace) else {
            throw CommandFailure(
                .usage, "--namespace '\(namespace)' is no namespace: use at most 63 of a-z, 0-9 and '-'")
        }
        if let maxBytes, maxBytes <= 0 {
            throw CommandFailure(.usage, "--max-bytes \(maxBytes) must be greater than 0")
        }
        _ = try definitions()
    }

    /// Makes the variables out of all Services of the registry.
    func outcome(of services: [Service], inherited: [EnvironmentVariable] = []) throws(CommandFailure) -> Outcome {
        let visible = ServiceVariables.services(
            visibleFrom: namespace, in: services, hasServiceLinks: serviceLinks)
        let globs = patterns.map(ServicePattern.init)
        let picked =
            globs.isEmpty ? visible : visible.filter { service in globs.contains { $0.matches(service.metadata.id) } }
        let made = ServiceVariables(of: picked)
        let environment = ContainerEnvironment(
            definitions: try definitions(), inherited: inherited, services: made.variables)
        var warnings = globs.filter { glob in !visible.contains { glob.matches($0.metadata.id) } }
            .map { "--services '\($0.text)' matches no Service with a cluster IP in namespace \(namespace)" }
        warnings += made.collisions.map { "variable \($0.description)" }
        return Outcome(variables: environment.narrowed(toPrefix: prefix), warnings: warnings)
    }

    /// Refuses variables that do not fit into `room` or beneath `--max-bytes`.
    func checkSize(_ variables: [EnvironmentVariable], room: Int) throws(CommandFailure) {
        do {
            try EnvironmentSize.check(variables, limit: min(maxBytes ?? .max, room))
        } catch {
            throw CommandFailure(.badData, "\(error); narrow the set by --services or --prefix")
        }
    }

    /// What the kernel has room for in this process's arguments and environment together.
    static func kernelRoom() -> Int {
        var limit = rlimit()
        let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_STACK.rawValue), &limit) == 0
        return EnvironmentSize.kernelLimit(stackLimit: isKnown ? UInt64(limit.rlim_cur) : 8 << 20)
    }

    private func definitions() throws(CommandFailure) -> [EnvironmentVariable] {
        do {
            return try assignments.map { text throws(PodEnvironmentError) in
                try EnvironmentVariable(assignment: text)
            }
        } catch {
            throw CommandFailure(.usage, "--env: \(error)")
        }
    }
}

/// `swiftlet env`: the variables by which a container finds the Services around it, as a file.
struct EnvCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Write the environment variables that Services give to a pod of a namespace.")

    @OptionGroup var registry: RegistryOptions
    @OptionGroup var options: VariableOptions

    @Option(
        help: ArgumentHelp(
            "Who is to read the file: \(EnvironmentDialect.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "dialect"))
    var format: EnvironmentDialect = .dotenv

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The file to write, instead of standard output.", valueName: "file"))
    var output: String?

    @Flag(help: "Stay, and rewrite the file given by --output when a Service changes.")
    var watch = false

    func run() async throws {
        let reporter = Reporter(command: "env")
        do {
            try options.check()
            guard !watch || output != nil else {
                throw CommandFailure(.usage, "--watch rewrites a file: name it by --output FILE")
            }
            let reader = try registry.open()
            let writer = EnvironmentFileWriter(options: options, format: format, output: OutputFile(path: output))
            if watch {
                try await Self.follow(reader, writer: writer, reporter: reporter)
            } else {
                var writer = writer
                try writer.write(try registry.services(of: reader), reporter: reporter)
            }
        } catch let failure as CommandFailure {
            throw reporter.exitCode(for: failure)
        }
    }

    /// Writes the file at every change until SIGTERM or SIGINT, which end the command as done.
    private static func follow(
        _ reader: RegistryReader, writer: EnvironmentFileWriter, reporter: Reporter
    ) async throws {
        let work = Task {
            var writer = writer
            try await writer.follow(try await reader.events(), reporter: reporter)
        }
        let sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { work.cancel() }
            source.resume()
            return source
        }
        defer {
            for source in sources { source.cancel() }
        }
        do {
            try await work.value
        } catch let failure as CommandFailure {
            throw failure
        } catch is CancellationError {
            return
        } catch {
            throw CommandFailure(.unavailable, "\(error)")
        }
        guard work.isCancelled else { throw CommandFailure(.unavailable, "the registry tells no more changes") }
    }
}

/// Makes an environment file out of the registry's Services, once or at every change.
private struct EnvironmentFileWriter {
    let options: VariableOptions
    let format: EnvironmentDialect
    let output: OutputFile
    /// What was told last, so that a change says only what is new.
    private var told: Set<String> = []

    init(options: VariableOptions, format: EnvironmentDialect, output: OutputFile) {
        self.options = options
        self.format = format
        self.output = output
    }

    mutating func write(_ services: [Service], reporter: Reporter) throws(CommandFailure) {
        var outcome = try options.outcome(of: services)
        // With a bound of the user's own the file may be for another machine.
        try options.checkSize(outcome.variables, room: options.maxBytes ?? VariableOptions.kernelRoom())
        let file: EnvironmentDialect.File
        do {
            file = try format.write(outcome.variables)
        } catch {
            throw CommandFailure(.badData, "\(error)")
        }
        if !file.omittedNames.isEmpty {
            outcome.warnings.append(
                "left out, as a reader of \(format.rawValue) takes no such names: "
                    + file.omittedNames.joined(separator: " "))
        }
        if !file.expandableNames.isEmpty {
            outcome.warnings.append(
                "python-dotenv expands ${…} even in quotes unless it is told interpolate=False: "
                    + file.expandableNames.joined(separator: " "))
        }
        for warning in outcome.warnings where !told.contains(warning) {
            reporter.report(warning)
        }
        told = Set(outcome.warnings)
        try output.replace(by: file.text)
    }

    /// Keeps the file up to date until the task is cancelled.
    ///
    /// Changes that come while the file is being written lead to one writing more, not to one each. What goes wrong at
    /// the first writing ends the command; later it is told, and the file stays as it was.
    mutating func follow(_ events: AsyncThrowingStream<RegistryEvent, any Error>, reporter: Reporter) async throws {
        let (states, continuation) = AsyncThrowingStream<[NamespacedName: Service], any Error>.makeStream(
            bufferingPolicy: .bufferingNewest(1))
        let reading = Task {
            do {
                try await Self.follow(events) { continuation.yield($0) }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        defer { reading.cancel() }
        var isFirst = true
        for try await services in states {
            do {
                try write(Array(services.values), reporter: reporter)
            } catch {
                guard !isFirst else { throw error }
                reporter.report("\(error.message); \(output.path ?? "the file") stays as it is")
            }
            isFirst = false
        }
    }

    /// Hands on all Services at first and whenever one of them has changed.
    private static func follow(
        _ events: AsyncThrowingStream<RegistryEvent, any Error>, yield: ([NamespacedName: Service]) -> Void
    ) async throws {
        var state = RegistryState()
        var former: [NamespacedName: Service]?
        for try await event in events {
            var touched = RegistryState.Touched()
            switch event {
            case .snapshot(let objects, at: _): state.replace(by: objects, touched: &touched)
            case .changes(let changes, to: _):
                for change in changes { state.apply(change, touched: &touched) }
            }
            // Services are touched by their endpoints as well, which change no variable.
            guard former == nil || touched.services.contains(where: { former?[$0] != state.services[$0] }) else {
                continue
            }
            former = state.services
            yield(state.services)
        }
    }
}
