extension Metrics {
    /// The buckets of CoreDNS's histograms of time: 0.25 ms to 8.192 s, in seconds, each twice the one before.
    package static let timeBuckets: [Double] = (0..<16).map { 0.00025 * Double(1 << $0) }
}
