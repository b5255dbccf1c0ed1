import Registry
import TestSupport
import Testing

@testable import RegistryControllers

@Suite("Indices of Services and Pods by labels")
struct IndexTests {
    private static func labels(_ generator: inout SeededGenerator, count: ClosedRange<Int>) -> [String: String] {
        var labels: [String: String] = [:]
        for _ in 0..<Int.random(in: count, using: &generator) {
            let key = ["app", "tier", "track"].randomElement(using: &generator) ?? ""
            labels[key] = "v\(Int.random(in: 0..<3, using: &generator))"
        }
        return labels
    }

    @Test("Both directions give what asking everything gives, over random histories")
    func histories() throws {
        var generator = SeededGenerator.announced()
        var services = ServiceIndex()
        var pods = PodIndex()
        var allServices: [NamespacedName: EndpointService] = [:]
        var allPods: [NamespacedName: EndpointPod] = [:]
        for round in 0..<4000 {
            let id = NamespacedName(
                namespace: ["a", "b"].randomElement(using: &generator) ?? "",
                name: "x\(Int.random(in: 0..<12, using: &generator))")
            switch Int.random(in: 0..<6, using: &generator) {
            case 0, 1:
                let selector = Self.labels(&generator, count: 0...3)
                let service = EndpointService(
                    .object(["spec": .object(["selector": .map(selector)])]), id: id)
                services.set(service)
                allServices[id] = service
            case 2:
                services.remove(id)
                allServices[id] = nil
            case 3, 4:
                var content = EndpointPod.Content()
                content.labels = Self.labels(&generator, count: 0...3)
                content.nodeName = ["", "n1", "n2"].randomElement(using: &generator) ?? ""
                let pod = EndpointPod(id: id, content: content)
                pods.set(pod)
                allPods[id] = pod
            default:
                pods.remove(id)
                allPods[id] = nil
            }
            guard round % 10 == 0 else { continue }
            for (id, service) in allServices {
                let expected = allPods.values.filter {
                    $0.id.namespace == id.namespace && service.selects($0.labels)
                }
                #expect(Set(pods.selected(by: service).map(\.id)) == Set(expected.map(\.id)))
            }
            for (id, pod) in allPods {
                let expected = allServices.values.filter {
                    $0.id.namespace == id.namespace && $0.selects(pod.labels)
                }
                let found = services.selecting(pod.labels, in: id.namespace).services
                #expect(found.count == Set(found).count)
                #expect(Set(found) == Set(expected.map(\.id)))
            }
            for node in ["n1", "n2"] {
                #expect(
                    Set(pods.pods(on: node).map(\.id))
                        == Set(allPods.values.filter { $0.content.nodeName == node }.map(\.id)))
            }
        }
    }

    @Test("Of 10,000 Services that share a label, only those of a Pod's own are looked at")
    func cost() {
        var services = ServiceIndex()
        for number in 0..<10_000 {
            services.set(
                EndpointService(
                    .object(["spec": .object(["selector": .map(["tier": "web", "app": "a\(number)"])])]),
                    id: NamespacedName(namespace: "prod", name: "s\(number)")))
        }
        let found = services.selecting(["tier": "web", "app": "a77"], in: "prod")
        #expect(found.services.map(\.name) == ["s77"])
        #expect(found.examined <= 2)
    }
}
