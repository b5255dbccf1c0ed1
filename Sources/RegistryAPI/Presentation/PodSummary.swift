import Registry

/// What a table says of a Pod as a whole: how many of its containers are ready, the one word for its state, and how
/// often containers were restarted.
///
/// The word is what the first container says that is not simply running, else the phase or its reason, as `kubectl get
/// pods` has it.
struct PodSummary {
    /// Those that are to run, sidecars (init containers that are restarted always) included.
    private(set) var containers: Int
    private(set) var ready = 0
    private(set) var status: String
    private(set) var restarts: Int64 = 0
    private(set) var lastRestart: Timestamp?

    init(of pod: DocumentView) {
        let (spec, podStatus) = (pod["spec"], pod["status"])
        let conditions = podStatus["conditions"].elements
        let sidecars = Set(
            spec["initContainers"].elements.filter { $0["restartPolicy"].text == "Always" }.map { $0["name"].text })
        containers = spec["containers"].elements.count + sidecars.count
        status = podStatus["reason"].text.isEmpty ? podStatus["phase"].text : podStatus["reason"].text
        if conditions.contains(where: { $0["type"].text == "PodScheduled" && $0["reason"].text == "SchedulingGated" }) {
            status = "SchedulingGated"
        }

        let isInitializing = countInitContainers(of: pod, sidecars: sidecars)
        if !isInitializing || Self.isTrue("Initialized", conditions) {
            // Restarts of what has done its work no longer count.
            (restarts, lastRestart) = (0, nil)
            for container in podStatus["initContainerStatuses"].elements where sidecars.contains(container["name"].text)
            {
                countRestarts(of: container)
            }
            countContainers(podStatus["containerStatuses"].elements, conditions: conditions)
        }

        guard pod["metadata"]["deletionTimestamp"].isPresent else { return }
        if podStatus["reason"].text == "NodeLost" {
            status = "Unknown"
        } else if !["Succeeded", "Failed"].contains(podStatus["phase"].text) {
            status = "Terminating"
        }
    }

    /// Reads init containers up to the first that has not done its work; returns whether there is one.
    private mutating func countInitContainers(of pod: DocumentView, sidecars: Set<String>) -> Bool {
        let total = pod["spec"]["initContainers"].elements.count
        for (index, container) in pod["status"]["initContainerStatuses"].elements.enumerated() {
            countRestarts(of: container)
            let (terminated, waiting) = (container["state"]["terminated"], container["state"]["waiting"])
            if terminated.isPresent, Self.exitCode(terminated) == 0 { continue }
            if sidecars.contains(container["name"].text), container["started"].flag {
                if container["ready"].flag { ready += 1 }
                continue
            }
            let reason = waiting["reason"].text
            if terminated.isPresent {
                status = "Init:\(Self.reason(terminated))"
            } else if !reason.isEmpty, reason != "PodInitializing" {
                status = "Init:\(reason)"
            } else {
                status = "Init:\(index)/\(total)"
            }
            return true
        }
        return false
    }

    private mutating func countContainers(_ statuses: [DocumentView], conditions: [DocumentView]) {
        var isAnyRunning = false
        // The first container has the last word.
        for container in statuses.reversed() {
            countRestarts(of: container)
            let (terminated, waiting) = (container["state"]["terminated"], container["state"]["waiting"])
            if !waiting["reason"].text.isEmpty {
                status = waiting["reason"].text
            } else if terminated.isPresent {
                status = Self.reason(terminated)
            } else if container["ready"].flag, container["state"]["running"].isPresent {
                isAnyRunning = true
                ready += 1
            }
        }
        if status == "Completed", isAnyRunning { status = Self.isTrue("Ready", conditions) ? "Running" : "NotReady" }
    }

    private mutating func countRestarts(of container: DocumentView) {
        // Counts are what somebody posted: nonsense must not trap.
        restarts &+= container["restartCount"].integer ?? 0
        guard let finished = Timestamp(rfc3339: container["lastState"]["terminated"]["finishedAt"].text) else { return }
        lastRestart = max(lastRestart ?? finished, finished)
    }

    private static func exitCode(_ terminated: DocumentView) -> Int64 { terminated["exitCode"].integer ?? 0 }

    private static func reason(_ terminated: DocumentView) -> String {
        let reason = terminated["reason"].text
        guard reason.isEmpty else { return reason }
        let signal = terminated["signal"].integer ?? 0
        return signal != 0 ? "Signal:\(signal)" : "ExitCode:\(exitCode(terminated))"
    }

    private static func isTrue(_ type: String, _ conditions: [DocumentView]) -> Bool {
        conditions.contains { $0["type"].text == type && $0["status"].text == "True" }
    }
}
