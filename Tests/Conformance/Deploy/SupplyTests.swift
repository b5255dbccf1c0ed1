import Foundation
import Testing

@Suite("What the server is made of")
struct SupplyTests {
    private static let root = Kustomization.deployFolder.deletingLastPathComponent()

    /// A field of a JSON object.
    private func object(_ value: Any?) throws -> [String: Any] { try #require(value as? [String: Any]) }

    @Test("deploy/sbom writes a CycloneDX 1.5 document with each pinned package, and what the binary loads")
    func sbom() throws {
        let made = try run(
            "sh", ["-c", "cd '\(Self.root.path)' && SOURCE_DATE_EPOCH=1 deploy/sbom \(ServerUnderTest.binary)"])
        #expect(made.status == 0, "\(made.errors)")
        let document = try object(JSONSerialization.jsonObject(with: Data(made.output.utf8)))
        #expect(document["bomFormat"] as? String == "CycloneDX")
        #expect(document["specVersion"] as? String == "1.5")
        let serial = try #require(document["serialNumber"] as? String)
        #expect(serial.wholeMatch(of: /urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/) != nil)
        let metadata = try object(document["metadata"])
        #expect(metadata["timestamp"] as? String == "1970-01-01T00:00:01Z")
        let main = try object(metadata["component"])
        #expect(main["type"] as? String == "application" && main["name"] as? String == "swiftlet")

        let components = try #require(document["components"] as? [[String: Any]])
        var versions: [String: String] = [:]
        for component in components {
            // What the schema requires of a component, and what makes it of use.
            let name = try #require(component["name"] as? String)
            let type = try #require(component["type"] as? String)
            #expect(["library", "framework"].contains(type), "\(name)")
            versions[name] = try #require(component["version"] as? String)
            #expect(versions[name]?.isEmpty == false, "\(name)")
            #expect((component["purl"] as? String)?.hasPrefix("pkg:") == true, "\(name)")
        }
        let references = components.compactMap { $0["bom-ref"] as? String }
        #expect(Set(references).count == components.count)
        let dependencies = try #require(document["dependencies"] as? [[String: Any]])
        #expect(dependencies.first?["ref"] as? String == main["bom-ref"] as? String)
        #expect((dependencies.first?["dependsOn"] as? [String]).map { Set($0) } == Set(references))

        let resolved = try object(
            JSONSerialization.jsonObject(with: Data(contentsOf: Self.root.appending(path: "Package.resolved"))))
        let pins = try #require(resolved["pins"] as? [[String: Any]])
        for pin in pins {
            let identity = try #require(pin["identity"] as? String)
            #expect(versions[identity] == (try object(pin["state"])["version"] as? String), "\(identity)")
        }
        for name in ["libldns3", "libsqlite3-0", "libc6", "swift", "boringssl", "llhttp", "libyaml", "xkcp"] {
            #expect(versions[name] != nil, "\(name)")
        }
    }

    @Test("Each dependency is pinned to one version, and a line above it says why it is there")
    func dependencies() throws {
        let text = try String(contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8)
        let list = try #require(text.firstMatch(of: /let dependencies: \[Package.Dependency\] = \[\n((?:.*\n)*?)\]/))
        var isExplained = false
        var count = 0
        for line in list.1.split(separator: "\n").map({ $0.drop { $0 == " " } }) {
            if line.hasPrefix("//") {
                isExplained = true
            } else {
                count += 1
                #expect(isExplained, "\(line)")
                isExplained = false
                #expect(
                    line.firstMatch(
                        of: /url: "https:\/\/[^"]+", exact: "\d+\.\d+\.\d+"/)
                        != nil, "\(line)")
            }
        }
        #expect(count > 5)
    }

    /// The targets that may call a C library or the headers of the project's own C, and which.
    private static let allowed: [String: Set<String>] = [
        "LDNS": ["CLdns"], "Nameserver": ["CDatagram"], "Forwarding": ["CDatagram"], "ProcessMemory": ["CMemory"],
        "ProcessRights": ["CRights"],
    ]

    @Test("C is called in the targets that are there for it, and nowhere else")
    func cTargets() throws {
        let sources = Self.root.appending(path: "Sources")
        let package = try String(contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8)
        // C targets are called so by their names: those of the package, and those that Swift packages bring.
        let own = Set(package.matches(of: /\.(?:systemLibrary|target)\(\s*name: "(C[A-Z]\w+)"/).map { String($0.1) })
            .filter {
                FileManager.default.fileExists(atPath: sources.appending(path: "\($0)/module.modulemap").path)
                    || FileManager.default.fileExists(atPath: sources.appending(path: "\($0)/include").path)
            }
        #expect(own.isSuperset(of: ["CLdns", "CDatagram", "CMemory", "CRights"]))
        let others: Set<String> = [
            "GRDBSQLite", "CSQLite", "CYaml", "CNIOBoringSSL", "CNIOLinux", "CNIOPosix", "SQLite3",
        ]
        var found: [String: Set<String>] = [:]
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" {
            let target = file.path.dropFirst(sources.path.count + 1).prefix { $0 != "/" }
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(
                of: /(?m)^(?:@\w+(?:\([^)]*\))? )*(?:(?:public|package|internal|private) )?import (\w+)/)
            {
                let module = String(match.1)
                if own.contains(module) || others.contains(module) { found[String(target), default: []].insert(module) }
            }
        }
        // SQLite's own calls stand behind GRDB; those that GRDB has none for are the store's.
        found["EmbeddedRegistry"]?.remove("GRDBSQLite")
        if found["EmbeddedRegistry"]?.isEmpty == true { found["EmbeddedRegistry"] = nil }
        #expect(found == Self.allowed)
    }

    @Test("SECURITY.md says how to report, what is promised and for which versions")
    func security() throws {
        let text = try String(contentsOf: Self.root.appending(path: "SECURITY.md"), encoding: .utf8)
        for heading in ["## Reporting", "## Supported versions", "## What is promised", "## Tenants"] {
            #expect(text.contains("\n\(heading)"), "\(heading)")
        }
    }

    @Test("Each row of deploy/CONFORMANCE.md names tests that there are")
    func conformanceTable() throws {
        let text = try String(
            contentsOf: Kustomization.deployFolder.appending(path: "CONFORMANCE.md"), encoding: .utf8)
        var names: Set<String> = []
        let files = try #require(
            FileManager.default.enumerator(at: Self.root.appending(path: "Tests"), includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" {
            let source = try String(contentsOf: file, encoding: .utf8)
            for match in source.matches(of: /(?:struct|final class|enum) (\w+Tests)\b/) {
                names.insert(String(match.1))
            }
        }
        var rows = 0
        for line in text.split(separator: "\n") where line.hasPrefix("|") && !line.hasPrefix("|-") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 3, cells[2] != "Tests" else {
                #expect(cells.count == 3, "\(line)")
                continue
            }
            rows += 1
            let tests = cells[2].matches(of: /\w+Tests/).map { String($0.0) }
            #expect(!tests.isEmpty, "\(line)")
            for test in tests { #expect(names.contains(test), "\(test) in \(line)") }
        }
        #expect(rows > 40)
    }
}
