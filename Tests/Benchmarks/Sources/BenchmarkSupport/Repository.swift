import Foundation

/// The repository that the benchmarks lie in.
package enum Repository {
    /// The folder of the benchmarks' package.
    package static var benchmarks: URL {
        var package = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { package.deleteLastPathComponent() }
        return package
    }

    /// `../../.build/release/swiftlet`, seen from the folder of the benchmarks' package.
    package static var releaseBinary: String {
        benchmarks.appending(path: "../../.build/release/swiftlet").standardizedFileURL.path
    }
}
