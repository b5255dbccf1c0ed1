extension SchemaTable {
    /// Nodes (core/v1).
    static let nodes = SchemaTable(
        group: "io.k8s.api.core.v1",
        """
        Node kind -- A machine that Pods run on.
          metadata 1 ObjectMeta -- Name, labels and history.
          spec 2 NodeSpec -- What is desired.
          status 3 NodeStatus -- What is the case; written by the node.
        NodeSpec -- What is desired of a node.
          podCIDR 1 string -- The range for addresses of Pods.
          podCIDRs 7 [string] merge set -- The ranges for addresses of Pods, one of each family.
          providerID 3 string -- What the cloud calls the machine.
          unschedulable 4 bool -- Whether new Pods stay away.
          taints 5 [Taint] -- What Pods must tolerate to be placed here.
          configSource 6 NodeConfigSource? -- No longer used.
          externalID 2 string -- No longer used.
        Taint -- Keeps Pods away that do not tolerate it.
          key 1 string! -- The name of the taint.
          value 2 string -- The value of the taint.
          effect 3 string! named=v1.TaintEffect -- NoSchedule, PreferNoSchedule or NoExecute.
          timeAdded 4 time? -- When it was set.
        NodeConfigSource -- No longer used.
          configMap 2 ConfigMapNodeConfigSource? -- No longer used.
        ConfigMapNodeConfigSource -- No longer used.
          namespace 1 string!
          name 2 string!
          uid 3 string named=types.UID
          resourceVersion 4 string
          kubeletConfigKey 5 string!
        NodeStatus -- What is the case for a node.
          capacity 1 {quantity} -- All that the machine has.
          allocatable 2 {quantity} -- What is there for Pods.
          phase 3 string named=v1.NodePhase -- No longer used.
          conditions 4 [NodeCondition] merge=type keys=type -- Aspects of its state; Ready is the main one.
          addresses 5 [NodeAddress] merge=type keys=type -- Addresses and names of the node.
          daemonEndpoints 6 NodeDaemonEndpoints -- Ports of the node's own services.
          nodeInfo 7 NodeSystemInfo -- What machine and software it is.
          images 8 [ContainerImage] -- Container images that are there.
          volumesInUse 9 [string] named=v1.UniqueVolumeName -- Volumes that are mounted.
          volumesAttached 10 [AttachedVolume] -- Volumes that are attached.
          config 11 NodeConfigStatus? -- No longer used.
          runtimeHandlers 12 [NodeRuntimeHandler] -- The runtimes for containers.
          features 13 NodeFeatures? -- What the runtime can do.
          declaredFeatures 14 [string] -- Features of Kubernetes that the node offers.
        NodeCondition -- One aspect of the state of a node.
          type 1 string! named=v1.NodeConditionType -- The aspect, in CamelCase.
          status 2 string! named=v1.ConditionStatus -- True, False or Unknown.
          lastHeartbeatTime 3 time -- When this was last found.
          lastTransitionTime 4 time -- When the status last changed.
          reason 5 string -- Why, in one CamelCase word.
          message 6 string -- Why, for people.
        NodeAddress -- An address or a name of a node.
          type 1 string! named=v1.NodeAddressType -- Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS.
          address 2 string! -- The address or name.
        NodeDaemonEndpoints -- Ports of a node's own services.
          kubeletEndpoint 1 DaemonEndpoint -- Where its kubelet listens.
        DaemonEndpoint -- Where a service of a node listens.
          Port 1 int32! -- The number of the port.
        NodeSystemInfo -- What machine and software a node is.
          machineID 1 string! -- The identity of the installation.
          systemUUID 2 string! -- The identity of the hardware.
          bootID 3 string! -- The identity of the present boot.
          kernelVersion 4 string! -- The version of the kernel.
          osImage 5 string! -- The name of the operating system.
          containerRuntimeVersion 6 string! -- The runtime for containers, and its version.
          kubeletVersion 7 string! -- The version of the kubelet.
          kubeProxyVersion 8 string! -- No longer used.
          operatingSystem 9 string! -- linux or windows.
          architecture 10 string! -- The processor, as amd64.
          swap 11 NodeSwapStatus? -- Swap memory.
        NodeSwapStatus -- Swap memory of a node.
          capacity 1 int64? -- How much there is, in bytes.
        ContainerImage -- A container image on a node.
          names 1 [string] -- The names that it is known by.
          sizeBytes 2 int64 -- Its size in bytes.
        AttachedVolume -- A volume that is attached to a node.
          name 1 string! named=v1.UniqueVolumeName -- The name of the volume.
          devicePath 2 string! -- Where it is.
        NodeConfigStatus -- No longer used.
          assigned 1 NodeConfigSource?
          active 2 NodeConfigSource?
          lastKnownGood 3 NodeConfigSource?
          error 4 string
        NodeRuntimeHandler -- A runtime for containers.
          name 1 string -- Its name; empty for the default.
          features 2 NodeRuntimeHandlerFeatures? -- What it can do.
        NodeRuntimeHandlerFeatures -- What a runtime for containers can do.
          recursiveReadOnlyMounts 1 bool? -- Whether it mounts whole trees read-only.
          userNamespaces 2 bool? -- Whether it gives containers users of their own.
        NodeFeatures -- What all runtimes of a node can do.
          supplementalGroupsPolicy 1 bool? -- Whether supplementalGroupsPolicy is kept to.
        """)
}
