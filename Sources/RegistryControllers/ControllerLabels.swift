import Registry

/// The labels and annotations by which controllers know their own objects, as Kubernetes' name them.
enum ControllerLabels {
    static let sliceController = "endpointslice-controller.k8s.io"
    static let mirrorController = "endpointslicemirroring-controller.k8s.io"
    static let managedByEndpoints = "endpoints.kubernetes.io/managed-by"
    static let endpointsController = "endpoint-controller"
    static let headless = "service.kubernetes.io/headless"
    static let triggerTime = "endpoints.kubernetes.io/last-change-trigger-time"
    static let overCapacity = "endpoints.kubernetes.io/over-capacity"
    static let leaderElection = "control-plane.alpha.kubernetes.io/leader"
    static let lastApplied = "kubectl.kubernetes.io/last-applied-configuration"
    static let zone = "topology.kubernetes.io/zone"
    static let namespaceName = "kubernetes.io/metadata.name"

    /// Bytes of labels, or of annotations, that are copied to objects that are made of another: some hundred of them may be.
    private static let copiedLimit = 64 << 10

    /// What objects that are made of another have of its labels or annotations: all, or none of very many.
    static func copied(_ texts: [String: String]) -> [String: String] {
        texts.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count } <= copiedLimit ? texts : [:]
    }

    /// The labels of a Service's slices: the Service's, but for those that slices have by themselves.
    static func ofSlices(_ service: EndpointService) -> [String: String] {
        var labels = copied(service.labels)
        labels[headless] = service.isHeadless ? "" : nil
        labels[EndpointSlice.serviceNameLabel] = service.id.name
        labels[EndpointSlice.managedByLabel] = sliceController
        return labels
    }

    /// The labels of a Service's Endpoints object.
    static func ofEndpoints(_ service: EndpointService) -> [String: String] {
        var labels = copied(service.labels)
        labels[headless] = service.isHeadless ? "" : nil
        labels[managedByEndpoints] = endpointsController
        return labels
    }
}
