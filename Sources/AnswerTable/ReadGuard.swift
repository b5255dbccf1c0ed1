import Synchronization

/// Tells the writer which memory readers may still look at: epoch-based reclamation.
///
/// A reader says when it begins and when it holds nothing any more; memory taken out of the table in epoch `e` is
/// freed once no reader is inside that began at `e` or before. Readers write only to a cell of their own, so they
/// never wait and share no cache line.
///
/// `@unchecked Sendable`: the cells are atomics in memory that lives as long as this object; the list of retired
/// memory is touched by the table's one writer only, under its lock.
final class ReadGuard: @unchecked Sendable {
    /// One reader's cell: the epoch it is inside of, 0 when outside. Padded to two cache lines.
    typealias Cell = UnsafeMutablePointer<Atomic<UInt64>>

    private static let cellStride = 128
    private let epoch: UnsafeMutablePointer<Atomic<UInt64>>
    private let cells = Mutex<[Int: UInt]>([:])
    private var retired: [(memory: UnsafeMutableRawPointer, epoch: UInt64)] = []
    private var nextCell = 0

    init() {
        epoch = Self.makeCell(1)
    }

    deinit {
        for entry in retired { entry.memory.deallocate() }
        epoch.deallocate()
    }

    private static func makeCell(_ value: UInt64) -> Cell {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: cellStride, alignment: cellStride)
        let cell = memory.bindMemory(to: Atomic<UInt64>.self, capacity: 1)
        cell.initialize(to: Atomic(value))
        return cell
    }

    /// A new reader's cell and the epoch it reads; to be given back by `remove`.
    func addReader() -> (id: Int, cell: Cell, epoch: Cell) {
        let cell = Self.makeCell(0)
        let id = cells.withLock { cells in
            nextCell += 1
            cells[nextCell] = UInt(bitPattern: cell)
            return nextCell
        }
        return (id, cell, epoch)
    }

    func removeReader(_ id: Int) {
        let address = cells.withLock { $0.removeValue(forKey: id) }
        guard let address, let cell = Cell(bitPattern: address) else { return }
        cell.deallocate()
    }

    /// Notes memory that no new reader can reach any more. Writer only.
    func retire(_ memory: UnsafeMutableRawPointer) {
        retired.append((memory, epoch.pointee.load(ordering: .relaxed)))
    }

    /// Frees what no reader can hold any more. Writer only; once per batch of changes.
    func collect() {
        guard !retired.isEmpty else { return }
        epoch.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
        // Pairs with the fence in `AnswerReader.enter`: a reader not seen inside here sees the table without the
        // retired memory.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        let oldest = cells.withLock { cells in
            cells.values.reduce(UInt64.max) { oldest, address in
                let entered = Cell(bitPattern: address)?.pointee.load(ordering: .acquiring) ?? 0
                return entered == 0 ? oldest : min(oldest, entered)
            }
        }
        let firstHeld = retired.firstIndex { $0.epoch >= oldest } ?? retired.endIndex
        for entry in retired[..<firstHeld] { entry.memory.deallocate() }
        retired.removeSubrange(..<firstHeld)
    }

    /// The number of pieces of memory that wait to be freed.
    var pending: Int { retired.count }
}
