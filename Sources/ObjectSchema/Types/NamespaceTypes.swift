extension SchemaTable {
    /// Namespaces (core/v1).
    static let namespaces = SchemaTable(
        group: "io.k8s.api.core.v1",
        """
        Namespace kind -- A scope for the names of other objects.
          metadata 1 ObjectMeta -- Name, labels and history.
          spec 2 NamespaceSpec -- What is desired.
          status 3 NamespaceStatus -- What is the case; written by the server.
        NamespaceSpec -- What is desired of a Namespace.
          finalizers 1 [string] named=v1.FinalizerName -- Who has to agree before a deleted Namespace goes away.
        NamespaceStatus -- The state of a Namespace.
          phase 1 string named=v1.NamespacePhase -- Active, or Terminating once it is being deleted.
          conditions 2 [NamespaceCondition] merge=type keys=type -- What stands in the way of its end.
        NamespaceCondition -- One aspect of the state of a Namespace.
          type 1 string! named=v1.NamespaceConditionType -- The aspect, in CamelCase.
          status 2 string! named=v1.ConditionStatus -- True, False or Unknown.
          lastTransitionTime 4 time -- When the status last changed.
          reason 5 string -- Why, in one CamelCase word.
          message 6 string -- Why, for people.
        """)
}
