extension SchemaTable {
    /// Probes and hooks of containers (core/v1).
    static let probes = SchemaTable(
        group: "io.k8s.api.core.v1",
        """
        Probe -- Finds out how a container is.
          inline 1 ProbeHandler
          initialDelaySeconds 2 int32 -- Seconds after the start before it begins.
          timeoutSeconds 3 int32 -- Seconds that an answer may take; 1 where nothing is said.
          periodSeconds 4 int32 -- Seconds between attempts; 10 where nothing is said.
          successThreshold 5 int32 -- Successes in a row that are needed after a failure; 1 where nothing is said.
          failureThreshold 6 int32 -- Failures in a row that make a failure; 3 where nothing is said.
          terminationGracePeriodSeconds 7 int64? -- Seconds that the container is given to end when the probe fails.
        ProbeHandler -- What a probe does.
          exec 1 ExecAction? -- Runs a command in the container; 0 is success.
          httpGet 2 HTTPGetAction? -- Asks by HTTP; 200 to 399 is success.
          tcpSocket 3 TCPSocketAction? -- Opens a connection.
          grpc 4 GRPCAction? -- Asks by the health protocol of gRPC.
        Lifecycle -- What to do after the start of a container and before its end.
          postStart 1 LifecycleHandler? -- Done after the start; the container ends where it fails.
          preStop 2 LifecycleHandler? -- Done before the end.
          stopSignal 3 string? named=v1.Signal -- The signal that ends the container.
        LifecycleHandler -- What to do.
          exec 1 ExecAction? -- Runs a command in the container.
          httpGet 2 HTTPGetAction? -- Asks by HTTP.
          tcpSocket 3 TCPSocketAction? -- No longer used.
          sleep 4 SleepAction? -- Waits.
        ExecAction -- A command to run.
          command 1 [string] -- The program and its arguments; no shell is used.
        HTTPGetAction -- A request by HTTP.
          path 1 string -- The path to ask for.
          port 2 intOrString! -- The port, by its number or name.
          host 3 string -- The host; the Pod's address where nothing is said.
          scheme 4 string named=v1.URIScheme -- HTTP or HTTPS.
          httpHeaders 5 [HTTPHeader] -- Headers to send.
        HTTPHeader -- A header of HTTP.
          name 1 string! -- Its name.
          value 2 string! -- Its value.
        TCPSocketAction -- A connection by TCP.
          port 1 intOrString! -- The port, by its number or name.
          host 2 string -- The host; the Pod's address where nothing is said.
        GRPCAction -- A question by the health protocol of gRPC.
          port 1 int32! -- The number of the port.
          service 2 string? -- The service to ask for.
        SleepAction -- A while to wait.
          seconds 1 int64! -- How long.
        """)
}
