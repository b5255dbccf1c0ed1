extension SchemaTable {
    /// Environment variables of containers (core/v1).
    static let environment = SchemaTable(
        group: "io.k8s.api.core.v1",
        """
        EnvVar -- An environment variable.
          name 1 string! -- Its name.
          value 2 string -- Its value; $(NAME) stands for the value of another.
          valueFrom 3 EnvVarSource? -- Where the value comes from.
        EnvVarSource -- Where the value of an environment variable comes from.
          fieldRef 1 ObjectFieldSelector? -- A field of the Pod.
          resourceFieldRef 2 ResourceFieldSelector? -- A resource of a container.
          configMapKeyRef 3 ConfigMapKeySelector? -- A key of a ConfigMap.
          secretKeyRef 4 SecretKeySelector? -- A key of a Secret.
          fileKeyRef 5 FileKeySelector? -- A key of a file in a volume.
        EnvFromSource -- Where environment variables come from as a whole.
          prefix 1 string -- Stands before each name.
          configMapRef 2 ConfigMapEnvSource? -- A ConfigMap.
          secretRef 3 SecretEnvSource? -- A Secret.
        ConfigMapEnvSource -- A ConfigMap as environment variables.
          inline 1 LocalObjectReference
          optional 2 bool? -- Whether it may be missing.
        SecretEnvSource -- A Secret as environment variables.
          inline 1 LocalObjectReference
          optional 2 bool? -- Whether it may be missing.
        ConfigMapKeySelector atomic -- A key of a ConfigMap.
          inline 1 LocalObjectReference
          key 2 string! -- The key.
          optional 3 bool? -- Whether it may be missing.
        SecretKeySelector atomic -- A key of a Secret.
          inline 1 LocalObjectReference
          key 2 string! -- The key.
          optional 3 bool? -- Whether it may be missing.
        FileKeySelector atomic -- A key of a file with environment variables.
          volumeName 1 string! -- The volume that the file is in.
          path 2 string! -- The path in the volume.
          key 3 string! -- The key.
          optional 4 bool? -- Whether it may be missing.
        ObjectFieldSelector atomic -- A field of a Pod.
          apiVersion 1 string -- The version that the path belongs to; v1 where nothing is said.
          fieldPath 2 string! -- The path, as metadata.name.
        ResourceFieldSelector atomic -- A resource of a container.
          containerName 1 string -- The container.
          resource 2 string! -- The resource, as limits.cpu.
          divisor 3 quantity -- The unit to count in.
        """)
}
