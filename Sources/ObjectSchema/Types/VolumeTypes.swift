extension SchemaTable {
    /// Volumes of Pods (core/v1).
    static let volumes = SchemaTable(
        group: "io.k8s.api.core.v1",
        """
        Volume -- A volume of a Pod.
          name 1 string! -- The name, unique in the Pod.
          inline 2 VolumeSource
        VolumeSource -- What a volume is; one of many.
          hostPath 1 HostPathVolumeSource? -- A file or folder of the node.
          emptyDir 2 EmptyDirVolumeSource? -- An empty folder, for as long as the Pod is there.
          gcePersistentDisk 3 GCEPersistentDiskVolumeSource? -- A disk of Google's cloud; deprecated.
          awsElasticBlockStore 4 AWSElasticBlockStoreVolumeSource? -- A disk of Amazon's cloud; deprecated.
          gitRepo 5 GitRepoVolumeSource? -- A copy of a git repository; deprecated.
          secret 6 SecretVolumeSource? -- A Secret as files.
          nfs 7 NFSVolumeSource? -- A folder served by NFS.
          iscsi 8 ISCSIVolumeSource? -- A disk reached by iSCSI.
          glusterfs 9 GlusterfsVolumeSource? -- A volume of GlusterFS; deprecated.
          persistentVolumeClaim 10 PersistentVolumeClaimVolumeSource? -- A PersistentVolumeClaim of the Namespace.
          rbd 11 RBDVolumeSource? -- A disk of Ceph; deprecated.
          flexVolume 12 FlexVolumeSource? -- A volume of a FlexVolume driver; deprecated.
          cinder 13 CinderVolumeSource? -- A disk of OpenStack; deprecated.
          cephfs 14 CephFSVolumeSource? -- A file system of Ceph; deprecated.
          flocker 15 FlockerVolumeSource? -- A volume of Flocker; deprecated.
          downwardAPI 16 DownwardAPIVolumeSource? -- What the Pod says of itself, as files.
          fc 17 FCVolumeSource? -- A disk reached by Fibre Channel.
          azureFile 18 AzureFileVolumeSource? -- A share of Microsoft's cloud; deprecated.
          configMap 19 ConfigMapVolumeSource? -- A ConfigMap as files.
          vsphereVolume 20 VsphereVirtualDiskVolumeSource? -- A disk of vSphere; deprecated.
          quobyte 21 QuobyteVolumeSource? -- A volume of Quobyte; deprecated.
          azureDisk 22 AzureDiskVolumeSource? -- A disk of Microsoft's cloud; deprecated.
          photonPersistentDisk 23 PhotonPersistentDiskVolumeSource? -- A disk of Photon; deprecated.
          projected 26 ProjectedVolumeSource? -- Several sources in one folder.
          portworxVolume 24 PortworxVolumeSource? -- A volume of Portworx; deprecated.
          scaleIO 25 ScaleIOVolumeSource? -- A volume of ScaleIO; deprecated.
          storageos 27 StorageOSVolumeSource? -- A volume of StorageOS; deprecated.
          csi 28 CSIVolumeSource? -- A volume of a CSI driver, for as long as the Pod is there.
          ephemeral 29 EphemeralVolumeSource? -- A PersistentVolumeClaim that comes and goes with the Pod.
          image 30 ImageVolumeSource? -- The files of a container image.
        HostPathVolumeSource -- A file or folder of the node.
          path 1 string! -- Its path.
          type 2 string? named=v1.HostPathType
          -- What must be there, as Directory or FileOrCreate; anything where nothing is said.
        EmptyDirVolumeSource -- An empty folder, for as long as the Pod is there.
          medium 1 string named=v1.StorageMedium -- Memory keeps it in memory; otherwise it is on disk.
          sizeLimit 2 quantity? -- How large it may grow.
        SecretVolumeSource -- A Secret as files.
          secretName 1 string -- The name of the Secret.
          items 2 [KeyToPath] -- Keys and their files; all keys where nothing is said.
          defaultMode 3 int32? -- Permissions of the files.
          optional 4 bool? -- Whether it may be missing.
        ConfigMapVolumeSource -- A ConfigMap as files.
          inline 1 LocalObjectReference
          items 2 [KeyToPath] -- Keys and their files; all keys where nothing is said.
          defaultMode 3 int32? -- Permissions of the files.
          optional 4 bool? -- Whether it may be missing.
        KeyToPath -- A key and its file.
          key 1 string! -- The key.
          path 2 string! -- The path of the file, below the volume's own.
          mode 3 int32? -- Permissions of the file.
        DownwardAPIVolumeSource -- What a Pod says of itself, as files.
          items 1 [DownwardAPIVolumeFile] -- The files.
          defaultMode 2 int32? -- Permissions of the files.
        DownwardAPIVolumeFile -- A file with what a Pod says of itself.
          path 1 string! -- The path of the file, below the volume's own.
          fieldRef 2 ObjectFieldSelector? -- A field of the Pod.
          resourceFieldRef 3 ResourceFieldSelector? -- A resource of a container.
          mode 4 int32? -- Permissions of the file.
        PersistentVolumeClaimVolumeSource -- A PersistentVolumeClaim as a volume.
          claimName 1 string! -- Its name.
          readOnly 2 bool -- Whether it cannot be written.
        CSIVolumeSource -- A volume of a CSI driver, for as long as the Pod is there.
          driver 1 string! -- The name of the driver.
          readOnly 2 bool? -- Whether it cannot be written.
          fsType 3 string? -- The type of file system.
          volumeAttributes 4 {string} -- What the driver needs to know.
          nodePublishSecretRef 5 LocalObjectReference? -- A Secret for the driver.
        EphemeralVolumeSource -- A PersistentVolumeClaim that comes and goes with the Pod.
          volumeClaimTemplate 1 PersistentVolumeClaimTemplate? -- What the claim is to be.
        PersistentVolumeClaimTemplate -- What a PersistentVolumeClaim is to be.
          metadata 1 ObjectMeta -- Labels and annotations of the claim.
          spec 2 PersistentVolumeClaimSpec! -- What is claimed.
        PersistentVolumeClaimSpec -- A claim for storage.
          accessModes 1 [string] named=v1.PersistentVolumeAccessMode
          -- ReadWriteOnce, ReadOnlyMany, ReadWriteMany or ReadWriteOncePod.
          selector 4 LabelSelector? -- Which volumes will do, by their labels.
          resources 2 VolumeResourceRequirements -- How much is needed.
          volumeName 3 string -- The volume itself.
          storageClassName 5 string? -- The class of storage.
          volumeMode 6 string? named=v1.PersistentVolumeMode -- Filesystem or Block.
          dataSource 7 TypedLocalObjectReference? -- What the volume begins as.
          dataSourceRef 8 TypedObjectReference? -- What the volume begins as, of any kind.
          volumeAttributesClassName 9 string? -- The class of attributes.
        VolumeResourceRequirements -- How much storage is needed.
          limits 1 {quantity} -- The most of each resource.
          requests 2 {quantity} -- How much of each resource is needed.
        TypedLocalObjectReference atomic -- Points to an object of any kind in the same Namespace.
          apiGroup 1 string? -- The group of its kind.
          kind 2 string! -- Its kind.
          name 3 string! -- Its name.
        TypedObjectReference -- Points to an object of any kind.
          apiGroup 1 string? -- The group of its kind.
          kind 2 string! -- Its kind.
          name 3 string! -- Its name.
          namespace 4 string? -- Its Namespace.
        ImageVolumeSource -- The files of a container image as a volume.
          reference 1 string -- The image.
          pullPolicy 2 string named=v1.PullPolicy -- Always, IfNotPresent or Never: when the image is fetched.
        GitRepoVolumeSource -- A copy of a git repository; deprecated.
          repository 1 string! -- Where it is.
          revision 2 string -- The commit.
          directory 3 string -- The folder to put it into.
        """)
}
