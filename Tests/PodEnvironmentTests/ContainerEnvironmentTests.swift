import PodEnvironment
import Registry
import Testing

@Suite("A container's environment (kubelet makeEnvironmentVariables)")
struct ContainerEnvironmentTests {
    private let services: [EnvironmentVariable] = [
        .ofService("WEB_SERVICE_HOST", "10.0.0.1"), .ofService("WEB_PORT", "tcp://10.0.0.1:80"),
        .ofService("DB_SERVICE_HOST", "10.0.0.2", "prod/db"),
    ]

    @Test("The user's own variables win, also over what they inherit")
    func precedence() throws {
        let environment = try ContainerEnvironment(
            definitions: [EnvironmentVariable("WEB_PORT", "mine"), EnvironmentVariable("HOME", "/own")],
            inherited: [
                EnvironmentVariable("HOME", "/root", origin: .inherited),
                EnvironmentVariable("DB_SERVICE_HOST", "inherited", origin: .inherited),
            ],
            services: services)
        #expect(
            lines(environment.variables) == [
                "DB_SERVICE_HOST=inherited", "WEB_PORT=mine", "HOME=/own", "WEB_SERVICE_HOST=10.0.0.1",
            ])
    }

    @Test("References see what came before, then Services, never what comes after")
    func references() throws {
        let environment = try ContainerEnvironment(
            definitions: [
                EnvironmentVariable("EARLY", "$(LATE) $(WEB_SERVICE_HOST)"), EnvironmentVariable("LATE", "$(EARLY)!"),
                EnvironmentVariable("WEB_SERVICE_HOST", "mine"), EnvironmentVariable("AFTER", "$(WEB_SERVICE_HOST)"),
                EnvironmentVariable("SELF", "$(SELF)"), EnvironmentVariable("FROM", "$(BASE)"),
                EnvironmentVariable("BASE", "$(BASE)2"), EnvironmentVariable("ESCAPED", "$$(BASE)"),
            ],
            inherited: [EnvironmentVariable("BASE", "1", origin: .inherited)],
            services: services)
        #expect(
            lines(environment.variables).prefix(8) == [
                "EARLY=$(LATE) 10.0.0.1", "LATE=$(LATE) 10.0.0.1!", "WEB_SERVICE_HOST=mine", "AFTER=mine",
                "SELF=$(SELF)", "FROM=1", "BASE=12", "ESCAPED=$(BASE)",
            ])
    }

    @Test("A name defined twice has its last value at its first place")
    func twice() throws {
        let environment = try ContainerEnvironment(
            definitions: [
                EnvironmentVariable("A", "1"), EnvironmentVariable("B", "$(A)"), EnvironmentVariable("A", "$(A)2"),
            ], services: [])
        #expect(lines(environment.variables) == ["A=12", "B=1"])
    }

    @Test("A prefix narrows what Services give, not what the user says nor what references see")
    func prefix() throws {
        let environment = try ContainerEnvironment(
            definitions: [EnvironmentVariable("URL", "$(DB_SERVICE_HOST)")], services: services)
        #expect(
            lines(environment.narrowed(toPrefix: "WEB_")) == [
                "URL=10.0.0.2", "WEB_SERVICE_HOST=10.0.0.1", "WEB_PORT=tcp://10.0.0.1:80",
            ])
        #expect(environment.narrowed(toPrefix: "") == environment.variables)
    }

    @Test(
        "Assignments as a user writes them",
        arguments: [
            ("A=b", "A", "b"), ("A=", "A", ""), ("A=b=c", "A", "b=c"), ("a b.c-d=1", "a b.c-d", "1"),
            ("A=\n", "A", "\n"), ("A=\r\n=", "A", "\r\n="),
        ])
    func assignments(_ text: String, _ name: String, _ value: String) throws {
        let variable = try EnvironmentVariable(assignment: text)
        #expect(variable.name == name)
        #expect(Array(variable.value.utf8) == Array(value.utf8))
    }

    @Test(
        "Assignments that are refused",
        arguments: [
            ("A", PodEnvironmentError.notAnAssignment("A")), ("", .notAnAssignment("")), ("=x", .invalidName("")),
            ("Ä=x", .invalidName("Ä")), ("A\t=x", .invalidName("A\t")), ("A=\0", .valueHoldsNUL(name: "A")),
        ])
    func refusedAssignments(_ text: String, _ error: PodEnvironmentError) {
        #expect(throws: error) { try EnvironmentVariable(assignment: text) }
    }

    @Test("References that double a value each time end in an error, before they have taken room")
    func doubling() {
        let definitions =
            [EnvironmentVariable("A0", "x")]
            + (1...60).map { EnvironmentVariable("A\($0)", "$(A\($0 - 1))$(A\($0 - 1))") }
        #expect(
            throws: PodEnvironmentError.variableTooLarge(
                name: "A18", bytes: 262_144, limit: EnvironmentSize.stringLimit)
        ) { try ContainerEnvironment(definitions: definitions, services: []) }
    }

    @Test("Definitions that no kernel takes together end in an error")
    func total() {
        let definitions =
            [EnvironmentVariable("BASE", String(repeating: "x", count: 100_000))]
            + (0..<1000).map { EnvironmentVariable("A\($0)", "$(BASE)") }
        let error = #expect(throws: PodEnvironmentError.self) {
            try ContainerEnvironment(definitions: definitions, services: [])
        }
        #expect(
            error?.description
                == "the variables take 6300000 bytes, 6291456 is the limit; the largest: --env (6300000)")
    }
}
