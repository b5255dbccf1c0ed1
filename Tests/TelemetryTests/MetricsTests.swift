import Testing

@testable import Telemetry

@Suite("Metrics and their exposition")
struct MetricsTests {
    @Test("Families come in order, with help and type once, labels escaped")
    func exposition() {
        let metrics = Metrics()
        metrics.counter("b_total", "Second\nline \\", ["zone": "a\"b\\c\nd", "type": "A"]).increment(by: 3)
        metrics.counter("b_total", "Second\nline \\", ["zone": "."]).increment()
        metrics.gauge("a", "First").set(1.5)
        #expect(
            metrics.text() == """
                # HELP a First
                # TYPE a gauge
                a 1.5
                # HELP b_total Second\\nline \\\\
                # TYPE b_total counter
                b_total{zone="."} 1
                b_total{zone="a\\"b\\\\c\\nd",type="A"} 3

                """)
    }

    @Test("Buckets of a histogram add up, bounds belong to theirs")
    func histogram() {
        let metrics = Metrics()
        let histogram = metrics.histogram("t_seconds", "Time", buckets: [0.25, 1], ["server": "s"])
        histogram.observe(0.25)
        histogram.observe(0.5, count: 2)
        histogram.observe(4)
        #expect(histogram.count == 4)
        #expect(
            metrics.text() == """
                # HELP t_seconds Time
                # TYPE t_seconds histogram
                t_seconds_bucket{server="s",le="0.25"} 1
                t_seconds_bucket{server="s",le="1"} 3
                t_seconds_bucket{server="s",le="+Inf"} 4
                t_seconds_sum{server="s"} 5.25
                t_seconds_count{server="s"} 4

                """)
    }

    @Test("A metric asked for again is the same one; of another kind it is told apart and not shown")
    func sharing() {
        let metrics = Metrics()
        metrics.counter("x", "X").increment()
        metrics.counter("x", "X").increment()
        metrics.gauge("x", "X").set(7)
        #expect(metrics.counter("x", "X").value == 2)
        #expect(metrics.text().hasSuffix("x 2\n"))
        metrics.remove("x")
        #expect(metrics.text().isEmpty)
    }

    @Test("Gauges are read before they are told, and take sums from many threads")
    func gauges() async {
        let metrics = Metrics()
        let gauge = metrics.gauge("g", "G")
        metrics.collect(of: metrics) { $0.gauge("h", "H").set(2) }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<1000 { gauge.add(0.5) } } }
        }
        #expect(gauge.value == 4000)
        #expect(metrics.text().contains("h 2\n"))
    }

    /// Something that metrics are collected of.
    private final class Owner: Sendable {}

    @Test("Whoever is gone leaves nothing behind in the metrics, read or not")
    func owners() {
        let metrics = Metrics()
        let gauge = metrics.gauge("g", "G")
        let last = Owner()
        for _ in 0..<1000 { metrics.collect(of: Owner()) { _ in gauge.add(1) } }
        metrics.collect(of: last) { _ in gauge.add(1) }
        #expect(metrics.collectorCount == 1)
        #expect(metrics.text().contains("g 1\n"))
        withExtendedLifetime(last) {}
    }

    @Test("A gauge of one's own is told while it is kept, of several the newest; a family without any is not")
    func ownGauges() {
        let metrics = Metrics()
        let former = metrics.ownGauge("g", "G", ["zone": "a"])
        former.set(1)
        do {
            let refused = metrics.ownGauge("g", "G", ["zone": "a"])
            refused.set(2)
            #expect(metrics.text().hasSuffix("\ng{zone=\"a\"} 2\n"))
            withExtendedLifetime(refused) {}
        }
        #expect(metrics.text().hasSuffix("\ng{zone=\"a\"} 1\n"))
        do {
            let other = metrics.ownGauge("g", "G", ["zone": "b"])
            #expect(metrics.text().hasSuffix("\ng{zone=\"a\"} 1\ng{zone=\"b\"} 0\n"))
            withExtendedLifetime((former, other)) {}
        }
        var last: Gauge? = metrics.ownGauge("h", "H")
        #expect(metrics.text().contains("# HELP h H\n"))
        last = nil
        #expect(last == nil && !metrics.text().contains("# HELP h"))
    }

    @Test("What a collector keeps of one that is gone is not told any more")
    func collected() {
        let metrics = Metrics()
        var owner: Owner? = Owner()
        if let owner {
            let gauge = metrics.ownGauge("g", "G")
            metrics.collect(of: owner) { _ in gauge.set(3) }
        }
        #expect(metrics.text().hasSuffix("\ng 3\n"))
        owner = nil
        #expect(metrics.text().isEmpty)
    }

    @Test("The process is told of under the usual names, with numbers that can be")
    func process() throws {
        let metrics = Metrics()
        ProcessMetrics.register(in: metrics)
        let values = Dictionary(
            uniqueKeysWithValues: metrics.text().split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
                (String(line.prefix { $0 != " " }), Double(line.drop { $0 != " " }.dropFirst()) ?? -1)
            })
        #expect(try #require(values["process_resident_memory_bytes"]) > 1_000_000)
        #expect(try #require(values["process_open_fds"]) >= 3)
        #expect(try #require(values["process_start_time_seconds"]) > 1_700_000_000)
        #expect(try #require(values["process_cpu_seconds_total"]) >= 0)
    }
}
