extension SchemaTable {
    /// Volumes on storage that a vendor or a network provides (core/v1).
    static let storageVolumes = SchemaTable(
        group: "io.k8s.api.core.v1",
        """
        NFSVolumeSource -- A folder served by NFS.
          server 1 string!
          path 2 string!
          readOnly 3 bool
        ISCSIVolumeSource -- A disk reached by iSCSI.
          targetPortal 1 string!
          iqn 2 string!
          lun 3 int32!
          iscsiInterface 4 string
          fsType 5 string
          readOnly 6 bool
          portals 7 [string]
          chapAuthDiscovery 8 bool
          chapAuthSession 11 bool
          secretRef 10 LocalObjectReference?
          initiatorName 12 string?
        FCVolumeSource -- A disk reached by Fibre Channel.
          targetWWNs 1 [string]
          lun 2 int32?
          fsType 3 string
          readOnly 4 bool
          wwids 5 [string]
        GlusterfsVolumeSource -- A volume of GlusterFS; deprecated.
          endpoints 1 string!
          path 2 string!
          readOnly 3 bool
        RBDVolumeSource -- A disk of Ceph; deprecated.
          monitors 1 [string]!
          image 2 string!
          fsType 3 string
          pool 4 string
          user 5 string
          keyring 6 string
          secretRef 7 LocalObjectReference?
          readOnly 8 bool
        CephFSVolumeSource -- A file system of Ceph; deprecated.
          monitors 1 [string]!
          path 2 string
          user 3 string
          secretFile 4 string
          secretRef 5 LocalObjectReference?
          readOnly 6 bool
        CinderVolumeSource -- A disk of OpenStack; deprecated.
          volumeID 1 string!
          fsType 2 string
          readOnly 3 bool
          secretRef 4 LocalObjectReference?
        FlexVolumeSource -- A volume of a FlexVolume driver; deprecated.
          driver 1 string!
          fsType 2 string
          secretRef 3 LocalObjectReference?
          readOnly 4 bool
          options 5 {string}
        FlockerVolumeSource -- A volume of Flocker; deprecated.
          datasetName 1 string
          datasetUUID 2 string
        AWSElasticBlockStoreVolumeSource -- A disk of Amazon's cloud; deprecated.
          volumeID 1 string!
          fsType 2 string
          partition 3 int32
          readOnly 4 bool
        GCEPersistentDiskVolumeSource -- A disk of Google's cloud; deprecated.
          pdName 1 string!
          fsType 2 string
          partition 3 int32
          readOnly 4 bool
        AzureFileVolumeSource -- A share of Microsoft's cloud; deprecated.
          secretName 1 string!
          shareName 2 string!
          readOnly 3 bool
        AzureDiskVolumeSource -- A disk of Microsoft's cloud; deprecated.
          diskName 1 string!
          diskURI 2 string!
          cachingMode 3 string? named=v1.AzureDataDiskCachingMode
          fsType 4 string?
          readOnly 5 bool?
          kind 6 string? named=v1.AzureDataDiskKind
        VsphereVirtualDiskVolumeSource -- A disk of vSphere; deprecated.
          volumePath 1 string!
          fsType 2 string
          storagePolicyName 3 string
          storagePolicyID 4 string
        PhotonPersistentDiskVolumeSource -- A disk of Photon; deprecated.
          pdID 1 string!
          fsType 2 string
        QuobyteVolumeSource -- A volume of Quobyte; deprecated.
          registry 1 string!
          volume 2 string!
          readOnly 3 bool
          user 4 string
          group 5 string
          tenant 6 string
        PortworxVolumeSource -- A volume of Portworx; deprecated.
          volumeID 1 string!
          fsType 2 string
          readOnly 3 bool
        ScaleIOVolumeSource -- A volume of ScaleIO; deprecated.
          gateway 1 string!
          system 2 string!
          secretRef 3 LocalObjectReference?!
          sslEnabled 4 bool
          protectionDomain 5 string
          storagePool 6 string
          storageMode 7 string
          volumeName 8 string
          fsType 9 string
          readOnly 10 bool
        StorageOSVolumeSource -- A volume of StorageOS; deprecated.
          volumeName 1 string
          volumeNamespace 2 string
          fsType 3 string
          readOnly 4 bool
          secretRef 5 LocalObjectReference?
        """)
}
