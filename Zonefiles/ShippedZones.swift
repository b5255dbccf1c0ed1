/// The zone files of this folder, as they are compiled into the binary.
package enum ShippedZones {
    /// The apex of the cluster zone, in names relative to the zone's own.
    package static var clusterApex: String { text(PackageResources.cluster_local_zone) }

    /// The zone `localhost.` (RFC 6761 §6.3).
    package static var localhost: String { text(PackageResources.localhost_zone) }

    /// An example of a static zone, for the origin `example.org.`
    package static var example: String { text(PackageResources.example_org_zone) }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
