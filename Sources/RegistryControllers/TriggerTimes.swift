import Registry

/// When that happened which the endpoints of a Service now show, so that the delay can be measured.
struct TriggerTimes {
    private var service: Timestamp?
    private var pods: [String: Timestamp] = [:]

    init() {}

    /// The first of the changes since the last call; nil where none of them left a time, as the end of a Pod.
    mutating func firstChange(of service: EndpointService, pods: [EndpointPod]) -> Timestamp? {
        var first: Timestamp?
        func note(_ time: Timestamp) { first = min(first ?? time, time) }
        var times: [String: Timestamp] = [:]
        times.reserveCapacity(pods.count)
        for pod in pods {
            guard pod.isEndpoint, let time = pod.content.readinessTime else { continue }
            times[pod.id.name] = time
            if let former = self.pods[pod.id.name], former >= time { continue }
            note(time)
        }
        if let time = service.creationTime, self.service.map({ $0 < time }) ?? true {
            note(time)
            self.service = time
        }
        self.pods = times
        return first
    }
}
