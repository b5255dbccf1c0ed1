import Registry
import Synchronization

/// Carries out a `RegistrationPlan` against an API server for as long as a process runs.
package final class RegistrationAgent: Sendable {
    private enum Event: Sendable {
        case readiness(Bool)
        case drain
        case withdraw
        /// The plan may have something to do.
        case tick
    }

    private let client: APIClient
    private let registration: EndpointRegistration
    private let isReadyAtFirst: Bool
    private let report: @Sendable (String) -> Void
    private let describe: @Sendable (APIClientError) -> String
    private let drained: @Sendable () -> Void
    /// What was last told of a Service that says something else.
    private let mismatch = Mutex<String?>(nil)
    private let events: AsyncStream<Event>
    private let input: AsyncStream<Event>.Continuation

    /// - Parameters:
    ///   - report: Takes one line about what goes wrong, and when it goes well again.
    ///   - describe: What a failure is told as, with what its reader can do about it.
    ///   - drained: Is called once clients are told to stay away, or that has failed.
    package init(
        client: APIClient, registration: EndpointRegistration, isReadyAtFirst: Bool,
        report: @escaping @Sendable (String) -> Void,
        describe: @escaping @Sendable (APIClientError) -> String = { "\($0)" },
        drained: @escaping @Sendable () -> Void
    ) {
        self.client = client
        self.registration = registration
        self.isReadyAtFirst = isReadyAtFirst
        self.report = report
        self.describe = describe
        self.drained = drained
        (events, input) = AsyncStream.makeStream()
    }

    package func setReady(_ isReady: Bool) { input.yield(.readiness(isReady)) }

    /// Has clients stay away; `drained` tells when they are told.
    package func drain() { input.yield(.drain) }

    /// Has everything removed; `run()` returns then.
    package func withdraw() { input.yield(.withdraw) }

    /// Registers, and keeps the registration, until it is withdrawn or the task is cancelled.
    package func run() async {
        let start = ContinuousClock.now
        var plan = RegistrationPlan(
            name: EndpointRegistration.randomName(for: registration.service.name),
            lease: .seconds(registration.leaseSeconds), isReady: isReadyAtFirst)
        var problem: String?
        var isDraining = false
        var events = events.makeAsyncIterator()
        while !Task.isCancelled {
            if isDraining, plan.isDrained { drained() }
            switch plan.nextAction(at: .now - start) {
            case .finished: return
            case .wait(let until):
                let timer = Task { [input] in
                    try await Task.sleep(until: start + until)
                    input.yield(.tick)
                }
                let event = await events.next()
                timer.cancel()
                switch event {
                case .readiness(let isReady)?: plan.setReady(isReady)
                case .drain?:
                    plan.drain()
                    isDraining = true
                case .withdraw?: plan.withdraw()
                case .tick?: break
                case nil: return
                }
            case .perform(let step):
                let (outcome, error) = await perform(step)
                plan.take(outcome, of: step, at: .now - start)
                if outcome == .failed, isDraining { drained() }
                let message = error.map(message(of:))
                if let message, message != problem { report(message) }
                if message == nil, problem != nil { report("registered again at \(client.access.server)") }
                problem = message
            }
        }
    }

    private func message(of error: APIClientError) -> String {
        // What a server says of any object that is to be made in a Namespace that is not there.
        guard error.isNotFound, error.status?["details"]?["kind"]?.string == ObjectKind.namespace.resource else {
            return "\(describe(error)); trying again"
        }
        return "there is no namespace \(registration.service.namespace) to register in; trying again until there is"
    }

    private func perform(_ step: RegistrationPlan.Step) async -> (RegistrationPlan.Outcome, APIClientError?) {
        do throws(APIClientError) {
            return (try await attempt(step), nil)
        } catch {
            if error.isNotFound {
                switch step {
                case .renewLease, .writeSlice, .deleteSlice, .deleteLease: return (.missing, nil)
                case .makeService, .makeLease, .makeSlice: return (.missing, error)
                }
            }
            return (.failed, error)
        }
    }

    private func attempt(_ step: RegistrationPlan.Step) async throws(APIClientError) -> RegistrationPlan.Outcome {
        let namespace = registration.service.namespace
        switch step {
        case .makeService:
            try await makeService()
        case .makeLease(let name):
            do throws(APIClientError) {
                _ = try await client.create(
                    .lease, namespace: namespace, registration.leaseDocument(name: name, now: .now))
            } catch {
                guard error.isAlreadyExists else { throw error }
                // An attempt may have succeeded of which no answer came.
                guard registration.owns(lease: try await client.object(.lease, namespace: namespace, name: name)) else {
                    return otherName()
                }
            }
        case .renewLease(let name):
            _ = try await client.mergePatch(
                .lease, namespace: namespace, name: name, registration.renewal(now: .now))
        case .makeSlice(let name, let conditions):
            do throws(APIClientError) {
                _ = try await client.create(
                    .endpointSlice, namespace: namespace, registration.sliceDocument(name: name, conditions))
            } catch {
                guard error.isAlreadyExists else { throw error }
                let present = try await client.object(.endpointSlice, namespace: namespace, name: name)
                guard registration.owns(slice: present, name: name) else { return otherName() }
                try await write(name, conditions)
            }
        case .writeSlice(let name, let conditions):
            try await write(name, conditions)
        case .deleteSlice(let name):
            try await client.delete(.endpointSlice, namespace: namespace, name: name)
        case .deleteLease(let name):
            try await client.delete(.lease, namespace: namespace, name: name)
        }
        return .done
    }

    private func makeService() async throws(APIClientError) {
        let id = registration.service
        do throws(APIClientError) {
            let present = try await client.object(.service, namespace: id.namespace, name: id.name)
            let found = registration.mismatch(with: present)?.withoutControls
            let former = mismatch.withLock { mismatch in
                defer { mismatch = found }
                return mismatch
            }
            if let found, found != former { report(found) }
            return
        } catch {
            guard error.isNotFound else { throw error }
        }
        do throws(APIClientError) {
            _ = try await client.create(.service, namespace: id.namespace, registration.serviceDocument)
        } catch {
            // Somebody else was faster.
            guard error.isAlreadyExists else { throw error }
        }
    }

    private func write(_ name: String, _ conditions: RegistrationPlan.Conditions) async throws(APIClientError) {
        _ = try await client.mergePatch(
            .endpointSlice, namespace: registration.service.namespace, name: name,
            registration.slicePatch(name: name, conditions))
    }

    private func otherName() -> RegistrationPlan.Outcome {
        .taken(newName: EndpointRegistration.randomName(for: registration.service.name))
    }
}
