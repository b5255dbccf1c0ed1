import Registry

@testable import KubernetesRegistry

/// Feeds any bytes to the reader of an API server's lists, whole and in pieces: both must say the same.
///
/// The first byte of the input says which kind is listed, the second in which pieces it comes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var input = bytes(data, size)[...]
    let kinds = DiscoveryKind.allCases
    let kind = kinds[input.takeByte() % kinds.count]
    let pieceSize = input.takeByte() % 64 + 1
    let whole = Reading(input, kind, pieceSize: max(1, input.count))
    let pieces = Reading(input, kind, pieceSize: pieceSize)
    demand(whole.isComplete == pieces.isComplete, "a list is complete in pieces or as a whole only")
    guard whole.isComplete else { return 0 }
    demand(whole.objects == pieces.objects, "other objects in pieces")
    demand(whole.metadata == pieces.metadata, "other metadata in pieces")
    return 0
}

private struct Reading {
    var objects: [DecodedObject] = []
    var metadata = ListMetadata()
    var isComplete = false

    init(_ input: ArraySlice<UInt8>, _ kind: DiscoveryKind, pieceSize: Int) {
        var decoder = ListDecoder(kind: kind, selection: DiscoverySelection(includesImports: true, keepsZones: true))
        var rest = input
        do throws(ListDecoder.Failure) {
            while !rest.isEmpty {
                let piece = Array(rest.prefix(pieceSize))
                rest = rest.dropFirst(pieceSize)
                var taken: [DecodedObject] = []
                let result: Result<Void, ListDecoder.Failure> = piece.withUnsafeBufferPointer { buffer in
                    Result { () throws(ListDecoder.Failure) in try decoder.feed(buffer) { taken.append($0) } }
                }
                objects += taken
                try result.get()
            }
            try decoder.finish { objects.append($0) }
            isComplete = true
        } catch {
            return
        }
        demand(decoder.count == objects.count, "another number of objects")
        metadata = decoder.metadata
    }
}
