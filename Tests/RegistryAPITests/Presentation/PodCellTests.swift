import Registry
import Testing

@testable import RegistryAPI

@Suite("Cells of Pods")
struct PodCellTests {
    /// A Pod, and its cells Ready, Status and Restarts.
    struct Sample: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var metadata = "{}"
        var spec = #"{"containers":[{"name":"a"},{"name":"b"}]}"#
        let status: String
        let expected: [String]
    }

    enum Samples {
        static let running = #"{"ready":true,"restartCount":0,"state":{"running":{}}}"#
        static let waiting = #"{"restartCount":4,"state":{"waiting":{"reason":"CrashLoopBackOff"}}}"#
        static let finished = #"{"restartCount":0,"state":{"terminated":{"exitCode":0,"reason":"Completed"}}}"#
        static let restarted = """
            {"ready":true,"restartCount":3,"state":{"running":{}},\
            "lastState":{"terminated":{"exitCode":1,"finishedAt":"2026-07-01T11:55:00Z"}}}
            """
        static let initSpec = """
            {"initContainers":[{"name":"i"},{"name":"s","restartPolicy":"Always"}],"containers":[{"name":"a"}]}
            """

        static func phase(_ phase: String, _ containers: String..., also: String = "\"x\":1") -> String {
            #"{"phase":"\#(phase)","containerStatuses":[\#(containers.joined(separator: ","))],\#(also)}"#
        }

        static func initializing(_ statuses: String...) -> String {
            #"{"phase":"Pending","initContainerStatuses":[\#(statuses.joined(separator: ","))]}"#
        }

        static let all = [
            Sample(testDescription: "nobody has said anything", status: "{}", expected: ["0/2", "", "0"]),
            Sample(
                testDescription: "posted without containers' states", status: #"{"phase":"Running"}"#,
                expected: ["0/2", "Running", "0"]),
            Sample(
                testDescription: "running", status: phase("Running", running, running),
                expected: ["2/2", "Running", "0"]),
            Sample(
                testDescription: "one not ready",
                status: phase("Running", running, #"{"ready":false,"state":{"running":{}}}"#),
                expected: ["1/2", "Running", "0"]),
            Sample(
                testDescription: "crashing", status: phase("Running", running, waiting),
                expected: ["1/2", "CrashLoopBackOff", "4"]),
            Sample(
                testDescription: "the first of two has the last word", status: phase("Running", waiting, finished),
                expected: ["0/2", "CrashLoopBackOff", "4"]),
            Sample(
                testDescription: "restarted a while ago", status: phase("Running", running, restarted),
                expected: ["2/2", "Running", "3 (5m ago)"]),
            Sample(
                testDescription: "completed", status: phase("Succeeded", finished, finished),
                expected: ["0/2", "Completed", "0"]),
            Sample(
                testDescription: "one completed, one running and ready",
                status: phase("Running", finished, running, also: #""conditions":[{"type":"Ready","status":"True"}]"#),
                expected: ["1/2", "Running", "0"]),
            Sample(
                testDescription: "one completed, one running", status: phase("Running", finished, running),
                expected: ["1/2", "NotReady", "0"]),
            Sample(
                testDescription: "ended without a reason",
                status: phase("Failed", #"{"state":{"terminated":{"exitCode":3}}}"#),
                expected: ["0/2", "ExitCode:3", "0"]),
            Sample(
                testDescription: "ended by a signal",
                status: phase("Failed", #"{"state":{"terminated":{"exitCode":137,"signal":9}}}"#),
                expected: ["0/2", "Signal:9", "0"]),
            Sample(
                testDescription: "evicted", status: #"{"phase":"Failed","reason":"Evicted"}"#,
                expected: ["0/2", "Evicted", "0"]),
            Sample(
                testDescription: "held back",
                status: phase("Pending", also: #""conditions":[{"type":"PodScheduled","reason":"SchedulingGated"}]"#),
                expected: ["0/2", "SchedulingGated", "0"]),
            Sample(
                testDescription: "being deleted", metadata: #"{"deletionTimestamp":"2026-07-01T11:59:00Z"}"#,
                status: phase("Running", running, running), expected: ["2/2", "Terminating", "0"]),
            Sample(
                testDescription: "completed and being deleted",
                metadata: #"{"deletionTimestamp":"2026-07-01T11:59:00Z"}"#,
                status: phase("Succeeded", finished), expected: ["0/2", "Completed", "0"]),
            Sample(
                testDescription: "on a lost node", metadata: #"{"deletionTimestamp":"2026-07-01T11:59:00Z"}"#,
                status: phase("Running", also: #""reason":"NodeLost""#), expected: ["0/2", "Unknown", "0"]),
            Sample(
                testDescription: "first init container", spec: initSpec,
                status: initializing(#"{"name":"i","restartCount":2,"state":{"running":{}}}"#, #"{"name":"s"}"#),
                expected: ["0/2", "Init:0/2", "2"]),
            Sample(
                testDescription: "second init container", spec: initSpec,
                status: initializing(#"{"name":"i","state":{"terminated":{"exitCode":0}}}"#, #"{"name":"s"}"#),
                expected: ["0/2", "Init:1/2", "0"]),
            Sample(
                testDescription: "init container waits for its image", spec: initSpec,
                status: initializing(#"{"name":"i","state":{"waiting":{"reason":"ImagePullBackOff"}}}"#),
                expected: ["0/2", "Init:ImagePullBackOff", "0"]),
            Sample(
                testDescription: "init container about to start", spec: initSpec,
                status: initializing(#"{"name":"i","state":{"waiting":{"reason":"PodInitializing"}}}"#),
                expected: ["0/2", "Init:0/2", "0"]),
            Sample(
                testDescription: "init container failed", spec: initSpec,
                status: initializing(
                    #"{"name":"i","restartCount":1,"state":{"terminated":{"exitCode":1,"reason":"Error"}}}"#),
                expected: ["0/2", "Init:Error", "1"]),
            Sample(
                testDescription: "init container ended without a reason", spec: initSpec,
                status: initializing(#"{"name":"i","state":{"terminated":{"exitCode":2}}}"#),
                expected: ["0/2", "Init:ExitCode:2", "0"]),
            Sample(
                testDescription: "init container ended by a signal", spec: initSpec,
                status: initializing(#"{"name":"i","state":{"terminated":{"exitCode":137,"signal":9}}}"#),
                expected: ["0/2", "Init:Signal:9", "0"]),
            Sample(
                testDescription: "a sidecar counts, an init container that is done does not", spec: initSpec,
                status: """
                    {"phase":"Running","initContainerStatuses":[\
                    {"name":"i","restartCount":5,"state":{"terminated":{"exitCode":0}}},\
                    {"name":"s","restartCount":1,"started":true,"ready":true,"state":{"running":{}}}],\
                    "containerStatuses":[\(restarted)]}
                    """, expected: ["2/2", "Running", "4 (5m ago)"]),
            Sample(
                testDescription: "nonsense counts",
                status: phase(
                    "Running", #"{"restartCount":9223372036854775807}"#, #"{"restartCount":9223372036854775807}"#),
                expected: ["0/2", "Running", "-2"]),
        ]
    }

    @Test("Ready, Status and Restarts say what kubectl says", arguments: Samples.all)
    func summaries(_ sample: Sample) throws {
        let cells = try cells(
            .pod, #"{"metadata":\#(sample.metadata),"spec":\#(sample.spec),"status":\#(sample.status)}"#)
        #expect(["Ready", "Status", "Restarts"].compactMap { cells[$0] } == sample.expected)
    }

    @Test("The wide columns")
    func wideColumns() throws {
        let placed = try cells(
            .pod,
            #"""
            {"spec":{"nodeName":"n1","readinessGates":[{"conditionType":"a"},{"conditionType":"b"}]},
            "status":{"podIP":"10.0.0.9","podIPs":[{"ip":"10.0.0.1"},{"ip":"fd00::1"}],"nominatedNodeName":"n2",
            "conditions":[{"type":"a","status":"True"},{"type":"b","status":"False"}]}}
            """#)
        #expect(
            ["IP", "Node", "Nominated Node", "Readiness Gates"].compactMap { placed[$0] }
                == ["10.0.0.1", "n1", "n2", "1/2"])
        let new = try cells(.pod, #"{"spec":{},"status":{"podIP":""}}"#)
        #expect(
            ["IP", "Node", "Nominated Node", "Readiness Gates"].compactMap { new[$0] }
                == ["<none>", "<none>", "<none>", "<none>"])
        #expect(try cells(.pod, #"{"status":{"podIP":"10.0.0.9"}}"#)["IP"] == "10.0.0.9")
    }

    @Test(
        "Rows of Pods that have ended say so",
        arguments: [("Succeeded", "Succeeded"), ("Failed", "Failed"), ("Running", nil)] as [(String, String?)])
    func conditions(_ phase: String, _ reason: String?) throws {
        let table = ResponseForm.table(.v1).document(
            of: try jsonTree(#"{"status":{"phase":"\#(phase)"}}"#), kind: .pod, now: testTime, includeObject: .metadata)
        #expect(table.value(at: "rows.0.conditions.0.reason")?.string == reason)
        #expect(table.value(at: "rows.0.conditions.0.type")?.string == reason.map { _ in "Completed" })
    }

    @Test("Very many gates and conditions are held against each other in reasonable time", .timeLimit(.minutes(1)))
    func manyGates() throws {
        let count = 40_000
        let gates = (0..<count).map { #"{"conditionType":"c\#($0)"}"# }.joined(separator: ",")
        let conditions = (0..<count).map { #"{"type":"c\#($0)","status":"True"}"# }.joined(separator: ",")
        let pod = #"{"spec":{"readinessGates":[\#(gates)]},"status":{"conditions":[\#(conditions)]}}"#
        #expect(try cells(.pod, pod)["Readiness Gates"] == "\(count)/\(count)")
    }
}
