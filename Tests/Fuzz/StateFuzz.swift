import Registry

@testable import KeptState

private let selection = DiscoverySelection(includesImports: true, keepsZones: true)
/// What stands before the kinds in a file of today's form, so that the form may change and the seeds still be read: one
/// without kinds, less their number (one byte) and the checksum (four).
private let head = StoredState(savedAt: Timestamp(milliseconds: 0), kinds: [])
    .bytes(server: "s", selection: selection).dropLast(5)

/// Feeds damaged files to the reader of the state that is kept of a cluster: what begins as one does as a whole, all
/// else as what stands behind the head of one.
///
/// The checksum is made right, as random damage would hardly ever come past it; what is read is written and read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let given = bytes(data, size)
    var file = given.starts(with: StoredState.magic) ? given : head + given
    demand((try? KeptState(file, server: "s", selection: selection)) == nil || file.count > 13, "a state of nothing")
    withUnsafeBytes(of: Checksum.of(file[...]).littleEndian) { file += $0 }
    let state: StoredState
    do {
        state = try KeptState(file, server: "s", selection: selection).state()
    } catch .otherServer(let server) {
        demand(server != "s", "the same server is another")
        return 0
    } catch {
        return 0
    }
    let written = state.bytes(server: "s", selection: selection)
    do {
        let again = try KeptState(written, server: "s", selection: selection).state()
        // Entries stand in an order of their own there.
        demand(
            again.kinds.map { Set($0.entries) } == state.kinds.map { Set($0.entries) }, "another state than was written"
        )
    } catch {
        demand(false, "a state that \(error)")
    }
    return 0
}
