import DNS
import Glibc
import LDNS
import StaticZones

/// Feeds any bytes to the reader of zone files, whose records ldns reads, and serves what comes of them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let origin = demanded(DomainName("example.org."), "a name")
    guard let records = try? ZoneFileReader.records(in: bytes(data, size), origin: origin) else { return 0 }
    for record in records {
        demand(DomainName(wire: record.owner.wire) != nil, "an owner that is no name")
        demand(record.ttl <= UInt32(Int32.max), "a TTL that is none")
        demand(record.data.bytes.count <= 65535, "data that fits no record")
    }
    // Texts cost much more than records.
    for record in records.prefix(8) {
        let text = RecordText.text(record)
        do {
            let again = try RecordText.record(text)
            demand(again == record, "another record: \(again) for \(record), by \(text)")
        } catch {
            demand(false, "a line of ours that cannot be read, \(error): \(text)")
        }
    }
    guard let zone = try? StaticZone(origin: origin, records: records) else { return 0 }
    demand(zone.records.first?.type == .soa, "a zone that does not begin with its SOA record")
    for record in zone.records.prefix(16) {
        ask(zone, record.owner, record.type)
        ask(zone, record.owner, .any)
        if let below = DomainName(labels: ["x"], under: record.owner) { ask(zone, below, record.type) }
    }
    return 0
}

private func ask(_ zone: StaticZone, _ name: DomainName, _ type: RecordType) {
    switch zone.answer(to: name, type: type) {
    case .records(let records, additional: _):
        demand(!records.isEmpty, "an answer of nothing")
    case .alias(let records, target: _):
        demand(records.contains { $0.type == .cname || $0.type == .dname }, "an alias that is none")
    case .referral(let servers, glue: _):
        demand(servers.allSatisfy { $0.type == .ns }, "a referral to no server")
    case .nameTooLong, .noData, .nxDomain: break
    }
}
