import Corefile
import Registry

/// The upstreams that a file like /etc/resolv.conf names (resolv.conf(5)).
enum ResolvConf {
    /// The largest file that is read, in bytes.
    static let sizeLimit = 1 << 20

    /// The servers of the `nameserver` lines, at port 53, each once; lines that say something else are passed over.
    static func places(in text: [UInt8]) -> [UpstreamPlace] {
        var places: [UpstreamPlace] = []
        for line in text.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }) {
            let words = line.split { $0 == 0x20 || $0 == 0x09 }
            guard words.count >= 2, words[0].elementsEqual("nameserver".utf8) else { continue }
            let parts = String(decoding: words[1], as: UTF8.self).split(separator: "%", maxSplits: 1)
            guard let first = parts.first, let address = IPAddress(String(first)) else { continue }
            let place = UpstreamPlace(address, interface: parts.count == 2 ? String(parts[1]) : nil)
            if !places.contains(place) { places.append(place) }
        }
        return places
    }
}
