extension SchemaTable {
    /// What has become of a Pod (core/v1).
    static let podStatus = SchemaTable(
        group: "io.k8s.api.core.v1",
        """
        PodStatus -- What has become of a Pod.
          observedGeneration 17 int64 -- The generation of the Pod that this was found for.
          phase 1 string named=v1.PodPhase -- Pending, Running, Succeeded, Failed or Unknown.
          conditions 2 [PodCondition] merge=type keys=type -- Aspects of its state; Ready is the main one.
          message 3 string -- Why, for people.
          reason 4 string -- Why, in one CamelCase word.
          nominatedNodeName 11 string -- The node that others are being moved from for this Pod.
          hostIP 5 string -- The first address of its node.
          hostIPs 16 [HostIP] merge=ip -- The addresses of its node.
          podIP 6 string -- The first of its addresses.
          podIPs 12 [PodIP] merge=ip keys=ip -- Its addresses, one of each family.
          startTime 7 time? -- When the node took it on.
          initContainerStatuses 10 [ContainerStatus] -- What has become of the initContainers.
          containerStatuses 8 [ContainerStatus] -- What has become of the containers.
          qosClass 9 string named=v1.PodQOSClass
          -- Guaranteed, Burstable or BestEffort: who goes last when memory is short.
          ephemeralContainerStatuses 13 [ContainerStatus] -- What has become of the ephemeralContainers.
          resize 14 string named=v1.PodResizeStatus -- No longer used; see conditions.
          resourceClaimStatuses 15 [PodResourceClaimStatus] mergeRetainingKeys=name keys=name
          -- The ResourceClaims made from templates.
          extendedResourceClaimStatus 18 PodExtendedResourceClaimStatus?
          -- The ResourceClaim made for extended resources.
          allocatedResources 19 {quantity} -- What the node has set aside for the Pod.
          resources 20 ResourceRequirements? -- What is in force for the Pod as a whole.
          nodeAllocatableResourceClaimStatuses 21 [NodeAllocatableResourceClaimStatus]
          -- Resources of the node that claims have taken.
        PodCondition -- One aspect of the state of a Pod.
          type 1 string! named=v1.PodConditionType -- The aspect, in CamelCase.
          observedGeneration 7 int64 -- The generation of the Pod that this was found for.
          status 2 string! named=v1.ConditionStatus -- True, False or Unknown.
          lastProbeTime 3 time -- When this was last looked at.
          lastTransitionTime 4 time -- When the status last changed.
          reason 5 string -- Why, in one CamelCase word.
          message 6 string -- Why, for people.
        HostIP -- An address of a node.
          ip 1 string! -- The address.
        PodIP -- An address of a Pod.
          ip 1 string! -- The address.
        PodResourceClaimStatus -- The ResourceClaim made for a claim of a Pod.
          name 1 string! -- The name of the claim within the Pod.
          resourceClaimName 2 string? -- The ResourceClaim.
        PodExtendedResourceClaimStatus -- The ResourceClaim made for extended resources of a Pod.
          requestMappings 1 [ContainerExtendedResourceRequest]!
          resourceClaimName 2 string!
        ContainerExtendedResourceRequest -- A request of a container for an extended resource.
          containerName 1 string!
          resourceName 2 string!
          requestName 3 string!
        NodeAllocatableResourceClaimStatus -- Resources of the node that one claim has taken.
          resourceClaimName 1 string!
          containers 2 [string] set
          resources 3 {quantity}!
        """)
}
