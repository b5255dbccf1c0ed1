import BenchmarkSupport

/// What came of a run, in Markdown.
struct TortureReport {
    let outcome: Outcome
    let options: Options

    var text: String {
        let tally = outcome.tally
        let faults = outcome.injected.values.reduce(0, +)
        let recoveries = outcome.recoveries.filter { $0.key != Sequence.start }.values.map(\.count).reduce(0, +)
        var lines = [
            "| what | count |", "|---|--:|",
            "| sequences | \(outcome.sequences) |",
            "| faults injected | \(faults) |",
            "| replies checked | \(tally.checked) |",
            "| wrong answers | \(tally.wrong) |",
            "| late, failed or missing without a cause | \(tally.unexcused) |",
            "| the same while the cores were others' | \(tally.strained) |",
            "| late, failed or missing while something was broken | "
                + "\(tally.outdated), \(tally.failed), \(tally.missing) in all |",
            "| acknowledged writes | \(outcome.acknowledgedWrites) |",
            "| of them lost | \(outcome.lostWrites) |",
            "| recoveries without help | \(recoveries) |",
            "| not recovered | \(outcome.unrecovered) |",
            "| latest answer where nothing was broken | \(number(tally.slowest)) ms |",
        ]
        lines += outcome.peaks.sorted { $0.key < $1.key }.map {
            "| peak memory, \($0.key) | \(Report.number($0.value)) MiB |"
        }
        lines += ["", "| fault | injected | recovery, median ms | max ms |", "|---|--:|--:|--:|"]
        let kinds = Set(outcome.injected.keys).union(outcome.recoveries.keys).sorted()
        for kind in kinds {
            let times = outcome.recoveries[kind]
            lines.append(
                "| \(Markdown.cell(kind)) | \(outcome.injected[kind].map(String.init) ?? "") "
                    + "| \(times?.median.map(Report.number) ?? "") | \(times?.largest.map(Report.number) ?? "") |")
        }
        if !outcome.complaints.isEmpty {
            lines +=
                ["", "What is not as it should be:", ""]
                + outcome.complaints.map { "- " + $0.replacing("\n", with: " ") }
        }
        lines += [
            "",
            "Seed \(options.seed), \(options.jobs) sequences at a time; one again: "
                + "`deploy/torture --seed \(options.seed) --only NUMBER`.",
        ]
        return lines.joined(separator: "\n")
    }

    private func number(_ time: Duration) -> String { Report.number(time / .milliseconds(1)) }
}
