import BenchmarkSupport
import Foundation
import Glibc
import Synchronization

/// A name server that knows an address for every name, and behaves as it is told: over UDP and TCP.
final class Upstream: Sendable {
    enum Mood: String, Hashable, Sendable, CaseIterable {
        case well
        /// Nobody listens.
        case gone
        /// Takes everything, says nothing.
        case silent
        /// Another identifier, and the right one never.
        case wrongIdentifier
        /// A forged reply with another identifier before the right one.
        case forgedFirst
        case wrongQuestion
        /// The right reply, and again when nobody waits for it.
        case twice
        /// The right address, and records for other names beside it.
        case extraRecords
        /// TC over UDP; TCP is well.
        case truncated
        case garbage
        /// The beginning of a right reply.
        case cutShort
        case failing
        case refusing
    }

    private struct State {
        var mood = Mood.well
        var datagrams: Int32 = -1
        var listener: Int32 = -1
        var connections: Set<Int32> = []
    }

    let port: UInt16
    private let state = Mutex(State())

    init(port: UInt16) throws(BenchmarkError) {
        self.port = port
        try open()
    }

    var mood: Mood { state.withLock { $0.mood } }

    func behave(_ mood: Mood) throws(BenchmarkError) {
        let former = state.withLock { state in
            defer { state.mood = mood }
            return state.mood
        }
        if mood == .gone, former != .gone { close() }
        if mood != .gone, former == .gone { try open() }
    }

    func stop() { if mood != .gone { close() } }

    /// The address of a name in lower case (FNV-1a), in a network for such purposes (RFC 2544).
    static func address(of name: String) -> String {
        var hash: UInt32 = 2_166_136_261
        for octet in name.utf8 { hash = (hash ^ UInt32(octet)) &* 16_777_619 }
        return "198.18.\(hash >> 8 & 0xFF).\(hash & 0xFF)"
    }

    // MARK: Sockets

    private func open() throws(BenchmarkError) {
        let datagrams = try Sockets.bound(SOCK_DGRAM, "127.0.0.1", port)
        let listener = try Sockets.bound(SOCK_STREAM, "127.0.0.1", port)
        state.withLock { ($0.datagrams, $0.listener) = (datagrams, listener) }
        Thread { [self] in serveDatagrams(datagrams) }.start()
        Thread { [self] in serveConnections(listener) }.start()
    }

    /// The threads close what they read from, once that says that it has ended.
    private func close() {
        state.withLock { state in
            shutdown(state.datagrams, Int32(SHUT_RDWR))
            shutdown(state.listener, Int32(SHUT_RDWR))
            for socket in state.connections { shutdown(socket, Int32(SHUT_RDWR)) }
            (state.datagrams, state.listener) = (-1, -1)
        }
    }

    private func serveDatagrams(_ socket: Int32) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while state.withLock({ $0.datagrams == socket }) {
            var (address, length) = (sockaddr_storage(), socklen_t(MemoryLayout<sockaddr_storage>.size))
            withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    let size = recvfrom(socket, &buffer, buffer.count, 0, address, &length)
                    guard size > 0, state.withLock({ $0.datagrams == socket }) else { return }
                    for reply in replies(to: Array(buffer[..<size]), overTCP: false) {
                        sendto(socket, reply, reply.count, Int32(MSG_NOSIGNAL), address, length)
                    }
                }
            }
        }
        Glibc.close(socket)
    }

    private func serveConnections(_ listener: Int32) {
        while true {
            let socket = accept4(listener)
            guard socket >= 0 else {
                if errno == EINTR || errno == ECONNABORTED { continue }
                break
            }
            let isOpen = state.withLock { state in
                guard state.listener == listener else { return false }
                state.connections.insert(socket)
                return true
            }
            guard isOpen else {
                Glibc.close(socket)
                continue
            }
            Thread { [self] in
                while let length = Sockets.receive(2, from: socket),
                    let query = Sockets.receive(Int(length[0]) << 8 | Int(length[1]), from: socket)
                {
                    for reply in replies(to: query, overTCP: true) {
                        _ = Sockets.sendAll(Packet.pair(UInt16(reply.count)) + reply, to: socket)
                    }
                }
                state.withLock { _ = $0.connections.remove(socket) }
                Glibc.close(socket)
            }.start()
        }
        Glibc.close(listener)
    }

    private func accept4(_ listener: Int32) -> Int32 {
        let socket = accept(listener, nil, nil)
        if socket >= 0 { _ = fcntl(socket, F_SETFD, FD_CLOEXEC) }
        return socket
    }

    // MARK: Replies

    private func replies(to query: [UInt8], overTCP: Bool) -> [[UInt8]] {
        guard let asked = Reply(query), asked.question.count > 4 else { return [] }
        let mood = mood
        let right = Self.reply(to: query, asked)
        switch mood {
        case .well, .gone: return [right]
        case .twice: return [right, right]
        case .silent: return []
        case .wrongIdentifier: return [Self.forged(right)]
        case .forgedFirst: return [Self.forged(right), right]
        case .wrongQuestion:
            let other = Packet.question("forged.example.", .a)
            return [Array(right[..<12]) + other + right[(12 + asked.question.count)...]]
        case .extraRecords: return [Self.reply(to: query, asked, withExtras: true)]
        case .truncated:
            return overTCP ? [right] : [Array(right[..<2]) + [0x86, 0x80, 0, 1, 0, 0, 0, 0, 0, 0] + asked.question]
        case .garbage: return [Array(right[..<2]) + right[2...].map { $0 ^ 0x5A }]
        case .cutShort: return [Array(right.dropLast(right.count / 3))]
        case .failing: return [Array(right[..<2]) + [0x81, 0x82, 0, 1, 0, 0, 0, 0, 0, 0] + asked.question]
        case .refusing: return [Array(right[..<2]) + [0x81, 0x85, 0, 1, 0, 0, 0, 0, 0, 0] + asked.question]
        }
    }

    private static let forgery: [UInt8] = [6, 6, 6, 6]

    /// Another identifier and another address.
    private static func forged(_ reply: [UInt8]) -> [UInt8] {
        [reply[0] ^ 0xFF, reply[1]] + reply[2...].dropLast(4) + forgery
    }

    private static func reply(to query: [UInt8], _ asked: Reply, withExtras: Bool = false) -> [UInt8] {
        let octets = asked.question
        let type = octets[octets.endIndex - 3]
        let name = Self.name(of: octets)
        let hasAddress = type == 1 && name != "."
        var address = [UInt8](repeating: 0, count: 4)
        if hasAddress { inet_pton(AF_INET, Self.address(of: name), &address) }
        var reply = Array(query[..<2]) + [0x81, 0x80, 0, 1, 0, hasAddress ? 1 : 0, 0, 0, 0, 0] + octets
        guard hasAddress else { return reply }
        let record: [UInt8] = [0, 1, 0, 1, 0, 0, 0, 5, 0, 4]
        reply += [0xC0, 12] + record + address
        if withExtras {
            // One of each section, for names that are asked for as well; one of the name itself would belong to it.
            reply[7] = 2
            (reply[9], reply[11]) = (1, 1)
            for other in (0..<4).map({ "n\($0).example." }).filter({ $0 != name }).prefix(3) {
                reply += Array(Packet.question(other, .a).dropLast(4)) + record + forgery
            }
        }
        return reply
    }

    private static func name(of question: ArraySlice<UInt8>) -> String {
        var (place, name) = (question.startIndex, "")
        while place < question.endIndex, question[place] > 0, place + Int(question[place]) < question.endIndex {
            let end = place + 1 + Int(question[place])
            name += String(decoding: question[(place + 1)..<end], as: UTF8.self).lowercased() + "."
            place = end
        }
        return name.isEmpty ? "." : name
    }
}
