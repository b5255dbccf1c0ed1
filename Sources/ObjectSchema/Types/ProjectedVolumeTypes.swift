extension SchemaTable {
    /// Volumes put together from several sources (core/v1).
    static let projectedVolumes = SchemaTable(
        group: "io.k8s.api.core.v1",
        """
        ProjectedVolumeSource -- Several sources in one folder.
          sources 1 [VolumeProjection] -- The sources.
          defaultMode 2 int32? -- Permissions of the files.
        VolumeProjection -- One source of a folder.
          secret 1 SecretProjection? -- A Secret.
          downwardAPI 2 DownwardAPIProjection? -- What the Pod says of itself.
          configMap 3 ConfigMapProjection? -- A ConfigMap.
          serviceAccountToken 4 ServiceAccountTokenProjection? -- A token of the ServiceAccount.
          clusterTrustBundle 5 ClusterTrustBundleProjection? -- Certificates that are trusted.
          podCertificate 6 PodCertificateProjection? -- A key and certificate of the Pod's own.
        SecretProjection -- A Secret among other sources.
          inline 1 LocalObjectReference
          items 2 [KeyToPath] -- Keys and their files; all keys where nothing is said.
          optional 4 bool? -- Whether it may be missing.
        ConfigMapProjection -- A ConfigMap among other sources.
          inline 1 LocalObjectReference
          items 2 [KeyToPath] -- Keys and their files; all keys where nothing is said.
          optional 4 bool? -- Whether it may be missing.
        DownwardAPIProjection -- What a Pod says of itself, among other sources.
          items 1 [DownwardAPIVolumeFile] -- The files.
        ServiceAccountTokenProjection -- A token of the ServiceAccount, renewed in time.
          audience 1 string -- Who the token is for.
          expirationSeconds 2 int64? -- How long it is valid, in seconds.
          path 3 string! -- The path of the file, below the volume's own.
        ClusterTrustBundleProjection -- Certificates that are trusted.
          name 1 string? -- One bundle, by its name.
          signerName 2 string? -- All bundles of a signer.
          labelSelector 3 LabelSelector? -- Which bundles of the signer.
          optional 5 bool? -- Whether they may be missing.
          path 4 string! -- The path of the file, below the volume's own.
        PodCertificateProjection -- A key and certificate of the Pod's own, renewed in time.
          signerName 1 string! -- Who signs the certificate.
          keyType 2 string! -- The kind of key, as ECDSAP256.
          maxExpirationSeconds 3 int32? -- How long the certificate may be valid, in seconds.
          credentialBundlePath 4 string -- The file for key and certificates together.
          keyPath 5 string -- The file for the key.
          certificateChainPath 6 string -- The file for the certificates.
          userAnnotations 7 {string} -- What else the signer is told.
        """)
}
