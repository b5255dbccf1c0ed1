import BenchmarkSupport

extension RecordType: Hashable {
    static let ptr = Self(rawValue: 12)
    static let txt = Self(rawValue: 16)
    static let cname = Self(rawValue: 5)
    static let soa = Self(rawValue: 6)
    static let opt = Self(rawValue: 41)

    package func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}
