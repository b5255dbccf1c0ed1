extension Service {
    /// Fills in the addresses that an update leaves out from the stored Service.
    package mutating func inheritAddresses(from stored: Service) {
        guard kind != .externalName, stored.kind != .externalName else { return }
        if clusterIP.isEmpty { clusterIP = stored.clusterIP }
        if Self.isSameAddress(clusterIP, stored.clusterIP) {
            // The first repeats `clusterIP`, in whatever spelling that now has.
            if clusterIPs.isEmpty && !clusterIP.isEmpty { clusterIPs = [clusterIP] + stored.clusterIPs.dropFirst() }
        } else if clusterIPs == stored.clusterIPs || clusterIPs.isEmpty {
            // Only the singular field was edited: it says what is wanted.
            clusterIPs = [clusterIP]
        }
    }

    /// The addresses that an update changes, which it may not: each is the Service's for life, the wish for none too.
    ///
    /// To be asked once the update has inherited what it leaves out.
    package func validateAddressChange(from stored: Service) -> [FieldViolation] {
        guard kind != .externalName, stored.kind != .externalName, !(stored.isHeadless && isHeadless) else { return [] }
        let shown = JSONValue.array(clusterIPs.map { .string($0) })
        return zip(stored.clusterIPs, clusterIPs).enumerated().compactMap { index, texts in
            Self.isSameAddress(texts.0, texts.1)
                ? nil
                : FieldViolation(
                    ("spec.clusterIPs" as FieldPath)[index], .invalid, of: shown, "may not change once set")
        }
    }

    /// Whether two texts stand for one address, whatever their spelling.
    package static func isSameAddress(_ first: String, _ second: String) -> Bool {
        if first == second { return true }
        guard let first = IPAddress(first) else { return false }
        return first == IPAddress(second)
    }

    package static func isSameAddresses(_ first: [String], _ second: [String]) -> Bool {
        first.count == second.count && zip(first, second).allSatisfy { isSameAddress($0, $1) }
    }
}
