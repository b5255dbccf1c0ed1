import Foundation

/// Writes a line for the person who waits to standard error; standard output holds the report alone.
package func note(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}
