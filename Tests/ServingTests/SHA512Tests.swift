import Testing

@testable import Serving

@Suite("SHA-512")
struct SHA512Tests {
    enum Samples {
        /// From FIPS 180-4's examples, and lengths around a block.
        static let all: [(String, String)] = [
            (
                "",
                "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                    + "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
            ),
            (
                "abc",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                    + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
            ),
            (
                String(repeating: "a", count: 111),
                "fa9121c7b32b9e01733d034cfc78cbf67f926c7ed83e82200ef8681819692176"
                    + "0b4beff48404df811b953828274461673c68d04e297b0eb7b2b4d60fc6b566a2"
            ),
            (
                String(repeating: "a", count: 112),
                "c01d080efd492776a1c43bd23dd99d0a2e626d481e16782e75d54c2503b5dc32"
                    + "bd05f0f1ba33e568b88fd2d970929b719ecbb152f58f130a407c8830604b70ca"
            ),
        ]
    }

    @Test("The digests of the standard's examples and of texts around a block", arguments: Samples.all)
    func digests(_ text: String, _ digest: String) {
        #expect(SHA512.hexadecimal(Array(text.utf8)) == digest)
    }
}
