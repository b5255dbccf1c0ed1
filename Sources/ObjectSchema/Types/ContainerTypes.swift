extension SchemaTable {
    /// Containers (core/v1).
    static let containers = SchemaTable(
        group: "io.k8s.api.core.v1",
        """
        Container -- One container of a Pod.
          name 1 string! -- The name, unique in the Pod.
          image 2 string -- The image to run.
          command 3 [string] -- What to run instead of the image's entry point.
          args 4 [string] -- Arguments instead of the image's own.
          workingDir 5 string -- Where to run it.
          ports 6 [ContainerPort] merge=containerPort keys=containerPort,protocol
          -- Ports that the container listens on; others are open as well.
          envFrom 19 [EnvFromSource] -- Where environment variables come from as a whole.
          env 7 [EnvVar] merge=name keys=name -- Environment variables.
          resources 8 ResourceRequirements -- What the container needs, and what it may use.
          resizePolicy 23 [ContainerResizePolicy] -- Whether the container starts anew when its resources change.
          restartPolicy 24 string? named=v1.ContainerRestartPolicy
          -- Always makes an init container run on beside the others; otherwise as the Pod's.
          restartPolicyRules 25 [ContainerRestartRule] -- When the container starts again, by its exit code.
          volumeMounts 9 [VolumeMount] merge=mountPath keys=mountPath -- Where volumes are mounted.
          volumeDevices 21 [VolumeDevice] merge=devicePath keys=devicePath -- Where volumes are found as devices.
          livenessProbe 10 Probe? -- Starts the container anew when it fails.
          readinessProbe 11 Probe? -- Keeps traffic away while it fails.
          startupProbe 22 Probe? -- Holds the other probes back until it succeeds.
          lifecycle 12 Lifecycle? -- What to do after the start and before the end.
          terminationMessagePath 13 string -- The file that a container leaves its last words in.
          terminationMessagePolicy 20 string named=v1.TerminationMessagePolicy
          -- File, or FallbackToLogsOnError to take the end of the log.
          imagePullPolicy 14 string named=v1.PullPolicy -- Always, IfNotPresent or Never: when the image is fetched.
          securityContext 15 SecurityContext? -- Rights of the container.
          stdin 16 bool -- Whether standard input stays open.
          stdinOnce 17 bool -- Whether standard input is closed after the first client.
          tty 18 bool -- Whether there is a terminal.
        EphemeralContainer -- A container added to a running Pod, to look into it.
          inline 1 Container
          targetContainerName 2 string -- The container whose processes it sees.
        ContainerPort -- A port that a container listens on.
          name 1 string -- The name, unique in the Pod; Services may refer to it.
          hostPort 2 int32 -- The port of the node that leads here.
          containerPort 3 int32! -- The number.
          protocol 4 string named=v1.Protocol -- TCP, UDP or SCTP; TCP where nothing is said.
          hostIP 5 string -- The address of the node for hostPort.
        ContainerResizePolicy -- What a change of one resource means.
          resourceName 1 string! named=v1.ResourceName -- The resource.
          restartPolicy 2 string! named=v1.ResourceResizeRestartPolicy -- NotRequired or RestartContainer.
        ContainerRestartRule -- When a container starts again.
          action 1 string! named=v1.ContainerRestartRuleAction -- Restart or RestartAllContainers.
          exitCodes 2 ContainerRestartRuleOnExitCodes? -- The exit codes that the rule is for.
        ContainerRestartRuleOnExitCodes -- Exit codes.
          operator 1 string! named=v1.ContainerRestartRuleOnExitCodesOperator -- In or NotIn.
          values 2 [int32] set -- The codes.
        VolumeMount -- Where a volume is mounted.
          name 1 string! -- The name of the volume.
          readOnly 2 bool -- Whether it cannot be written.
          recursiveReadOnly 7 string? named=v1.RecursiveReadOnlyMode
          -- Disabled, IfPossible or Enabled: whether readOnly goes for what is mounted below.
          mountPath 3 string! -- The path in the container.
          subPath 4 string -- The path in the volume.
          mountPropagation 5 string? named=v1.MountPropagationMode
          -- None, HostToContainer or Bidirectional: whether mounts made later are seen.
          subPathExpr 6 string -- The path in the volume, with environment variables expanded.
        VolumeDevice -- Where a volume is found as a device.
          name 1 string! -- The name of the volume.
          devicePath 2 string! -- The path in the container.
        ResourceRequirements -- What is needed, and what may be used.
          limits 1 {quantity} -- The most of each resource that may be used.
          requests 2 {quantity} -- How much of each resource is needed.
          claims 3 [ResourceClaim] keys=name -- Claims of the Pod for devices that are used.
        ResourceClaim -- A claim of the Pod that a container uses.
          name 1 string! -- The name of the claim within the Pod.
          request 2 string -- One request of the claim; all of them where it is empty.
        """)
}
