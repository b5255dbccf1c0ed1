import DNS

/// Names of zones that no endpoint is in (`zonal`): there is no end of them, so they are worked out of the question.
///
/// Zones that endpoints are in have names of their own, which the table holds.
package struct ComputedZoneNames: Sendable {
    private let apexes: [DomainName]

    /// What a name that the table does not hold stands for, if the `prerequisite` exists.
    package struct Resolution: Hashable, Sendable {
        /// `pin._zone` or `prefer._zone` of a headless Service with a ready endpoint.
        package let prerequisite: DomainName
        /// The name whose answers are given, with the owner as asked: the Service's. nil for no data.
        package let alike: DomainName?
    }

    package init(settings: ClusterZoneSettings) {
        apexes = settings.answersByZone ? settings.serviceApexes : []
    }

    /// nil for names that are none of a zone; `name` may be of any spelling.
    package func resolution(of name: DomainName) -> Resolution? {
        guard let apex = apexes.first(where: { name.isWithin($0) }) else { return nil }
        // ZONE… directive _zone service namespace svc, counted from the right as a zone may have several labels.
        let ancestors = Array(name.selfAndAncestors.prefix { $0 != apex })
        guard ancestors.count > 5 else { return nil }
        let service = ancestors[ancestors.count - 3]
        let directive = ancestors[ancestors.count - 5]
        guard ancestors.last == DomainName(labels: ["svc"], under: apex) else { return nil }
        if directive == DomainName(labels: ["pin", "_zone"], under: service) {
            return Resolution(prerequisite: directive, alike: nil)
        }
        if directive == DomainName(labels: ["prefer", "_zone"], under: service) {
            return Resolution(prerequisite: directive, alike: service)
        }
        return nil
    }
}
