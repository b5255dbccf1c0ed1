/// `root PATH`: the folder where relative paths of files in the block begin.
package struct RootSettings: DirectiveSettings {
    package static let directive = "root"

    package let path: String

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        var path = ""
        for line in lines {
            try line.expectNoBlock()
            let argument = try line.argument()
            guard !argument.text.isEmpty else { throw argument.error("is no path") }
            path = argument.text
        }
        self.path = path
    }

    /// A path of the block, seen from the folder; absolute ones stay as they are.
    package func resolve(_ file: String) -> String {
        if file.hasPrefix("/") { return file }
        return path.hasSuffix("/") ? path + file : "\(path)/\(file)"
    }
}
