import CCollect
import Glibc

/// Does each operation many times and has callgrind count its instructions; `run micro` makes them a table.
///
/// Prints a line for each: its name, a tab, how often it was done while counted.
@main
struct Micro {
    static func main() async {
        do {
            // First those that no chance has a part in: how memory lies depends on what was done before.
            for operation in try WritingOperations.all() + AllocatorOperations.all() { await count(operation) }
            let cluster = try await SampleCluster()
            for operation in try ReadingOperations.all(cluster) + AnswerOperations.all(cluster) {
                await count(operation)
            }
            for operation in try WatchOperations.all() + UpstreamOperations.all() { await count(operation) }
            for operation in try await RebuildOperations.all() { await count(operation) }
        } catch {
            print("micro: \(error)")
            exit(1)
        }
    }

    private static func count(_ operation: Operation) async {
        // What is done once (metadata, caches, memory) is done before.
        await operation.run(operation.count)
        collect_begin()
        await operation.run(operation.count)
        collect_end(operation.name)
        print("\(operation.name)\t\(operation.count)")
    }
}
