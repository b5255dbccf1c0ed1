import ArgumentParser
import Dispatch
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

    /// What is asked for; refuses what no registry could make right.
    func request(format: EnvironmentDialect = .dotenv) throws(CommandFailure) -> EnvironmentRequest {
        var items = patterns.map { ("services", $0) } + assignments.map { ("env", $0) }
        items += [("prefix", prefix), ("service-links", "\(serviceLinks)"), ("format", format.rawValue)]
        if let maxBytes { items.append(("max-bytes", "\(maxBytes)")) }
        do {
            return try EnvironmentRequest(namespace: namespace, query: items, itemPrefix: "--")
        } catch {
            throw CommandFailure(error)
        }
    }

    /// What the kernel has room for in this process's arguments and environment together.
    static func kernelRoom() -> Int {
        var limit = rlimit()
        let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_STACK.rawValue), &limit) == 0
        return EnvironmentSize.kernelLimit(stackLimit: isKnown ? UInt64(limit.rlim_cur) : 8 << 20)
    }
}

extension CommandFailure {
    /// A request that cannot be answered: because of what it asks for, or of what the registry holds.
    init(_ error: PodRequestError) {
        switch error {
        case .notMade(.variableTooLarge), .notMade(.environmentTooLarge):
            self.init(.badData, "\(error); narrow the set by --services or --prefix")
        default: self.init(error.isRequestAtFault ? .usage : .badData, "\(error)")
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
            let request = try options.request(format: format)
            guard !watch || output != nil else {
                throw CommandFailure(.usage, "--watch rewrites a file: name it by --output FILE")
            }
            let writer = EnvironmentFileWriter(request: request, output: OutputFile(path: output))
            try await registry.withRegistry { registry throws(CommandFailure) in
                if watch {
                    try await Self.follow(registry, writer: writer, reporter: reporter)
                } else {
                    var writer = writer
                    try writer.write(try await registry.services(), reporter: reporter)
                }
            }
        } catch let failure as CommandFailure {
            throw reporter.exitCode(for: failure)
        }
    }

    /// Writes the file at every change until SIGTERM or SIGINT, which end the command as done.
    private static func follow(
        _ registry: OpenRegistry, writer: EnvironmentFileWriter, reporter: Reporter
    ) async throws(CommandFailure) {
        let work = Task {
            var writer = writer
            try await writer.follow(try await registry.serviceEvents(), reporter: reporter)
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
    let request: EnvironmentRequest
    let output: OutputFile
    /// What was told last, so that a change says only what is new.
    private var told: Set<String> = []

    init(request: EnvironmentRequest, output: OutputFile) {
        self.request = request
        self.output = output
    }

    mutating func write(_ services: [Service], reporter: Reporter) throws(CommandFailure) {
        let file: RequestedFile
        do {
            file = try request.file(of: services, room: VariableOptions.kernelRoom())
        } catch {
            throw CommandFailure(error)
        }
        for warning in file.warnings where !told.contains(warning) {
            reporter.report(warning)
        }
        told = Set(file.warnings)
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
