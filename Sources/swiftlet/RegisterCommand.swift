import APIClient
import ArgumentParser
import Foundation
import Registry
import Serving

/// `swiftlet register`: runs a command as an endpoint of a Service.
struct RegisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Run a command, and have this host be an endpoint of a Service for as long as it runs.",
        discussion: """
            The Service is made where it is missing, with a cluster IP and the ports given. The endpoint is ready once \
            the probe says so, at once without a probe; it is kept by a Lease, and goes with the command. While the API \
            server is away the command runs on, and the endpoint is registered again later. Signals go to the command, \
            and its exit status is that of swiftlet.
            """)

    /// How long clients may take to hear that the process ends, before it is told to.
    private static let drainTime = Duration.seconds(2)
    /// How long the removal of the endpoint may take once the process has ended.
    private static let withdrawalTime = Duration.seconds(5)

    @OptionGroup var api: APIServerOptions
    @OptionGroup var place: NamespaceOptions

    @Option(help: ArgumentHelp("The Service.", valueName: "name"))
    var service: String

    @Option(
        name: .customLong("port"),
        help: ArgumentHelp(
            "A port: NAME=NUMBER, with /udp or /sctp behind it where it is none of TCP. May be repeated.",
            valueName: "name=number"))
    var ports: [String]

    @Option(
        help: ArgumentHelp(
            "The address of the endpoint. (default: the one that this host reaches the API server from)",
            valueName: "ip"))
    var address: String?

    @Option(
        help: ArgumentHelp(
            "How to ask whether the command is ready: http://HOST:PORT/PATH, tcp, tcp:PORT or 'exec COMMAND'.",
            valueName: "probe"))
    var readyProbe: String?

    @Option(help: ArgumentHelp("How often to ask, in seconds.", valueName: "n"))
    var probePeriod: Int = 5

    @Option(
        help: ArgumentHelp("How long the endpoint stays ready when this host falls silent, in seconds.", valueName: "n")
    )
    var leaseSeconds: Int = 15

    @Argument(parsing: .postTerminator, help: ArgumentHelp("The command and its arguments, behind '--'."))
    var command: [String] = []

    func run() async throws {
        let reporter = Reporter(command: "register")
        let code: Int32
        do {
            guard !command.isEmpty else { throw CommandFailure(.usage, "no command is named: write it behind '--'") }
            var access = try api.accessOrDefault()
            access.namespace = try place.namespace(of: access)
            let registration = try registration(access)
            let probe = try readyProbe.map { text throws(CommandFailure) in
                try ReadinessProbe(text, address: registration.address, port: registration.ports.first?.number ?? 0)
            }
            code = try await run(registration, probe: probe, at: access, reporter)
        } catch let failure as CommandFailure {
            throw reporter.exitCode(for: failure)
        }
        guard code == 0 else { throw ExitCode(code) }
    }

    private func run(
        _ registration: EndpointRegistration, probe: ReadinessProbe?, at access: APIAccess, _ reporter: Reporter
    ) async throws(CommandFailure) -> Int32 {
        let client: APIClient
        do {
            // A server that says nothing must not keep renewals, or the end, waiting.
            client = try APIClient(
                access, userAgent: "swiftlet/\(Swiftlet.configuration.version)",
                answerTime: .seconds(min(max(leaseSeconds / 3, 1), 5)))
        } catch {
            await probe?.close()
            throw CommandFailure(.badData, "\(error)")
        }
        let drained = OneShot<Bool>()
        let agent = RegistrationAgent(
            client: client, registration: registration, isReadyAtFirst: probe == nil,
            report: { reporter.report($0) }, describe: { CommandFailure($0).message }, drained: { drained.set(true) })
        let (signals, input) = AsyncStream<Int32>.makeStream()
        let forwarded = ForwardedSignals { input.yield($0) }
        let child: ChildProcess
        do {
            child = try ChildProcess.start(
                CommandProcess.lastArguments(command.count), environment: CommandProcess.presentEnvironment(),
                handled: forwarded.numbers)
        } catch {
            forwarded.cancel()
            await probe?.close()
            await client.close()
            throw error
        }
        let registering = Task { await agent.run() }
        let probing = probe.map { probe in Task { await Self.ask(probe, every: probePeriod, agent) } }
        let forwarding = Task { await Self.forward(signals, to: child, agent, drained) }
        let code = await child.exitCode()
        probing?.cancel()
        agent.withdraw()
        let limit = Task {
            try await Task.sleep(for: Self.withdrawalTime)
            registering.cancel()
        }
        await registering.value
        limit.cancel()
        forwarding.cancel()
        forwarded.cancel()
        await probing?.value
        await probe?.close()
        await client.close()
        return code ?? CommandFailure.Kind.other.rawValue
    }

    /// Passes signals on; before the first that ends the process, clients are told to stay away.
    private static func forward(
        _ signals: AsyncStream<Int32>, to child: ChildProcess, _ agent: RegistrationAgent, _ drained: OneShot<Bool>
    ) async {
        var isEnding = false
        for await number in signals {
            if ForwardedSignals.ending.contains(number), !isEnding {
                isEnding = true
                agent.drain()
                let limit = Task {
                    try await Task.sleep(for: drainTime)
                    drained.set(false)
                }
                // Aside, so that another signal, from somebody who cannot wait, goes through at once.
                Task {
                    _ = await drained.value()
                    limit.cancel()
                    if !ForwardedSignals.reachesChildByItself(number) { child.send(number) }
                }
            } else if !ForwardedSignals.reachesChildByItself(number) {
                child.send(number)
            }
        }
    }

    private static func ask(_ probe: ReadinessProbe, every seconds: Int, _ agent: RegistrationAgent) async {
        var counter = ReadinessCounter()
        while !Task.isCancelled {
            let former = counter.isReady
            counter.take(isSuccess: await probe.isReady())
            if counter.isReady != former { agent.setReady(counter.isReady) }
            try? await Task.sleep(for: .seconds(seconds))
        }
    }

    private func registration(_ access: APIAccess) throws(CommandFailure) -> EndpointRegistration {
        guard NameRules.isLabel(service) else {
            throw CommandFailure(.usage, "--service '\(service)' is no name: use at most 63 of a-z, 0-9 and '-'")
        }
        guard (1...3600).contains(probePeriod) else {
            throw CommandFailure(.usage, "--probe-period \(probePeriod) must be between 1 and 3600")
        }
        guard (3...86_400).contains(leaseSeconds) else {
            throw CommandFailure(.usage, "--lease-seconds \(leaseSeconds) must be between 3 and 86400")
        }
        let holder = "\(ProcessInfo.processInfo.hostName)-\(ProcessInfo.processInfo.processIdentifier)"
        return EndpointRegistration(
            service: NamespacedName(namespace: access.namespace, name: service), ports: try RegisteredPorts.read(ports),
            address: try endpointAddress(access), holder: holder, leaseSeconds: leaseSeconds)
    }

    private func endpointAddress(_ access: APIAccess) throws(CommandFailure) -> IPAddress {
        if let address {
            guard let given = IPAddress(address) else {
                throw CommandFailure(.usage, "--address '\(address)' is no IP address")
            }
            guard !given.isUnfitForEndpoint else {
                throw CommandFailure(
                    .usage, "--address \(given) is loopback, link-local or unspecified: nobody else reaches it")
            }
            return given
        }
        if let local = LocalAddress.towards(host: access.server.host, port: access.server.port),
            !local.isUnfitForEndpoint
        {
            return local
        }
        // The server is on this host: any of the addresses that others know the host by.
        guard let other = HostAddresses.all().first else {
            throw CommandFailure(.usage, "this host has no address that others reach: name one by --address IP")
        }
        return other
    }
}

/// The ports that `--port` names.
private enum RegisteredPorts {
    static func read(_ texts: [String]) throws(CommandFailure) -> [EndpointRegistration.Port] {
        var ports: [EndpointRegistration.Port] = []
        for text in texts {
            let port = try port(text)
            guard texts.count == 1 || !port.name.isEmpty else {
                throw CommandFailure(.usage, "--port \(text) has no name, and several ports need one each")
            }
            guard !ports.contains(where: { $0.name == port.name }) else {
                throw CommandFailure(.usage, "--port \(text) has a name that another port has")
            }
            ports.append(port)
        }
        return ports
    }

    private static func port(_ text: String) throws(CommandFailure) -> EndpointRegistration.Port {
        let unreadable = CommandFailure(.usage, "--port '\(text)' is no port: write NAME=NUMBER, as in http=8080")
        let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = halves.count == 2 ? String(halves[0]) : ""
        guard let rest = halves.last else { throw unreadable }
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let number = parts.first.flatMap({ Int($0) }), (1...65535).contains(number),
            halves.count == 1 || NameRules.isLabel(name)
        else { throw unreadable }
        var transport = TransportProtocol.tcp
        if parts.count == 2 {
            guard let named = TransportProtocol(rawValue: parts[1].uppercased()) else { throw unreadable }
            transport = named
        }
        return EndpointRegistration.Port(name: name, transport: transport, number: number)
    }
}
