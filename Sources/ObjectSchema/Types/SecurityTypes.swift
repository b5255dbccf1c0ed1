extension SchemaTable {
    /// Rights of Pods and containers on their node (core/v1).
    static let security = SchemaTable(
        group: "io.k8s.api.core.v1",
        """
        PodSecurityContext -- Rights of all containers of a Pod.
          seLinuxOptions 1 SELinuxOptions? -- The context of SELinux.
          windowsOptions 8 WindowsSecurityContextOptions? -- Settings for Windows.
          runAsUser 2 int64? -- The number of the user to run as.
          runAsGroup 6 int64? -- The number of the group to run as.
          runAsNonRoot 3 bool? -- Whether running as root is refused.
          supplementalGroups 4 [int64] -- Further groups.
          supplementalGroupsPolicy 12 string? named=v1.SupplementalGroupsPolicy
          -- Merge or Strict: whether groups of the image count.
          fsGroup 5 int64? -- The group that owns volumes.
          sysctls 7 [Sysctl] -- Settings of the kernel.
          fsGroupChangePolicy 9 string? named=v1.PodFSGroupChangePolicy
          -- OnRootMismatch or Always: when the owner of files is changed.
          seccompProfile 10 SeccompProfile? -- Which system calls are allowed.
          appArmorProfile 11 AppArmorProfile? -- The profile of AppArmor.
          seLinuxChangePolicy 13 string? named=v1.PodSELinuxChangePolicy
          -- MountOption or Recursive: how volumes get the context of SELinux.
        SecurityContext -- Rights of one container; they go before those of the Pod.
          capabilities 1 Capabilities? -- Capabilities to add and to drop.
          privileged 2 bool? -- Whether it may do all that root on the node may.
          seLinuxOptions 3 SELinuxOptions? -- The context of SELinux.
          windowsOptions 10 WindowsSecurityContextOptions? -- Settings for Windows.
          runAsUser 4 int64? -- The number of the user to run as.
          runAsGroup 8 int64? -- The number of the group to run as.
          runAsNonRoot 5 bool? -- Whether running as root is refused.
          readOnlyRootFilesystem 6 bool? -- Whether its own files cannot be written.
          allowPrivilegeEscalation 7 bool? -- Whether a process may get more rights than its parent.
          procMount 9 string? named=v1.ProcMountType -- Default or Unmasked: how /proc is mounted.
          seccompProfile 11 SeccompProfile? -- Which system calls are allowed.
          appArmorProfile 12 AppArmorProfile? -- The profile of AppArmor.
        Capabilities -- Capabilities of Linux.
          add 1 [string] named=v1.Capability -- Those to add.
          drop 2 [string] named=v1.Capability -- Those to take away.
        SELinuxOptions -- A context of SELinux.
          user 1 string
          role 2 string
          type 3 string
          level 4 string
        WindowsSecurityContextOptions -- Settings for Windows.
          gmsaCredentialSpecName 1 string?
          gmsaCredentialSpec 2 string?
          runAsUserName 3 string?
          hostProcess 4 bool?
        SeccompProfile -- Which system calls are allowed.
          type 1 string! named=v1.SeccompProfileType -- Localhost, RuntimeDefault or Unconfined.
          localhostProfile 2 string? -- A file on the node, for Localhost.
        AppArmorProfile -- A profile of AppArmor.
          type 1 string! named=v1.AppArmorProfileType -- Localhost, RuntimeDefault or Unconfined.
          localhostProfile 2 string? -- A profile loaded on the node, for Localhost.
        Sysctl -- A setting of the kernel.
          name 1 string! -- Its name.
          value 2 string! -- Its value.
        """)
}
