/// `tls CERT KEY [CA] { client_auth … }`: the certificate of a server block's `tls` and `https` listeners.
package struct TLSSettings: DirectiveSettings {
    package static let directive = "tls"

    /// What is asked of clients, named as CoreDNS names it.
    package enum ClientAuthentication: String, Hashable, Sendable, CaseIterable {
        /// They are not asked for a certificate.
        case none = "nocert"
        /// They are asked, and may have none; one they have is not verified.
        case request
        /// They must have one, which is not verified.
        case require
        /// They may have none; one they have must be signed by the authorities.
        case verifyIfGiven = "verify_if_given"
        /// They must have one that is signed by the authorities.
        case requireAndVerify = "require_and_verify"
    }

    /// The paths of PEM files as written; relative ones begin at `root`.
    package let certificateFile: String
    package let keyFile: String
    /// The authorities that clients' certificates are verified by; nil for the system's.
    package let authorityFile: String?
    package let clientAuthentication: ClientAuthentication

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        let line = try lines.single()
        try line.expect(2...3)
        let files = line.arguments.map(\.text)
        if let empty = line.arguments.first(where: { $0.text.isEmpty }) { throw empty.error("is no path") }
        var authentication = ClientAuthentication.none
        for option in line.options {
            try option.expectNoBlock()
            switch option.name {
            case "client_auth":
                let argument = try option.argument()
                guard let chosen = ClientAuthentication(rawValue: argument.text) else {
                    let known = ClientAuthentication.allCases.map(\.rawValue).joined(separator: ", ")
                    throw argument.error("is no way to authenticate clients", wanted: "write one of \(known)")
                }
                authentication = chosen
            case "keylog":
                throw option.error("is not supported: it would write the keys of connections to a file")
            default: throw option.unknown(in: "tls", known: ["client_auth"])
            }
        }
        certificateFile = files.first ?? ""
        keyFile = files.dropFirst().first ?? ""
        authorityFile = files.dropFirst(2).first
        clientAuthentication = authentication
    }
}
