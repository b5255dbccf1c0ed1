import Registry

/// The hostname of a Pod and the names by which it knows itself (Kubernetes DNS for Pods; kubelet).
package struct PodHostname: Hashable, Sendable {
    /// What of a Pod's specification says how it is called.
    package struct Specification: Hashable, Sendable {
        package var podName: String
        package var namespace: String
        /// `spec.hostname`; empty for none.
        package var hostname: String
        /// `spec.subdomain`; empty for none.
        package var subdomain: String
        /// `spec.setHostnameAsFQDN`.
        package var usesFullNameAsHostname: Bool
        /// `spec.hostnameOverride`; nil for none.
        package var hostnameOverride: String?
        package var hostNetwork: Bool

        package init(
            podName: String, namespace: String, hostname: String = "", subdomain: String = "",
            usesFullNameAsHostname: Bool = false, hostnameOverride: String? = nil, hostNetwork: Bool = false
        ) {
            self.podName = podName
            self.namespace = namespace
            self.hostname = hostname
            self.subdomain = subdomain
            self.usesFullNameAsHostname = usesFullNameAsHostname
            self.hostnameOverride = hostnameOverride
            self.hostNetwork = hostNetwork
        }
    }

    /// The longest hostname of a Linux kernel, in bytes (`HOST_NAME_MAX`).
    package static let kernelLimit = 64

    /// The host's own label or, where it was overridden, name.
    package let host: String
    /// The name in the cluster's zone; nil for a Pod without a subdomain.
    package let fullName: String?
    /// What the kernel says (`hostname`).
    package let kernelName: String

    /// - Parameter zone: the cluster's zone without a trailing dot.
    package init(_ specification: Specification, zone: String) throws(PodEnvironmentError) {
        if let override = specification.hostnameOverride {
            try Self.validate(override: override, in: specification)
            host = override
            fullName = nil
            kernelName = override
            return
        }
        host = try Self.host(of: specification)
        if specification.subdomain.isEmpty {
            fullName = nil
        } else {
            guard NameRules.isLabel(specification.subdomain) else {
                throw Self.invalid("spec.subdomain", specification.subdomain, "must be a lowercase RFC 1123 label")
            }
            fullName = "\(host).\(specification.subdomain).\(specification.namespace).svc.\(zone)"
        }
        kernelName = specification.usesFullNameAsHostname ? fullName ?? host : host
        guard kernelName.utf8.count <= Self.kernelLimit else {
            throw Self.invalid(
                "spec.setHostnameAsFQDN", kernelName,
                "a hostname has \(Self.kernelLimit) bytes at most, this one \(kernelName.utf8.count)")
        }
    }

    /// The lines of the hosts file that name the Pod, one for each of its addresses.
    package func hostsLines(addresses: [String]) -> [String] {
        addresses.map { address in
            ([address] + [fullName, host].compactMap { $0 }).joined(separator: "\t")
        }
    }

    private static func host(of specification: Specification) throws(PodEnvironmentError) -> String {
        guard specification.hostname.isEmpty else {
            guard NameRules.isLabel(specification.hostname) else {
                throw invalid("spec.hostname", specification.hostname, "must be a lowercase RFC 1123 label")
            }
            return specification.hostname
        }
        guard NameRules.isSubdomain(specification.podName) else {
            throw invalid("metadata.name", specification.podName, "must be a lowercase RFC 1123 subdomain")
        }
        // A Pod's name may be longer than a label; it begins with a letter or digit, so something is left.
        guard specification.podName.utf8.count > 63 else { return specification.podName }
        var host = specification.podName.utf8.prefix(63)
        while let last = host.last, last == UInt8(ascii: "-") || last == UInt8(ascii: ".") {
            host = host.dropLast()
        }
        return String(Substring(host))
    }

    private static func validate(override: String, in specification: Specification) throws(PodEnvironmentError) {
        guard NameRules.isSubdomain(override), override.utf8.count <= kernelLimit else {
            throw invalid(
                "spec.hostnameOverride", override,
                "must be a lowercase RFC 1123 subdomain of at most \(kernelLimit) bytes")
        }
        guard !specification.hostNetwork else {
            throw .invalidHostname(
                FieldViolation("spec.hostnameOverride", .forbidden, "may not be set when `hostNetwork` is true"))
        }
        guard !specification.usesFullNameAsHostname else {
            throw .invalidHostname(
                FieldViolation("spec.hostnameOverride", .forbidden, "may not be set when `setHostnameAsFQDN` is true"))
        }
    }

    private static func invalid(_ path: FieldPath, _ value: String, _ detail: String) -> PodEnvironmentError {
        .invalidHostname(FieldViolation(path, .invalid, value: value, detail))
    }
}
