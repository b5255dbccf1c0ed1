import Registry

/// The defaults of the sources of volumes.
enum VolumeDefaults {
    private static let fileMode: JSONValue = .integer(0o644)

    static func apply(_ volume: inout JSONValue) {
        if case .object(let members) = volume, members.allSatisfy({ $0.key == "name" || $0.value == .null }) {
            volume["emptyDir"] = .object([:])
        }
        for field in ["secret", "configMap", "downwardAPI", "projected"] {
            volume.change(field) { $0.setDefault("defaultMode", fileMode) }
        }
        volume.change("downwardAPI") { applyFieldReferences(&$0) }
        volume.change("projected") { projected in
            projected.changeElements("sources") { source in
                source.change("downwardAPI") { applyFieldReferences(&$0) }
                source.change("serviceAccountToken") { $0.setDefault("expirationSeconds", .integer(3600)) }
            }
        }
        volume.change("hostPath") { $0.setDefault("type", .string("")) }
        volume.change("image") { image in
            image.setDefault("pullPolicy", .string(PodDefaults.pullPolicy(ofImage: image.text("reference"))))
        }
        volume.change("ephemeral") { ephemeral in
            ephemeral.change("volumeClaimTemplate") { template in
                template.change("spec") { $0.setDefault("volumeMode", .string("Filesystem")) }
            }
        }
        volume.change("iscsi") { $0.setDefault("iscsiInterface", .string("default")) }
        volume.change("rbd") { disk in
            disk.setDefault("pool", .string("rbd"))
            disk.setDefault("user", .string("admin"))
            disk.setDefault("keyring", .string("/etc/ceph/keyring"))
        }
        volume.change("azureDisk") { disk in
            disk.setDefault("cachingMode", .string("ReadWrite"))
            disk.setDefault("kind", .string("Shared"))
            disk.setDefault("fsType", .string("ext4"))
            disk.setDefault("readOnly", .bool(false))
        }
        volume.change("scaleIO") { disk in
            disk.setDefault("storageMode", .string("ThinProvisioned"))
            disk.setDefault("fsType", .string("xfs"))
        }
    }

    private static func applyFieldReferences(_ source: inout JSONValue) {
        source.changeElements("items") { item in
            item.change("fieldRef") { $0.setDefault("apiVersion", .string("v1")) }
        }
    }
}
