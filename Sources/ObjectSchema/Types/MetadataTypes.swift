extension SchemaTable {
    /// What all objects share: names, labels, owners, conditions; and the options of a delete (meta/v1).
    static let metadata = SchemaTable(
        group: "io.k8s.apimachinery.pkg.apis.meta.v1",
        """
        ObjectMeta -- What every object has: its name, its labels, and the marks of its history.
          name 1 string -- The name, unique among objects of the kind in the Namespace; it never changes.
          generateName 2 string -- A beginning that the server completes to a name, where no name is given.
          namespace 3 string -- The Namespace that the object lives in; empty for kinds without one.
          selfLink 4 string -- No longer used.
          uid 5 string named=types.UID -- A value of the server's that no other object has had or will have.
          resourceVersion 6 string
          -- The version of the object, which changes with every write; a write that names an older one is refused.
          generation 7 int64 -- Counts the changes of what is desired.
          creationTimestamp 8 time -- When the server took the object in.
          deletionTimestamp 9 time?
          -- When the object is to be gone; set by the server on a delete that has to wait.
          deletionGracePeriodSeconds 10 int64? -- Seconds that a delete gives the object to end.
          labels 11 {string} -- Names and values to select objects by.
          annotations 12 {string} -- Names and values of any kind, for tools; nothing is selected by them.
          ownerReferences 13 [OwnerReference] merge=uid keys=uid
          -- Objects that this one depends on; it is removed when none of them is left.
          finalizers 14 [string] merge set -- Who has to agree before a deleted object goes away.
          managedFields 17 [ManagedFieldsEntry] -- Who has written which fields; kept by the server.
        OwnerReference atomic -- An object of the same Namespace, or without one, that another depends on.
          apiVersion 5 string! -- Group and version of the owner's kind.
          kind 1 string! -- The owner's kind.
          name 3 string! -- The owner's name.
          uid 4 string! named=types.UID -- The owner's UID; another object of the same name is not the owner.
          controller 6 bool? -- Whether the owner manages the dependent; one owner can.
          blockOwnerDeletion 7 bool?
          -- Whether the owner waits for the dependent when it is deleted in the foreground.
        ManagedFieldsEntry -- Fields that one manager has written by one kind of operation.
          manager 1 string -- Who wrote them.
          operation 2 string named=v1.ManagedFieldsOperationType -- Apply or Update.
          apiVersion 3 string -- The version that the names of the fields belong to.
          time 4 time? -- When the set of fields last changed.
          fieldsType 6 string -- The form of the set; FieldsV1.
          fieldsV1 7 any? -- The set of fields.
          subresource 8 string
          -- The part of the object that was written, such as status; empty for the object itself.
        ListMeta -- What a list says of itself.
          selfLink 1 string -- No longer used.
          resourceVersion 2 string -- The state of the registry that the list shows; a watch can start there.
          continue 3 string -- What to send to get the rest of a list with a limit.
          remainingItemCount 4 int64? -- How many objects are not in the list, where that is known.
        Condition -- One aspect of the state of an object.
          type 1 string! -- The aspect, in CamelCase.
          status 2 string! named=v1.ConditionStatus -- True, False or Unknown.
          observedGeneration 3 int64 -- The generation of the object that this was found for.
          lastTransitionTime 4 time! -- When the status last changed.
          reason 5 string! -- Why, in one CamelCase word.
          message 6 string! -- Why, for people.
        LabelSelector atomic
        -- Selects objects by their labels; all requirements have to be met, and without any all objects are.
          matchLabels 1 {string} -- Labels that must have these values.
          matchExpressions 2 [LabelSelectorRequirement] -- Further requirements.
        LabelSelectorRequirement -- What the label of one name must be.
          key 1 string! -- The name of the label.
          operator 2 string! named=v1.LabelSelectorOperator -- In, NotIn, Exists or DoesNotExist.
          values 3 [string] -- The values, for In and NotIn.
        DeleteOptions kind -- How an object is to be deleted.
          gracePeriodSeconds 1 int64? -- Seconds that the object is given to end; 0 is at once.
          preconditions 2 Preconditions? -- What must be true of the object.
          orphanDependents 3 bool? -- No longer used; see propagationPolicy.
          propagationPolicy 4 string? named=v1.DeletionPropagation
          -- What becomes of dependents: Orphan, Background or Foreground.
          dryRun 5 [string] -- All: goes through the whole of it, but deletes nothing.
          ignoreStoreReadErrorWithClusterBreakingPotential 6 bool?
          -- Deletes an object that cannot be read; not offered here.
        Preconditions -- What must be true of an object before it is deleted.
          uid 1 string? named=types.UID -- The UID it must have.
          resourceVersion 2 string? -- The version it must have.
        """)
}
