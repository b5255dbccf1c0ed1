extension SchemaTable {
    /// What has become of containers (core/v1).
    static let containerStatus = SchemaTable(
        group: "io.k8s.api.core.v1",
        """
        ContainerStatus -- What has become of a container.
          name 1 string! -- The name of the container.
          state 2 ContainerState -- How it is.
          lastState 3 ContainerState -- How it was before it started anew.
          ready 4 bool! -- Whether it takes traffic.
          restartCount 5 int32! -- How often it has started anew.
          image 6 string! -- The image that runs.
          imageID 7 string! -- The identity of the image.
          containerID 8 string -- The identity that the runtime gave, as containerd://ID.
          started 9 bool? -- Whether it has started, by its startup probe.
          allocatedResources 10 {quantity} -- What the node has set aside for it.
          resources 11 ResourceRequirements? -- What is in force.
          volumeMounts 12 [VolumeMountStatus] merge=mountPath keys=mountPath -- What has become of its mounts.
          user 13 ContainerUser? -- The user that it began as.
          allocatedResourcesStatus 14 [ResourceStatus] merge=name keys=name -- How the devices are that it uses.
          stopSignal 15 string? named=v1.Signal -- The signal that ends it.
        ContainerState -- How a container is; one of three.
          waiting 1 ContainerStateWaiting? -- It does not run yet.
          running 2 ContainerStateRunning? -- It runs.
          terminated 3 ContainerStateTerminated? -- It has ended.
        ContainerStateWaiting -- A container that does not run yet.
          reason 1 string -- Why, in one CamelCase word.
          message 2 string -- Why, for people.
        ContainerStateRunning -- A container that runs.
          startedAt 1 time -- Since when.
        ContainerStateTerminated -- A container that has ended.
          exitCode 1 int32! -- Its exit code.
          signal 2 int32 -- The signal that ended it.
          reason 3 string -- Why, in one CamelCase word.
          message 4 string -- Why, for people.
          startedAt 5 time -- When it started.
          finishedAt 6 time -- When it ended.
          containerID 7 string -- The identity that the runtime gave.
        ContainerUser -- The user that a container began as.
          linux 1 LinuxContainerUser? -- On Linux.
        LinuxContainerUser -- The user that a container began as, on Linux.
          uid 1 int64! -- The user's number.
          gid 2 int64! -- The group's number.
          supplementalGroups 3 [int64] -- Further groups.
        VolumeMountStatus -- What has become of a mount.
          name 1 string! -- The name of the volume.
          mountPath 2 string! -- The path in the container.
          readOnly 3 bool -- Whether it cannot be written.
          recursiveReadOnly 4 string? named=v1.RecursiveReadOnlyMode -- Whether that goes for what is mounted below.
          volumeStatus 5 VolumeStatus? -- What has become of the volume.
        VolumeStatus -- What has become of a volume.
          image 1 ImageVolumeStatus? -- Of one that is an image.
        ImageVolumeStatus -- What has become of a volume that is an image.
          imageRef 1 string! -- The image with its digest.
        ResourceStatus -- How devices are.
          name 1 string! named=v1.ResourceName -- The resource.
          resources 2 [ResourceHealth] keys=resourceID -- The devices.
        ResourceHealth -- How one device is.
          resourceID 1 string! named=v1.ResourceID -- The device.
          health 2 string named=v1.ResourceHealthStatus -- Healthy, Unhealthy or Unknown.
          message 6 string? -- Why, for people.
        """)
}
