import Telemetry
import Testing

@Suite("Metrics that are counted elsewhere")
struct SampledFamilyTests {
    @Test("They stand among the others in the order of names, with their numbers of the moment")
    func exposition() {
        let metrics = Metrics()
        metrics.counter("b_total", "B.").increment()
        metrics.sample {
            [
                SampledFamily("c_total", .counter, "C.", [["x": "2"]: .count(7), ["x": "1"]: .count(6)]),
                SampledFamily("a", .gauge, "A.", [Labels(): .number(1.5)]),
                SampledFamily(
                    "d", .histogram, "D.", [Labels(): .histogram(bounds: [1, 2], counts: [3, 0, 4], sum: 9)]),
                SampledFamily("e", .gauge, "E.", [:]),
            ]
        }
        #expect(
            metrics.text() == """
                # HELP a A.
                # TYPE a gauge
                a 1.5
                # HELP b_total B.
                # TYPE b_total counter
                b_total 1
                # HELP c_total C.
                # TYPE c_total counter
                c_total{x="1"} 6
                c_total{x="2"} 7
                # HELP d D.
                # TYPE d histogram
                d_bucket{le="1"} 3
                d_bucket{le="2"} 3
                d_bucket{le="+Inf"} 7
                d_sum 9
                d_count 7

                """)
    }
}
