import BenchmarkSupport
import Foundation

extension Bench {
    private static let listRounds = 10
    private static let pageSize = 500
    static let services = Resource(path: "/api/v1/services", label: Workload.serviceLabel)
    static let slices = Resource(
        path: "/apis/discovery.k8s.io/v1/endpointslices", label: Workload.sliceLabel)

    /// The whole lists, and that of the Services in pages; each must have all objects of the run.
    func measureLists() throws {
        try measureList("list of all Services", of: Self.services, target: .under(300, unit: " ms"))
        try measure("the same in pages of \(Self.pageSize)") { try measurePages() }
        try measureList("list of all EndpointSlices", of: Self.slices)
    }

    private func measureList(_ subject: String, of resource: Resource, target: Target? = nil) throws {
        try measure(subject, target: target) {
            let connection = try HTTPConnection(port: port)
            let request = HTTPRequest("GET", resource.path)
            var times = Times()
            var body: [UInt8] = []
            for _ in 0..<Self.listRounds {
                try Interruption.check()
                let start = ContinuousClock.now
                body = try connection.exchange(request, expecting: 200)
                times.add(.now - start)
            }
            try Self.check(try ObjectList(body).count(with: resource.label), is: options.services, in: "the \(subject)")
            let median = times.median ?? 0
            add(
                Figure(
                    subject, median,
                    "\(Report.number(median)) ms, the longest of \(times.count) \(Report.number(times.largest ?? 0)) ms; "
                        + "\(Report.number(Double(body.count) / 1_048_576)) MiB",
                    target: target))
        }
    }

    private func measurePages() throws {
        let connection = try HTTPConnection(port: port)
        var (times, total, found, next) = (Times(), Duration.zero, 0, "")
        repeat {
            try Interruption.check()
            let start = ContinuousClock.now
            let body = try connection.exchange(
                HTTPRequest(
                    "GET", "\(Self.services.path)?limit=\(Self.pageSize)\(next.isEmpty ? "" : "&continue=\(next)")"),
                expecting: 200)
            let time = ContinuousClock.now - start
            times.add(time)
            total += time
            let page = try ObjectList(body)
            found += page.count(with: Self.services.label)
            next = page.next.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
            guard times.count <= options.services else { throw BenchmarkError.badRun("the pages do not end") }
        } while !next.isEmpty
        try Self.check(found, is: options.services, in: "the pages")
        add(
            Figure(
                "the same in pages of \(Self.pageSize)", total / .milliseconds(1),
                "\(Report.number(total / .milliseconds(1))) ms in \(times.count) page\(times.count == 1 ? "" : "s"), the longest "
                    + "\(Report.number(times.largest ?? 0)) ms"))
    }

    /// The number of objects of the run in a list.
    func count(of resource: Resource) throws -> Int {
        let body = try HTTPConnection(port: port).exchange(HTTPRequest("GET", resource.path), expecting: 200)
        return try ObjectList(body).count(with: resource.label)
    }

    static func check(_ found: Int, is expected: Int, in place: String) throws {
        guard found == expected else {
            throw BenchmarkError.badRun("\(place): \(found) objects of the run where \(expected) were created")
        }
    }
}

/// Objects of one kind, in all namespaces.
struct Resource {
    let path: String
    /// What the objects of the run carry.
    let label: Workload.Label
}

/// What the benchmark looks at in a list of objects.
struct ObjectList {
    /// The version of the list, from which a watch goes on.
    let version: String
    /// The token of the next page; empty on the last.
    let next: String
    private let items: [[String: Any]]

    init(_ body: [UInt8]) throws {
        let document = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        guard let metadata = document?["metadata"] as? [String: Any],
            let items = document?["items"] as? [[String: Any]],
            let version = metadata["resourceVersion"] as? String
        else {
            throw BenchmarkError.wrongAnswer(
                question: "a list", reply: String(decoding: body.prefix(200), as: UTF8.self))
        }
        self.version = version
        next = metadata["continue"] as? String ?? ""
        self.items = items
    }

    /// The number of objects that carry a label.
    func count(with label: Workload.Label) -> Int {
        items.count { item in
            let labels = (item["metadata"] as? [String: Any])?["labels"] as? [String: Any]
            return labels?[label.key] as? String == label.value
        }
    }
}
