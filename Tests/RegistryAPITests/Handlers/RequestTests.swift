import Registry
import Testing

@testable import RegistryAPI

@Suite("Requests that say too little, or something else")
struct RequestTests {
    @Test(
        "A configuration to be applied says what it is",
        arguments: [
            ("", "/, Kind="), (#""apiVersion":"v1","#, "/v1, Kind="), (#""kind":"Service","#, "/, Kind=Service"),
            (#""apiVersion":"v1","kind":"Foo","#, "/v1, Kind=Foo"),
            (#""apiVersion":"apps/v1","kind":"Service","#, "apps/v1, Kind=Service"),
        ])
    func appliedType(_ sample: (fields: String, shown: String)) async throws {
        let api = try await TestAPI()
        let path = "/api/v1/namespaces/prod/services/x?fieldManager=m"
        let rest = #""metadata":{"name":"x"},"spec":{"ports":[{"port":80}]}}"#
        for code in [201, 200] {
            let refusal = try await api.request("PATCH", path, type: "apply", "{\(sample.fields)\(rest)")
            #expect(refusal.code == 400 && refusal.document["reason"] == .string("BadRequest"))
            #expect(refusal.message == "invalid object type: \(sample.shown)")
            let applied = try await api.request(
                "PATCH", path, type: "apply", #"{"apiVersion":"v1","kind":"Service",\#(rest)"#)
            #expect(applied.code == code, "\(applied.message)")
        }
    }

    @Test("A deletion whose body is another object is none")
    func deletionOptions() async throws {
        let api = try await TestAPI()
        let services = "/api/v1/namespaces/prod/services"
        try await api.request("POST", services, #"{"metadata":{"name":"x"},"spec":{"ports":[{"port":80}]}}"#)
        for path in ["\(services)/x", services] {
            let refusal = try await api.request("DELETE", path, #"{"kind":"Foo","apiVersion":"v1"}"#)
            #expect(refusal.code == 400)
            #expect(refusal.message.hasSuffix(#"no kind "Foo" is registered for version "v1""#))
        }
        let gone = try await api.request(
            "DELETE", "\(services)/x", #"{"kind":"DeleteOptions","apiVersion":"meta.k8s.io/v1"}"#)
        #expect(gone.code == 200, "\(gone.message)")
    }

    @Test("One object is read at a version as a list is")
    func versions() async throws {
        let api = try await TestAPI()
        for path in ["/api/v1/namespaces/prod", "/api/v1/namespaces"] {
            for version in ["", "0", "1"] {
                #expect(try await api.request("GET", "\(path)?resourceVersion=\(version)").code == 200)
            }
            let future = try await api.request("GET", "\(path)?resourceVersion=99999")
            #expect(future.code == 504 && future.message.contains("Too large resource version"))
        }
        for path in ["/api/v1/namespaces/prod", "/api/v1/namespaces"] {
            let wrong = try await api.request("GET", "\(path)?resourceVersion=abc")
            #expect(wrong.code == 400 && wrong.message.hasPrefix("invalid resource version: "))
        }
    }

    @Test("Whoever asks about Endpoints is told that they are deprecated, found or not")
    func deprecation() async throws {
        let api = try await TestAPI()
        let path = "/api/v1/namespaces/prod/endpoints"
        let body = #"{"metadata":{"name":"x"}}"#
        let answers = [
            try await api.request("POST", path, body), try await api.request("GET", "\(path)/x"),
            try await api.request("PUT", "\(path)/x", body), try await api.request("GET", path),
            try await api.request("GET", "/api/v1/endpoints"),
            try await api.request("DELETE", "\(path)/x"), try await api.request("GET", "\(path)/x"),
            try await api.request("DELETE", path),
        ]
        #expect(answers.map(\.code) == [201, 200, 200, 200, 200, 200, 404, 200])
        for answer in answers {
            #expect(
                answer.warnings == ["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"])
        }
        #expect(try await api.request("GET", "/api/v1/namespaces/prod/services").warnings == [])
    }

    @Test("Health is told in one word, or check by check", arguments: ["readyz", "livez", "healthz"])
    func health(_ name: String) async throws {
        let api = try await TestAPI()
        #expect(try await api.request("GET", "/\(name)").text == "ok")
        #expect(try await api.request("GET", "/\(name)/ping").text == "ok")
        #expect(try await api.request("GET", "/\(name)?verbose").text == "[+]ping ok\n\(name) check passed\n")
        #expect(try await api.request("GET", "/\(name)/pong").code == 404)
    }
}
