import Registry

@testable import KeptState

/// Feeds damaged files to the reader of the state that is kept of a cluster.
///
/// The checksum is made right, as random damage would hardly ever come past it; what is read is written and read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var file = bytes(data, size)
    let selection = DiscoverySelection()
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
