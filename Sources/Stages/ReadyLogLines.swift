import Corefile
import DNS
import Pipeline
import Registry

/// `log`'s usual line for answers that went past the stage, written as bytes: the text that `LogLine` makes of
/// `LogFormat.common`, without its pieces.
struct ReadyLogLines: ReadyLog {
    let kinds: ReadyPassage.Kinds
    let sink: any LogSink

    func makeWriter() -> any ReadyLogWriter { Writer(sink) }

    /// `memory` is this writer's own, for the one thread that uses it.
    private final class Writer: ReadyLogWriter {
        /// Room for the lines of a batch, in bytes.
        private static let capacity = 1 << 16
        /// More than any line has: 255 bytes of a name with at most eight characters each, and some 200 beside it.
        static let lineLimit = 4096

        private let sink: any LogSink
        private let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        /// Where the next byte goes.
        private var end = 0
        private var count = 0

        init(_ sink: any LogSink) {
            self.sink = sink
        }

        deinit { memory.deallocate() }

        func flush() {
            guard count > 0 else { return }
            sink.write(lines: Array(UnsafeBufferPointer(start: memory, count: end)), count: count)
            end = 0
            count = 0
        }

        func note(_ fact: ReadyLogFact) {
            if Self.capacity &- end < Self.lineLimit { flush() }
            count += 1
            var line = Line(memory: memory + end)
            line.write(fact)
            end &+= line.length
        }
    }

    /// A line under way, in memory of its writer's with room for `Writer.lineLimit`.
    private struct Line {
        let memory: UnsafeMutablePointer<UInt8>
        private(set) var length = 0

        init(memory: UnsafeMutablePointer<UInt8>) { self.memory = memory }

        mutating func write(_ fact: ReadyLogFact) {
            text("[INFO] ")
            address(fact)
            byte(":")
            number(UInt64(fact.client.port))
            text(" - ")
            number(UInt64(fact.id))
            text(" \"")
            type(fact.type)
            text(" IN ")
            name(fact.name)
            text(fact.transport == .udp ? " udp " : " tcp ")
            number(UInt64(clamping: fact.size))
            text(fact.isDNSSECOK ? " true " : " false ")
            number(fact.transport.isStream ? 65535 : UInt64(clamping: max(512, fact.udpPayload ?? 512)))
            text("\" ")
            code(fact.code)
            text(" qr")
            if fact.flags & 0x0400 != 0 { text(",aa") }
            if fact.flags & 0x0100 != 0 { text(",rd") }
            if fact.flags & 0x0080 != 0 { text(",ra") }
            if fact.flags & 0x0020 != 0 { text(",ad") }
            if fact.flags & 0x0010 != 0 { text(",cd") }
            byte(" ")
            number(UInt64(clamping: fact.answerSize))
            byte(" ")
            seconds(fact.nanoseconds)
            text("s\n")
        }

        private mutating func append(_ byte: UInt8) {
            memory[length] = byte
            length &+= 1
        }

        private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
            guard let base = bytes.baseAddress, length &+ bytes.count <= Writer.lineLimit else { return }
            (memory + length).update(from: base, count: bytes.count)
            length &+= bytes.count
        }

        /// What is written rarely.
        private mutating func append(_ text: String) {
            var text = text
            text.withUTF8 { append($0) }
        }

        private mutating func byte(_ byte: Unicode.Scalar) { append(UInt8(ascii: byte)) }

        private mutating func text(_ text: StaticString) {
            append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        }

        private mutating func number(_ number: UInt64) {
            var digits = 1
            var bound: UInt64 = 10
            while digits < 20, number >= bound {
                digits &+= 1
                if digits < 20 { bound &*= 10 }
            }
            var rest = number
            var place = length &+ digits
            while place > length {
                place &-= 1
                memory[place] = 0x30 | UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
            length &+= digits
        }

        private mutating func address(_ fact: ReadyLogFact) {
            switch fact.client.address {
            case .v4(let value):
                for shift in [24, 16, 8, 0] as [UInt32] {
                    if shift < 24 { byte(".") }
                    number(UInt64(value >> shift & 255))
                }
            case .v6: append("[\(fact.client.address)]")
            }
        }

        private mutating func type(_ type: RecordType) {
            switch type {
            case .a: text("A")
            case .aaaa: text("AAAA")
            case .srv: text("SRV")
            case .ptr: text("PTR")
            default: append(Mnemonic.name(of: type))
            }
        }

        private mutating func code(_ code: ResponseCode) {
            switch code {
            case .noError: text("NOERROR")
            case .nxDomain: text("NXDOMAIN")
            default: append(code.description)
            }
        }

        private mutating func name(_ wire: UnsafeRawBufferPointer) {
            let start = length
            var index = 0
            while index < wire.count, wire[index] != 0 {
                let end = min(index + 1 + Int(wire[index]), wire.count)
                for place in (index + 1)..<end {
                    guard NameText.isPlain(wire[place]) else {
                        length = start
                        return append(DomainName(wire: wire).map { LogText.name($0) } ?? "")
                    }
                    append(wire[place])
                }
                byte(".")
                index = end
            }
            if length == start { byte(".") }
        }

        /// With as many digits as there are, as Go writes them.
        private mutating func seconds(_ nanoseconds: UInt64) {
            let (whole, fraction) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
            number(whole)
            guard fraction > 0 else { return }
            byte(".")
            var rest = fraction
            var unit: UInt64 = 100_000_000
            while rest > 0 {
                append(0x30 | UInt8(truncatingIfNeeded: rest / unit))
                rest %= unit
                unit /= 10
            }
        }
    }
}
