/// The directives that are supported, by name, and how their lines are read.
package struct DirectiveTable: Sendable {
    /// One directive.
    package struct Entry: Sendable {
        package let name: String
        /// Reads the directive's lines in a block.
        package let settings:
            @Sendable (_ lines: [CorefileLine], _ block: ServerBlock) throws(CorefileError) -> any DirectiveSettings

        package init<Settings: DirectiveSettings>(_ type: Settings.Type) {
            name = type.directive
            settings = { lines, block throws(CorefileError) in try Settings(lines, in: block) }
        }
    }

    /// Every directive of this program: one line each.
    package static let supported = DirectiveTable([
        Entry(AclSettings.self),
        Entry(AnySettings.self),
        Entry(AutopathSettings.self),
        Entry(BindSettings.self),
        Entry(BufsizeSettings.self),
        Entry(CacheSettings.self),
        Entry(CancelSettings.self),
        Entry(ChaosSettings.self),
        Entry(DebugSettings.self),
        Entry(DNS64Settings.self),
        Entry(ErrorsSettings.self),
        Entry(FileSettings.self),
        Entry(ForwardSettings.self),
        Entry(HeaderSettings.self),
        Entry(HealthSettings.self),
        Entry(HostsSettings.self),
        Entry(KubernetesSettings.self),
        Entry(LoadBalanceSettings.self),
        Entry(LocalSettings.self),
        Entry(LogSettings.self),
        Entry(LoopSettings.self),
        Entry(MinimalSettings.self),
        Entry(MultisocketSettings.self),
        Entry(NSIDSettings.self),
        Entry(PrometheusSettings.self),
        Entry(ReadySettings.self),
        Entry(ReloadSettings.self),
        Entry(RewriteSettings.self),
        Entry(RootSettings.self),
        Entry(RRLSettings.self),
        Entry(TemplateSettings.self),
        Entry(TimeoutsSettings.self),
        Entry(TLSSettings.self),
        Entry(WhoamiSettings.self),
    ])

    private let entries: [String: Entry]

    package init(_ entries: [Entry]) {
        self.entries = Dictionary(entries.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
    }

    package subscript(name: String) -> Entry? { entries[name] }

    /// In the order of `DirectiveOrder`.
    package var names: [String] {
        entries.keys.sorted {
            let places = (DirectiveOrder.place(of: $0) ?? .max, DirectiveOrder.place(of: $1) ?? .max)
            return places.0 == places.1 ? $0 < $1 : places.0 < places.1
        }
    }

    /// Why a directive that the table does not have cannot be used.
    func refusal(of line: CorefileLine) -> CorefileError {
        if DirectiveOrder.place(of: line.name) != nil {
            return line.error("is a CoreDNS directive that is not supported here")
        }
        if let successor = Self.successors[line.name] {
            return line.error("is a directive of old versions of CoreDNS", wanted: "write \(successor)")
        }
        let meant = NearestWord.suggestion(for: line.name, among: names)
        return line.error("is no directive", wanted: meant.map { "did you mean '\($0)'?" } ?? "")
    }

    /// What came after directives that CoreDNS itself has no more.
    private static let successors = ["proxy": "forward", "reverse": "template", "reuseport": "multisocket"]
}
