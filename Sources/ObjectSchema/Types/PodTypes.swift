extension SchemaTable {
    /// Pods: what runs together on one node (core/v1).
    static let pods = SchemaTable(
        group: "io.k8s.api.core.v1",
        """
        Pod kind -- Containers that run together on one node and share its address.
          metadata 1 ObjectMeta -- Name, labels and history.
          spec 2 PodSpec -- What is to run, and how.
          status 3 PodStatus -- What is the case; written by the node.
        PodSpec -- What a Pod runs, and how.
          volumes 1 [Volume] mergeRetainingKeys=name keys=name -- Volumes that containers may mount.
          initContainers 20 [Container] merge=name keys=name
          -- Containers that run one after the other before the rest; those that always restart go on beside it.
          containers 2 [Container]! merge=name keys=name -- The containers; at least one.
          ephemeralContainers 34 [EphemeralContainer] merge=name keys=name
          -- Containers added to a running Pod, to look into it.
          restartPolicy 3 string named=v1.RestartPolicy
          -- Always, OnFailure or Never: when containers that have ended start again.
          terminationGracePeriodSeconds 4 int64?
          -- Seconds that containers are given to end after the first signal; 30 where nothing is said.
          activeDeadlineSeconds 5 int64? -- Seconds after which the Pod is ended.
          dnsPolicy 6 string named=v1.DNSPolicy
          -- ClusterFirst, ClusterFirstWithHostNet, Default or None: where names are looked up.
          nodeSelector 7 {string} atomic -- Labels that the node must have.
          serviceAccountName 8 string -- The ServiceAccount that the Pod acts as.
          serviceAccount 9 string -- The older name of serviceAccountName.
          automountServiceAccountToken 21 bool? -- Whether containers get a token of the ServiceAccount.
          nodeName 10 string -- The node that the Pod runs on; set by the scheduler where it is empty.
          hostNetwork 11 bool -- Whether the Pod uses the node's own network.
          hostPID 12 bool -- Whether the Pod sees the processes of the node.
          hostIPC 13 bool -- Whether the Pod shares inter-process communication with the node.
          shareProcessNamespace 27 bool? -- Whether the containers see each other's processes.
          securityContext 14 PodSecurityContext? -- Rights of all containers.
          imagePullSecrets 15 [LocalObjectReference] merge=name keys=name -- Secrets to fetch images with.
          hostname 16 string -- The host name; the name of the Pod where nothing is said.
          subdomain 17 string -- The name of a headless Service; below it the Pod has a name of its own in the DNS.
          affinity 18 Affinity? -- Which nodes and which neighbours are wanted.
          schedulerName 19 string -- Who chooses the node.
          tolerations 22 [Toleration] -- Taints of nodes that the Pod puts up with.
          hostAliases 23 [HostAlias] merge=ip keys=ip -- Further lines for the file of hosts.
          priorityClassName 24 string -- The class that the priority comes from.
          priority 25 int32? -- The higher, the sooner the Pod gets a node.
          dnsConfig 26 PodDNSConfig? -- Settings for looking up names, added to those of dnsPolicy.
          readinessGates 28 [PodReadinessGate]
          -- Conditions that must be True for the Pod to be ready, besides its containers.
          runtimeClassName 29 string? -- The class of runtime that runs the containers.
          enableServiceLinks 30 bool?
          -- Whether containers get environment variables for the Services of the Namespace; true where nothing is
          -- said.
          preemptionPolicy 31 string? named=v1.PreemptionPolicy
          -- PreemptLowerPriority or Never: whether lower Pods give way.
          overhead 32 {quantity} -- What the Pod itself takes, besides its containers.
          topologySpreadConstraints 33 [TopologySpreadConstraint] merge=topologyKey keys=topologyKey,whenUnsatisfiable
          -- How evenly Pods are to be spread over zones, nodes and the like.
          setHostnameAsFQDN 35 bool? -- Whether the host name is the full name in the DNS.
          os 36 PodOS? -- The operating system that the containers need.
          hostUsers 37 bool? -- Whether the Pod uses the node's own users; true where nothing is said.
          schedulingGates 38 [PodSchedulingGate] merge=name keys=name
          -- What must be taken away before the Pod gets a node.
          resourceClaims 39 [PodResourceClaim] mergeRetainingKeys=name keys=name
          -- Devices that must be there before the Pod starts.
          resources 40 ResourceRequirements? -- What the Pod needs and may use as a whole.
          hostnameOverride 41 string? -- The host name, whatever else is said.
          schedulingGroup 43 PodSchedulingGroup? -- The group that is scheduled together with the Pod.
        HostAlias -- A line for the file of hosts.
          ip 1 string! -- The address.
          hostnames 2 [string] -- Names for the address.
        PodDNSConfig -- How a Pod looks up names.
          nameservers 1 [string] -- Addresses of name servers.
          searches 2 [string] -- Domains to search.
          options 3 [PodDNSConfigOption] -- Options of the resolver.
        PodDNSConfigOption -- An option of the resolver.
          name 1 string -- The name of the option, as ndots.
          value 2 string? -- The value, where it has one.
        PodReadinessGate -- A condition that a Pod must meet to be ready.
          conditionType 1 string! named=v1.PodConditionType -- The type of the condition.
        PodOS -- The operating system of a Pod.
          name 1 string! named=v1.OSName -- linux or windows.
        PodSchedulingGate -- Keeps a Pod from getting a node.
          name 1 string! -- The name of the gate.
        PodResourceClaim -- A claim for devices.
          name 1 string! -- The name of the claim within the Pod.
          resourceClaimName 3 string? -- A ResourceClaim of the Namespace.
          resourceClaimTemplateName 4 string? -- The template that a ResourceClaim is made from.
        PodSchedulingGroup -- A group of Pods that are scheduled together.
          podGroupName 1 string? -- The name of the PodGroup.
        LocalObjectReference atomic -- Points to an object of the same Namespace.
          name 1 string -- Its name.
        """)
}
