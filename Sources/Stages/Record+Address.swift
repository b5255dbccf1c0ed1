import DNS
import Registry

extension Record {
    /// The address of an A or AAAA record; nil for other types and broken data.
    var address: IPAddress? {
        let bytes = data.bytes
        switch (type, bytes.count) {
        case (.a, 4): return .v4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case (.aaaa, 16): return .v6(bytes.reduce(0) { $0 << 8 | UInt128($1) })
        default: return nil
        }
    }
}
