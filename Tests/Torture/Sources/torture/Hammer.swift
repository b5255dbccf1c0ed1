import BenchmarkSupport
import Foundation
import Glibc

/// Asks as fast as replies come, on the calling thread, until a moment; each way says how often it was answered.
///
/// What is answered is not looked at: the torture does that.
struct Hammer {
    /// Questions that are under way at a time over UDP.
    private static let window = 32

    let port: UInt16
    let end: ContinuousClock.Instant

    private var goesOn: Bool { ContinuousClock.now < end }

    /// - Parameter question: the question section of the next query.
    func datagrams(_ question: () -> [UInt8]) -> Int {
        let socket = Sockets.connected(SOCK_DGRAM, "127.0.0.1", port, seconds: 1)
        guard socket >= 0 else { return 0 }
        defer { close(socket) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        var (answered, identifier) = (0, UInt16(0))
        while goesOn {
            for _ in 0..<Self.window {
                identifier &+= 1
                let query = Packet.query(identifier, question: question())
                _ = send(socket, query, query.count, Int32(MSG_NOSIGNAL))
            }
            for _ in 0..<Self.window {
                // One that is lost costs a second, and the rest of its window.
                guard recv(socket, &buffer, buffer.count, 0) > 0 else { break }
                answered += 1
            }
        }
        return answered
    }

    /// - Parameter each: how many questions a connection is asked, one after the other.
    func connections(each: Int, _ question: () -> [UInt8]) -> Int {
        var answered = 0
        while goesOn {
            let socket = Sockets.connected(SOCK_STREAM, "127.0.0.1", port, seconds: 2)
            guard socket >= 0 else { return answered }
            defer { close(socket) }
            for number in 0..<each {
                guard goesOn else { break }
                let query = Packet.query(UInt16(truncatingIfNeeded: number), question: question())
                guard Sockets.sendAll(Packet.pair(UInt16(query.count)) + query, to: socket),
                    let length = Sockets.receive(2, from: socket),
                    Sockets.receive(Int(length[0]) << 8 | Int(length[1]), from: socket) != nil
                else { break }
                answered += 1
            }
        }
        return answered
    }

    /// Whole requests, of which `body` says whether they were answered.
    func requests(_ body: () throws -> Bool) rethrows -> Int {
        var answered = 0
        while goesOn { answered += try body() ? 1 : 0 }
        return answered
    }
}
