extension ResponseCode: CustomStringConvertible {
    /// The codes of the IANA registry as CoreDNS writes them, in its logs, metrics and Corefiles.
    private static let names: [(code: UInt16, name: String)] = [
        (0, "NOERROR"), (1, "FORMERR"), (2, "SERVFAIL"), (3, "NXDOMAIN"), (4, "NOTIMP"), (5, "REFUSED"),
        (6, "YXDOMAIN"), (7, "YXRRSET"), (8, "NXRRSET"), (9, "NOTAUTH"), (10, "NOTZONE"), (16, "BADVERS"),
        (17, "BADKEY"), (18, "BADTIME"), (19, "BADMODE"), (20, "BADNAME"), (21, "BADALG"), (22, "BADTRUNC"),
        (23, "BADCOOKIE"),
    ]

    /// Reads a name of the registry, in any case; `NOTIMPL` and `BADSIG` as other names of 4 and 16.
    package init?(name: some StringProtocol) {
        let upper = name.uppercased()
        switch upper {
        case "NOTIMPL": self = .notImplemented
        case "BADSIG": self = .badVersion
        default:
            guard let found = Self.names.first(where: { $0.name == upper }) else { return nil }
            self.init(rawValue: found.code)
        }
    }

    /// The name of the registry; the number where it has none.
    @usableFromInline package var description: String {
        name ?? "\(rawValue)"
    }

    /// As a metric's label: codes without a name come from strangers, in any number, and share one.
    package var label: String { name ?? "other" }

    private var name: String? { Self.names.first { $0.code == rawValue }?.name }
}
