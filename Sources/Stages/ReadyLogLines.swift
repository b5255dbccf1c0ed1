import Corefile
import DNS
import Pipeline

/// `log`'s usual line for answers that went past the stage, written as bytes: the text that `LogLine` makes of
/// `LogFormat.common`, without its pieces.
struct ReadyLogLines: ReadyLog {
    let kinds: ReadyPassage.Kinds
    let sink: any LogSink

    func makeWriter() -> any ReadyLogWriter { Writer(sink) }

    private final class Writer: ReadyLogWriter {
        private let sink: any LogSink
        private var bytes: [UInt8] = []
        private var count = 0

        init(_ sink: any LogSink) {
            self.sink = sink
        }

        func flush() {
            guard count > 0 else { return }
            sink.write(lines: bytes, count: count)
            bytes.removeAll(keepingCapacity: true)
            count = 0
        }

        func note(_ fact: ReadyLogFact) {
            count += 1
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

        private func byte(_ byte: Unicode.Scalar) { bytes.append(UInt8(ascii: byte)) }

        private func text(_ text: StaticString) {
            bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        }

        private func number(_ number: UInt64) {
            if number < 10 { return bytes.append(0x30 | UInt8(truncatingIfNeeded: number)) }
            let start = bytes.count
            var rest = number
            while rest > 0 {
                bytes.append(0x30 | UInt8(truncatingIfNeeded: rest % 10))
                rest /= 10
            }
            bytes[start...].reverse()
        }

        private func address(_ fact: ReadyLogFact) {
            switch fact.client.address {
            case .v4(let value):
                for shift in [24, 16, 8, 0] as [UInt32] {
                    if shift < 24 { byte(".") }
                    number(UInt64(value >> shift & 255))
                }
            case .v6: bytes += "[\(fact.client.address)]".utf8
            }
        }

        private func type(_ type: RecordType) {
            switch type {
            case .a: text("A")
            case .aaaa: text("AAAA")
            case .srv: text("SRV")
            case .ptr: text("PTR")
            default: bytes += Mnemonic.name(of: type).utf8
            }
        }

        private func code(_ code: ResponseCode) {
            switch code {
            case .noError: text("NOERROR")
            case .nxDomain: text("NXDOMAIN")
            default: bytes += code.description.utf8
            }
        }

        private func name(_ wire: UnsafeRawBufferPointer) {
            let start = bytes.count
            var index = 0
            while index < wire.count, wire[index] != 0 {
                let end = min(index + 1 + Int(wire[index]), wire.count)
                for place in (index + 1)..<end {
                    guard NameText.isPlain(wire[place]) else {
                        bytes.removeSubrange(start...)
                        bytes += DomainName(wire: wire).map { LogText.name($0).utf8 } ?? "".utf8
                        return
                    }
                    bytes.append(wire[place])
                }
                byte(".")
                index = end
            }
            if bytes.count == start { byte(".") }
        }

        /// With as many digits as there are, as Go writes them.
        private func seconds(_ nanoseconds: UInt64) {
            let (whole, fraction) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
            number(whole)
            guard fraction > 0 else { return }
            byte(".")
            var rest = fraction
            var unit: UInt64 = 100_000_000
            while rest > 0 {
                bytes.append(0x30 | UInt8(truncatingIfNeeded: rest / unit))
                rest %= unit
                unit /= 10
            }
        }
    }
}
