/// Lower-cases and hashes names in wire form, eight bytes at a time.
@frozen
@usableFromInline
package enum NameKey {
    /// The most 8-byte words a name takes, padding included.
    @usableFromInline package static let maximumWords = 32

    /// Lower-cases the ASCII letters among eight bytes.
    ///
    /// Lengths of labels are at most 63, below `A`, so a wire form may be mapped as a whole (RFC 4343 §3).
    @inlinable
    package static func lowercased(_ word: UInt64) -> UInt64 {
        let low = word & 0x7f7f_7f7f_7f7f_7f7f
        let isAtLeastA = low &+ 0x3f3f_3f3f_3f3f_3f3f
        let isAboveZ = low &+ 0x2525_2525_2525_2525
        let isUpper = (isAtLeastA ^ isAboveZ) & ~word & 0x8080_8080_8080_8080
        return word | isUpper >> 2
    }

    /// Writes the lower-cased name to `words`, its last word padded with zeros, and returns its hash.
    ///
    /// - Parameters:
    ///   - name: the wire form; bytes up to the next multiple of eight behind it are read and must be allocated.
    ///   - length: bytes, 1 to 255.
    ///   - words: room for `maximumWords`.
    @inlinable
    package static func make(
        _ name: UnsafeRawPointer, length: Int, seed: UInt64, into words: UnsafeMutablePointer<UInt64>
    ) -> UInt64 {
        var hash = seed ^ UInt64(truncatingIfNeeded: length) &* 0x9e37_79b9_7f4a_7c15
        let whole = length >> 3
        var index = 0
        while index < whole {
            let word = lowercased(
                UInt64(littleEndian: name.loadUnaligned(fromByteOffset: index &<< 3, as: UInt64.self)))
            words[index] = word
            hash = mixed(hash, word)
            index &+= 1
        }
        let rest = length & 7
        if rest != 0 {
            let mask = (1 as UInt64) &<< UInt64(truncatingIfNeeded: rest &<< 3) &- 1
            let word =
                lowercased(UInt64(littleEndian: name.loadUnaligned(fromByteOffset: index &<< 3, as: UInt64.self)))
                & mask
            words[index] = word
            hash = mixed(hash, word)
        }
        return hash
    }

    /// The same of a name's own wire form.
    package static func make(_ name: DomainName, seed: UInt64, into words: UnsafeMutablePointer<UInt64>) -> UInt64 {
        name.wire.withUnsafeBytes { wire in
            // Copied first, as what is behind it is read.
            withUnsafeTemporaryAllocation(byteCount: 8 * maximumWords, alignment: 8) { copy in
                guard let base = copy.baseAddress else { return 0 }
                copy.copyMemory(from: wire)
                return make(base, length: wire.count, seed: seed, into: words)
            }
        }
    }

    /// The digest of a lower-cased name or a part of one; bytes up to the next multiple of eight behind it are read.
    @inlinable
    package static func digest(_ name: UnsafeRawPointer, length: Int, seed: UInt64) -> UInt64 {
        var hash = seed ^ UInt64(truncatingIfNeeded: length) &* 0x9e37_79b9_7f4a_7c15
        var index = 0
        while index < length {
            var word = UInt64(littleEndian: name.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let left = length &- index
            if left < 8 { word &= (1 as UInt64) &<< UInt64(truncatingIfNeeded: left &<< 3) &- 1 }
            hash = mixed(hash, word)
            index &+= 8
        }
        return hash
    }

    /// Mixes a word into a hash.
    @inlinable
    package static func mixed(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let product = (hash ^ word).multipliedFullWidth(by: 0xa076_1d64_78bd_642f)
        return product.high ^ product.low
    }
}
