import Foundation
import Glibc
import LDNS

/// A reply as every asker sees it: what it is called, and its sections as sorted lines in lower case.
struct Seen: Equatable, CustomStringConvertible {
    var rcode: String
    var answer: [String] = []
    var authority: [String] = []
    var additional: [String] = []
    /// What a program wrote, for those who look at a failure.
    var said = ""

    var description: String {
        "\(rcode) answer \(answer) authority \(authority) additional \(additional)"
            + (said.isEmpty ? "" : "; it wrote:\n\(said)")
    }

    static func == (lhs: Seen, rhs: Seen) -> Bool {
        lhs.rcode == rhs.rcode && lhs.answer == rhs.answer && lhs.authority == rhs.authority
            && lhs.additional == rhs.additional
    }
}

/// Somebody who asks: a program of others, or this process with libldns to read the reply.
enum Asker: String, CaseIterable, CustomStringConvertible {
    case dig, drill, kdig, ldns

    var description: String { rawValue }

    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    func ask(_ name: String, _ type: String, port: UInt16, overTCP: Bool) throws -> Seen {
        switch self {
        case .dig:
            let arguments = ["@127.0.0.1", "-p", "\(port)", "-t", type, "-q", name, "+norecurse", "+time=5"]
            return try Self.read(run("dig", arguments + ["+tries=1", overTCP ? "+tcp" : "+ignore"]).output)
        case .drill:
            let transport = overTCP ? ["-t"] : ["-u"]
            return try Self.read(run("drill", transport + ["-p", "\(port)", name, "@127.0.0.1", type]).output)
        case .kdig:
            let arguments = ["@127.0.0.1", "-p", "\(port)", "-t", type, "-q", name, "+time=5", "+retry=0"]
            return try Self.read(run("kdig", arguments + [overTCP ? "+tcp" : "+notcp", "+ignore"]).output)
        case .ldns:
            let query = try RawQuery(name: name, type: type)
            let client = try RawClient(port: port, overTCP: overTCP)
            let reply = try WireWitness(client.exchange(query.bytes))
            return Seen(
                rcode: reply.rcodeName, answer: Self.normalised(reply.answer),
                authority: Self.normalised(reply.authority), additional: Self.normalised(reply.additional))
        }
    }

    /// Reads the output that dig, drill and kdig have in common.
    private static func read(_ text: String) throws -> Seen {
        guard let match = text.firstMatch(of: /(?:status|rcode): ([A-Z0-9]+)/) else {
            throw Unreadable(description: "no reply in: \(text)")
        }
        var sections: [String: [String]] = [:]
        var section = ""
        for line in text.split(separator: "\n") {
            if let heading = line.firstMatch(of: /^;; ([A-Z ]+) SECTION:/) {
                section = String(heading.1)
            } else if !line.hasPrefix(";") {
                sections[section, default: []].append(String(line))
            }
        }
        return Seen(
            rcode: String(match.1), answer: normalised(sections["ANSWER"]),
            authority: normalised(sections["AUTHORITY"]), additional: normalised(sections["ADDITIONAL"]), said: text)
    }

    private static func normalised(_ lines: [String]?) -> [String] {
        (lines ?? []).map { line in
            line.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }.filter { !$0.isEmpty }.sorted()
    }
}

/// A query in wire form.
struct RawQuery {
    var bytes: [UInt8]

    init(
        name: String, type: String, id: UInt16 = .random(in: 0 ... .max), flags: UInt16 = 0, recordClass: UInt16 = 1,
        edns: [UInt8] = []
    ) throws {
        guard let code = RecordText.type(named: type)?.rawValue else {
            throw Asker.Unreadable(description: "no type \(type)")
        }
        let additionals: UInt16 = edns.isEmpty ? 0 : 1
        bytes = Self.wire([id, flags, 1, 0, 0, additionals])
        for label in name.split(separator: ".") {
            bytes.append(UInt8(label.utf8.count))
            bytes += label.utf8
        }
        bytes.append(0)
        bytes += Self.wire([code, recordClass])
        bytes += edns
    }

    /// An OPT record.
    static func opt(size: UInt16 = 1232, version: UInt8 = 0, flags: UInt16 = 0, options: [UInt8] = []) -> [UInt8] {
        var bytes: [UInt8] = [0]
        bytes += wire([41, size])
        bytes += [0, version]
        bytes += wire([flags, UInt16(options.count)])
        return bytes + options
    }

    static func wire(_ numbers: [UInt16]) -> [UInt8] {
        numbers.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
    }
}

/// A socket to the server, with a time-out on everything.
final class RawClient {
    private let descriptor: Int32
    private let isTCP: Bool

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(port: UInt16, overTCP: Bool, host: UInt32 = 0x7f00_0001) throws {
        isTCP = overTCP
        descriptor = socket(AF_INET, Int32((overTCP ? SOCK_STREAM : SOCK_DGRAM).rawValue), 0)
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = host.bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(description: "connect: \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    func exchange(_ query: [UInt8]) throws -> [UInt8] {
        try send(query)
        return try receive()
    }

    func send(_ query: [UInt8]) throws {
        let bytes = isTCP ? [UInt8(query.count >> 8), UInt8(query.count & 255)] + query : query
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw Failure(description: "write failed") }
    }

    /// Sends bytes as they are, without a length in front.
    func sendRaw(_ bytes: [UInt8]) throws {
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw Failure(description: "write failed") }
    }

    func receive() throws -> [UInt8] {
        guard isTCP else {
            var buffer = [UInt8](repeating: 0, count: 65536)
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { throw Failure(description: "no reply") }
            return Array(buffer[..<count])
        }
        let head = try take(2)
        return try take(Int(head[0]) << 8 | Int(head[1]))
    }

    private func take(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var buffer = [UInt8](repeating: 0, count: count - bytes.count)
            let length = read(descriptor, &buffer, buffer.count)
            guard length > 0 else { throw Failure(description: "the connection ended") }
            bytes += buffer[..<length]
        }
        return bytes
    }
}
