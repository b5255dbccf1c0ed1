import Foundation

/// What the reports are written in.
package enum Markdown {
    /// Text that cannot break a table.
    package static func cell(_ text: String) -> String {
        text.replacingOccurrences(of: "|", with: "\\|").replacingOccurrences(of: "\n", with: " ")
    }
}
