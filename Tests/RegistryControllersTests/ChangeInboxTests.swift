import Registry
import TestSupport
import Testing

@testable import RegistryControllers

@Suite("Changes on their way to the controllers", .timeLimit(.minutes(1)))
struct ChangeInboxTests {
    /// A change of so many bytes.
    private static func change(_ size: Int) throws -> RecordedChange {
        let key = ObjectKey(.event, NamespacedName(namespace: "prod", name: "e"))
        let document: JSONValue = .object(["message": .string("")])
        return RecordedChange(
            kind: .added,
            record: ObjectRecord(
                key: key, uid: "u", version: ResourceVersion(rawValue: 1), text: String(repeating: "x", count: size)),
            selectable: SelectableFields(of: document, kind: .event), formerText: nil, formerSelectable: nil,
            object: try RegistryObject(
                .object(["metadata": .object(["name": .string("e"), "namespace": .string("prod")])]), kind: .event))
    }

    @Test("A reader waits behind so many changes, or so many bytes of them", arguments: [(5000, 10), (17, 1 << 20)])
    func bounds(_ number: Int, _ size: Int) async throws {
        let inbox = ChangeInbox()
        let change = try Self.change(size)
        await inbox.add([change])
        #expect(!inbox.isFull)
        let adding = Task { await inbox.add(Array(repeating: change, count: number)) }
        await until { inbox.isFull }
        let taken = try inbox.take()
        #expect(taken.count == number + 1)
        await adding.value
        #expect(!inbox.isFull)
    }
}
