import Registry
import Testing

@Suite("Errors of stores as text")
struct ObjectStoreErrorTests {
    @Test("Why nothing is written is told in its own words, by the error and by its cause alone")
    func unavailability() {
        for make in [
            ObjectStoreError.Unavailability.full, ObjectStoreError.Unavailability.readOnly,
            ObjectStoreError.Unavailability.damaged, ObjectStoreError.Unavailability.other,
        ] {
            let cause = make("registry.sqlite: disk I/O error")
            #expect("\(cause)" == "registry.sqlite: disk I/O error")
            #expect("\(ObjectStoreError.unavailable(cause))" == "registry.sqlite: disk I/O error")
        }
    }
}
