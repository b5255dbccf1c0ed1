extension SchemaTable {
    /// Events (core/v1).
    static let events = SchemaTable(
        group: "io.k8s.api.core.v1",
        """
        Event kind -- Something that has happened to an object; kept for a while.
          metadata 1 ObjectMeta! -- Name, labels and history.
          involvedObject 2 ObjectReference! -- What it happened to.
          reason 3 string -- Why, in one CamelCase word.
          message 4 string -- What happened, for people.
          source 5 EventSource -- Who says so.
          firstTimestamp 6 time -- When it first happened.
          lastTimestamp 7 time -- When it last happened.
          count 8 int32 -- How often it happened.
          type 9 string -- Normal or Warning.
          eventTime 10 microTime -- When it was first seen.
          series 11 EventSeries? -- That it goes on, and how often it has been seen.
          action 12 string -- What was done about it.
          related 13 ObjectReference? -- Another object that is concerned.
          reportingComponent 14 string -- Which controller says so.
          reportingInstance 15 string -- Which instance of the controller.
        EventSeries -- Events of the same kind, as one.
          count 1 int32 -- How many there have been.
          lastObservedTime 2 microTime -- When the last one was seen.
        EventSource -- Who reports an event.
          component 1 string -- The name of the component.
          host 2 string -- The node that it runs on.
        """)
}
