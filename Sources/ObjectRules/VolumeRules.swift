import Registry

/// The rules of a Pod's volumes: their names, and that each one is of one kind.
enum VolumeRules {
    /// In the order in which upstream looks for them: the first one found is the volume, the others are too many.
    private static let sources = [
        "emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi",
        "glusterfs", "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "quobyte", "downwardAPI", "fc",
        "flexVolume", "configMap", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk",
        "storageos", "projected", "scaleIO", "csi", "ephemeral", "image",
    ]

    static func validate(_ volumes: [JSONValue], at path: FieldPath) -> [FieldViolation] {
        var names: Set<String> = []
        return volumes.enumerated().violations { index, volume in
            var violations = SingleChoice.excess(volume, of: sources, at: path[index], noun: "volume")
            let path = path[index] / "name"
            let name = volume.text("name")
            if name.isEmpty { return violations + [FieldViolation(path, .required)] }
            violations += FieldViolation.list(path, value: name, faults: NameRules.labelFaults(name))
            if !names.insert(name).inserted { violations.append(FieldViolation(path, .duplicate, value: name)) }
            return violations
        }
    }
}
