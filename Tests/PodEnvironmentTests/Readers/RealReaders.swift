import Foundation

/// The programs and libraries that environment files are written for, where they are installed.
enum RealReaders {
    /// Runs a program with an empty environment (but `PATH` and `HOME`) and gives its standard output.
    static func run(_ arguments: [String]) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let present = ProcessInfo.processInfo.environment
        let passed = ["PATH", "HOME"].compactMap { name in present[name].map { "\(name)=\($0)" } }
        process.arguments = ["-i"] + passed + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw UnreadableFile(reason: "\(arguments.prefix(1)) ended with status \(process.terminationStatus)")
        }
        return data
    }

    static func succeeds(_ arguments: [String]) -> Bool { (try? run(arguments)) != nil }

    /// Puts a text into a file for the time of a reading.
    static func withFile<Result>(_ text: String, _ body: (String) throws -> Result) throws -> Result {
        let path = NSTemporaryDirectory() + "swiftlet-environment-\(UUID().uuidString)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    /// What a shell has exported after `.`.
    static func shell(_ program: String, _ text: String) throws -> ReadVariables {
        try withFile(text) { path in
            var variables: ReadVariables = [:]
            for entry in try run([program, "-c", ". \"$1\" && exec env -0", program, path]).split(separator: 0) {
                let name = entry.prefix { $0 != UInt8(ascii: "=") }
                variables[String(decoding: name, as: UTF8.self)] = Array(entry.dropFirst(name.count + 1))
            }
            return variables
        }
    }

    static let hasPythonDotenv = succeeds(["python3", "-c", "import dotenv"])

    static func pythonDotenv(_ text: String, interpolates: Bool) throws -> ReadVariables {
        let script = """
            import dotenv, json, sys
            json.dump(dotenv.dotenv_values(sys.argv[1], interpolate=\(interpolates ? "True" : "False")), sys.stdout)
            """
        return try withFile(text) { try objectOfStrings(try run(["python3", "-c", script, $0])) }
    }

    static let hasNodeParseEnv = succeeds(["node", "-e", "require('util').parseEnv('A=b')"])

    /// The reader behind node's `--env-file`.
    static func node(_ text: String) throws -> ReadVariables {
        let script =
            "process.stdout.write(JSON.stringify(require('util').parseEnv("
            + "require('fs').readFileSync(process.argv[1], 'utf8'))))"
        return try withFile(text) { try objectOfStrings(try run(["node", "-e", script, $0])) }
    }

    static func objectOfStrings(_ data: Data) throws -> ReadVariables {
        try JSONDecoder().decode([String: String].self, from: data).mapValues { Array($0.utf8) }
    }

    static let hasDocker = succeeds(["docker", "--version"]) && succeeds(["python3", "--version"])

    /// What docker's client would send to the daemon for `--env-file`; the daemon here only listens.
    static func docker(_ text: String) throws -> ReadVariables {
        let script = """
            import http.server, json, os, socketserver, subprocess, sys, threading
            class Daemon(http.server.BaseHTTPRequestHandler):
                def log_message(self, *_): pass
                def address_string(self): return ''
                def answer(self, body):
                    self.send_response(200); self.send_header('Api-Version', '1.41')
                    self.send_header('Content-Type', 'application/json')
                    self.send_header('Content-Length', str(len(body))); self.end_headers(); self.wfile.write(body)
                def do_HEAD(self): self.answer(b'')
                def do_GET(self): self.answer(b'{}')
                def do_POST(self):
                    body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
                    if 'containers/create' in self.path: found.append(json.loads(body)['Env'])
                    self.answer(b'{"Id": "x"}')
            found = []
            path = sys.argv[1] + '.socket'
            server = socketserver.ThreadingUnixStreamServer(path, Daemon)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            done = subprocess.run(['docker', '--host', 'unix://' + path, 'create', '--env-file', sys.argv[1], 'image'],
                                  capture_output=True)
            os.unlink(path)
            if not found: sys.exit(done.stderr.decode(errors='replace') or 1)
            json.dump(dict(entry.split('=', 1) for entry in found[0] or []), sys.stdout)
            """
        return try withFile(text) { try objectOfStrings(try run(["python3", "-c", script, $0])) }
    }

    /// systemd's own reader of environment files, out of the library that its programs share.
    static func systemd(_ text: String) throws -> ReadVariables {
        guard let library = systemdLibrary, let address = dlsym(library.handle, "load_env_file") else {
            throw UnreadableFile(reason: "no libsystemd-shared")
        }
        typealias Strings = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
        typealias Load = @convention(c) (OpaquePointer?, UnsafePointer<CChar>, UnsafeMutablePointer<Strings?>) -> Int32
        typealias IsValid = @convention(c) (UnsafePointer<CChar>) -> Bool
        let load = unsafeBitCast(address, to: Load.self)
        // What `EnvironmentFile=` does with each entry afterwards.
        let isValid = dlsym(library.handle, "env_assignment_is_valid").map { unsafeBitCast($0, to: IsValid.self) }
        return try withFile(text) { path in
            var list: Strings?
            let result = load(nil, path, &list)
            guard result >= 0 else { throw UnreadableFile(reason: String(cString: strerror(-result))) }
            var variables: ReadVariables = [:]
            guard let list else { return variables }
            defer { free(list) }
            var index = 0
            while let entry = list[index] {
                defer { free(entry) }
                index += 1
                guard isValid?(entry) ?? true else { continue }
                let bytes = UnsafeRawBufferPointer(start: entry, count: strlen(entry))
                let name = bytes.prefix { $0 != UInt8(ascii: "=") }
                variables[String(decoding: name, as: UTF8.self)] = Array(bytes.dropFirst(name.count + 1))
            }
            return variables
        }
    }

    static var hasSystemd: Bool { systemdLibrary != nil }

    /// `@unchecked Sendable`: a handle of dlopen may be used from any thread.
    private struct Library: @unchecked Sendable {
        let handle: UnsafeMutableRawPointer
    }

    private static let systemdLibrary: Library? = {
        let folders = ["/usr/lib/x86_64-linux-gnu/systemd", "/usr/lib/aarch64-linux-gnu/systemd", "/usr/lib/systemd"]
        for folder in folders {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            for name in names.sorted() where name.hasPrefix("libsystemd-shared-") && name.hasSuffix(".so") {
                if let handle = dlopen("\(folder)/\(name)", RTLD_LAZY | RTLD_LOCAL) { return Library(handle: handle) }
            }
        }
        return nil
    }()
}
