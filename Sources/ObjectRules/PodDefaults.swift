import Registry

/// The defaults of Pods: of the specification, the containers, their probes and the volumes.
enum PodDefaults {
    static func apply(_ document: inout JSONValue) {
        document.changeOrMake("spec") { spec in
            applySpecification(&spec)
            for field in ["containers", "initContainers"] {
                let usesHostNetwork = spec.flag("hostNetwork") == true
                spec.changeElements(field) { container in
                    applyContainer(&container)
                    applyRequests(&container)
                    if usesHostNetwork { applyHostPorts(&container) }
                }
            }
            spec.changeElements("ephemeralContainers") { applyContainer(&$0) }
            spec.changeElements("volumes") { VolumeDefaults.apply(&$0) }
        }
        document.change("status") { status in
            ObjectDefaults.mirrorFirst(&status, of: "podIPs", as: "podIP") { .object(["ip": $0]) }
        }
    }

    private static func applySpecification(_ spec: inout JSONValue) {
        spec.setDefault("restartPolicy", .string("Always"))
        spec.setDefault("dnsPolicy", .string("ClusterFirst"))
        spec.setDefault("terminationGracePeriodSeconds", .integer(30))
        spec.setDefault("schedulerName", .string("default-scheduler"))
        spec.setDefault("securityContext", .object([:]))
        spec.setDefault("enableServiceLinks", .bool(true))
        // Two names of one field, of which the older one yields.
        let account = spec.text("serviceAccountName")
        if !account.isEmpty {
            spec["serviceAccount"] = .string(account)
        } else if !spec.isZero("serviceAccount") {
            spec["serviceAccountName"] = spec["serviceAccount"]
        }
    }

    private static func applyContainer(_ container: inout JSONValue) {
        container.setDefault("imagePullPolicy", .string(pullPolicy(ofImage: container.text("image"))))
        container.setDefault("terminationMessagePath", .string("/dev/termination-log"))
        container.setDefault("terminationMessagePolicy", .string("File"))
        container.setDefault("resources", .object([:]))
        container.changeElements("ports") { ObjectDefaults.applyPort(&$0) }
        for field in ["livenessProbe", "readinessProbe", "startupProbe"] {
            container.change(field) { applyProbe(&$0) }
        }
        container.change("lifecycle") { lifecycle in
            for field in ["postStart", "preStop"] { lifecycle.change(field) { applyHandler(&$0) } }
        }
        container.changeElements("env") { variable in
            variable.change("valueFrom") { source in
                source.change("fieldRef") { $0.setDefault("apiVersion", .string("v1")) }
            }
        }
    }

    private static func applyProbe(_ probe: inout JSONValue) {
        for (field, number) in [
            ("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3),
        ] where probe.isZero(field) {
            probe[field] = .integer(Int64(number))
        }
        applyHandler(&probe)
        probe.change("grpc") { $0.setDefault("service", .string("")) }
    }

    private static func applyHandler(_ handler: inout JSONValue) {
        handler.change("httpGet") { request in
            request.setDefault("path", .string("/"))
            request.setDefault("scheme", .string("HTTP"))
        }
    }

    /// What is limited and not requested is requested up to its limit.
    private static func applyRequests(_ container: inout JSONValue) {
        container.change("resources") { resources in
            let limits = resources.members("limits")
            guard !limits.isEmpty else { return }
            resources.changeOrMake("requests") { requests in
                for (name, limit) in limits { requests.setDefault(name, limit) }
            }
        }
    }

    private static func applyHostPorts(_ container: inout JSONValue) {
        container.changeElements("ports") { port in
            if port.isZero("hostPort"), let number = port.integer("containerPort") {
                port["hostPort"] = .integer(Int64(number))
            }
        }
    }

    /// Images whose tag may come to mean another one are pulled each time: those tagged `latest`, or not at all.
    static func pullPolicy(ofImage image: String) -> String {
        let name = image.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        // A colon before the last slash belongs to the port of the image's host.
        let last = name.first?.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        let parts = last.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let tag = parts.count == 2 ? String(parts[1]) : name.count == 2 ? "" : "latest"
        return tag == "latest" ? "Always" : "IfNotPresent"
    }
}
