extension SchemaTable {
    /// Which node a Pod may run on (core/v1).
    static let scheduling = SchemaTable(
        group: "io.k8s.api.core.v1",
        """
        Affinity -- Which nodes and which neighbours a Pod wants.
          nodeAffinity 1 NodeAffinity? -- Which nodes.
          podAffinity 2 PodAffinity? -- Which Pods to be near.
          podAntiAffinity 3 PodAntiAffinity? -- Which Pods to be away from.
        NodeAffinity -- Which nodes a Pod wants.
          requiredDuringSchedulingIgnoredDuringExecution 1 NodeSelector? -- What a node must be.
          preferredDuringSchedulingIgnoredDuringExecution 2 [PreferredSchedulingTerm]
          -- What a node should be; the weights of what is met are added up.
        NodeSelector atomic -- Nodes that meet one of several terms.
          nodeSelectorTerms 1 [NodeSelectorTerm]! -- The terms.
        NodeSelectorTerm atomic -- Requirements that are all to be met.
          matchExpressions 1 [NodeSelectorRequirement] -- What labels must be.
          matchFields 2 [NodeSelectorRequirement] -- What fields must be.
        NodeSelectorRequirement -- What one label or field must be.
          key 1 string! -- Its name.
          operator 2 string! named=v1.NodeSelectorOperator -- In, NotIn, Exists, DoesNotExist, Gt or Lt.
          values 3 [string] -- The values to compare with.
        PreferredSchedulingTerm -- A wish, and how much it weighs.
          weight 1 int32! -- From 1 to 100.
          preference 2 NodeSelectorTerm! -- The wish.
        PodAffinity -- Which Pods to be near.
          requiredDuringSchedulingIgnoredDuringExecution 1 [PodAffinityTerm] -- What must be met.
          preferredDuringSchedulingIgnoredDuringExecution 2 [WeightedPodAffinityTerm]
          -- What should be met; the weights are added up.
        PodAntiAffinity -- Which Pods to be away from.
          requiredDuringSchedulingIgnoredDuringExecution 1 [PodAffinityTerm] -- What must be met.
          preferredDuringSchedulingIgnoredDuringExecution 2 [WeightedPodAffinityTerm]
          -- What should be met; the weights are added up.
        PodAffinityTerm -- Pods to be near to, or away from.
          labelSelector 1 LabelSelector? -- Which Pods, by their labels.
          namespaces 2 [string] -- In which Namespaces.
          topologyKey 3 string! -- The label of nodes that says what is near: nodes with the same value are.
          namespaceSelector 4 LabelSelector? -- In which Namespaces, by their labels.
          matchLabelKeys 5 [string] -- Labels in which the Pods must be as this one.
          mismatchLabelKeys 6 [string] -- Labels in which the Pods must differ from this one.
        WeightedPodAffinityTerm -- A wish for neighbours, and how much it weighs.
          weight 1 int32! -- From 1 to 100.
          podAffinityTerm 2 PodAffinityTerm! -- The wish.
        Toleration -- Taints that a Pod puts up with.
          key 1 string -- The name of the taint; all taints where it is empty.
          operator 2 string named=v1.TolerationOperator -- Exists, Equal, Lt or Gt; Equal where nothing is said.
          value 3 string -- The value to compare with.
          effect 4 string named=v1.TaintEffect -- The effect of the taint; every one where it is empty.
          tolerationSeconds 5 int64? -- How long the Pod may stay, for NoExecute.
        TopologySpreadConstraint -- How evenly Pods are to be spread.
          maxSkew 1 int32! -- By how many Pods two places may differ.
          topologyKey 2 string! -- The label of nodes that says what one place is.
          whenUnsatisfiable 3 string! named=v1.UnsatisfiableConstraintAction -- DoNotSchedule or ScheduleAnyway.
          labelSelector 4 LabelSelector? -- Which Pods are counted.
          minDomains 5 int32? -- How many places there must be.
          nodeAffinityPolicy 6 string? named=v1.NodeInclusionPolicy
          -- Honor or Ignore: whether nodes that the Pod does not want are counted.
          nodeTaintsPolicy 7 string? named=v1.NodeInclusionPolicy
          -- Honor or Ignore: whether nodes with taints are counted.
          matchLabelKeys 8 [string] -- Labels in which Pods must be as this one to be counted.
        """)
}
