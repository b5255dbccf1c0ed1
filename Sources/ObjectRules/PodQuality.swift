import Registry

/// The quality-of-service class of a Pod, which follows from what its containers request and are limited to.
enum PodQuality: String {
    case bestEffort = "BestEffort"
    case burstable = "Burstable"
    case guaranteed = "Guaranteed"

    /// The class of a Pod that has its defaults: what is limited is requested, too.
    init(of document: JSONValue) {
        let spec = document["spec"] ?? .null
        var requested: [String: Double] = [:]
        var limits: [String: Double] = [:]
        var isLimitedThroughout = true
        for container in spec.list("containers") + spec.list("initContainers") {
            let resources = container["resources"] ?? .null
            Self.add(resources.members("requests"), to: &requested)
            let limited = Self.add(resources.members("limits"), to: &limits)
            if limited.count < Self.resources.count { isLimitedThroughout = false }
        }
        if requested.isEmpty && limits.isEmpty {
            self = .bestEffort
        } else if isLimitedThroughout, requested.count == limits.count,
            requested.allSatisfy({ name, amount in
                // Sums of the same texts in another order may differ in their last bit.
                guard let limit = limits[name] else { return false }
                return abs(limit - amount) <= limit * 1e-12
            })
        {
            self = .guaranteed
        } else {
            self = .burstable
        }
    }

    /// What the class depends on.
    private static let resources = ["cpu", "memory"]

    /// Sums up what is above zero, and says which resources those were.
    @discardableResult
    private static func add(_ amounts: [String: JSONValue], to sums: inout [String: Double]) -> [String] {
        resources.filter { name in
            guard let amount = amounts[name].flatMap(ResourceQuantity.value), amount > 0 else { return false }
            sums[name, default: 0] += amount
            return true
        }
    }
}

/// Amounts of resources as Kubernetes writes them: `100m`, `1.5`, `2Gi`, `1e3`.
enum ResourceQuantity {
    private static let factors: [String: Double] = [
        "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
        "Ki": 0x1p10, "Mi": 0x1p20, "Gi": 0x1p30, "Ti": 0x1p40, "Pi": 0x1p50, "Ei": 0x1p60,
    ]

    /// The amount, to the precision of a floating-point number; nil where the value is none.
    static func value(_ value: JSONValue) -> Double? {
        switch value {
        case .integer(let number): return Double(number)
        case .number(let number): return number
        case .string(let text):
            let digits = text.prefix { $0.isASCII && ($0.isNumber || ".+-".contains($0)) }
            if let factor = factors[String(text.dropFirst(digits.count))] {
                return Double(String(digits)).map { $0 * factor }
            }
            let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) || ".+-eE".utf8.contains($0) }
            return isPlain ? Double(text) : nil
        default: return nil
        }
    }
}
