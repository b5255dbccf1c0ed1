import Foundation
import Glibc
import Synchronization

/// Tells which entries of watched folders may have changed, as inotify reports it (inotify(7)).
///
/// A thread of its own waits in the kernel; what it read stands ready in `takeChanges()`, gathered until it is taken,
/// and `signals` says that there is something. Changes that other machines make on a network file system do not show.
package final class FileWatcher: Sendable {
    /// What happened to an entry of a folder, or to the folder itself.
    package struct Kinds: OptionSet, Hashable, Sendable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        /// A file that was open for writing was closed.
        package static let written = Self(rawValue: UInt32(IN_CLOSE_WRITE))
        /// A file was written to or cut.
        static let modified = Self(rawValue: UInt32(IN_MODIFY))
        /// Permissions or owner changed.
        package static let attributes = Self(rawValue: UInt32(IN_ATTRIB))
        package static let created = Self(rawValue: UInt32(IN_CREATE))
        package static let deleted = Self(rawValue: UInt32(IN_DELETE))
        package static let movedAway = Self(rawValue: UInt32(IN_MOVED_FROM))
        package static let movedHere = Self(rawValue: UInt32(IN_MOVED_TO))
        /// The watched folder itself was deleted, moved or unmounted; comes without a name.
        package static let folderGone = Self(rawValue: UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT))
        /// The entry is a folder.
        package static let isFolder = Self(rawValue: UInt32(IN_ISDIR))

        /// An entry came or went.
        package static let entries: Self = [.created, .deleted, .movedAway, .movedHere]
    }

    /// An entry of a folder, by the path that the folder is watched under.
    package struct Place: Hashable, Sendable {
        package let folder: String
        /// Empty for the folder itself.
        package let name: String

        package init(folder: String, name: String) {
            self.folder = folder
            self.name = name
        }
    }

    package struct Changes: Sendable {
        package var kinds: [Place: Kinds] = [:]
        /// The kernel dropped events: anything may have changed.
        package var hasGaps = false

        package init() {}

        package var isEmpty: Bool { kinds.isEmpty && !hasGaps }
    }

    /// What of a folder is of interest.
    package enum Interest: Hashable, Sendable {
        /// Everything in it.
        case everything
        /// That these entries come and go, or get other permissions.
        case entries(Set<String>)
        /// The same, and that they are written.
        case files(Set<String>)
    }

    private struct Watch {
        var descriptor: Int32
        /// nil for all names.
        var names: Set<String>?
        var mask: UInt32
        var generation: Int
    }

    private struct State {
        var watches: [String: Watch] = [:]
        /// The paths of the folder behind each descriptor; several where links lead to one folder.
        var folders: [Int32: Set<String>] = [:]
        var generation = 0
        var changes = Changes()
        /// What was written to and has not been closed since.
        var unfinished: Set<Place> = []
        /// That, and what was written to since the reading under way began; nil where events were lost since.
        var touched: Set<Place>? = []
        var isClosed = false
    }

    /// An element whenever changes stand ready; for one reader.
    package let signals: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let state = Mutex(State())
    private let descriptor: Int32
    private let stopper: Int32
    /// Held while events are read and taken, so that they are taken in their order; false once none are read any more.
    private let isReading = Mutex(true)
    private let noticesWriters: Bool

    /// - Parameter noticesWriters: whether `touched()` is to tell of files that are being written. It costs an event for each
    ///   write.
    package init(noticesWriters: Bool = false) throws(FileWatcherError) {
        self.noticesWriters = noticesWriters
        descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        guard descriptor >= 0 else { throw FileWatcherError(folder: nil, code: errno) }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            let code = errno
            close(descriptor)
            throw FileWatcherError(folder: nil, code: code)
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        stopper = ends[1]
        (signals, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        let (descriptor, waker) = (descriptor, ends[0])
        // The thread must not keep the watcher alive: it ends when the last user lets go of it.
        let thread = Thread { [weak self] in
            Self.wait(on: descriptor, until: waker) { self?.readEvents() }
            close(waker)
        }
        thread.name = "file-watcher"
        thread.start()
    }

    deinit {
        stop()
    }

    /// Ends the thread and `signals`; may be called more than once.
    package func stop() {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return }
        isReading.withLock { $0 = false }
        close(stopper)
        continuation.finish()
    }

    /// Opens a renewal: folders that are not watched anew until `endRenewal()` are let go then.
    package func beginRenewal() {
        state.withLock { $0.generation += 1 }
    }

    package func endRenewal() {
        state.withLock { state in
            for (folder, watch) in state.watches where watch.generation != state.generation {
                forget(folder, watch.descriptor, &state)
                state.watches[folder] = nil
            }
        }
    }

    /// Watches a folder, or more of one, from this moment on.
    ///
    /// Call it before reading the folder, and nothing that changes in between is missed. A path that now leads to
    /// another folder than before is followed there.
    package func watch(_ folder: String, _ interest: Interest) throws(FileWatcherError) {
        let writing = UInt32(IN_CLOSE_WRITE | (noticesWriters ? IN_MODIFY : 0))
        let code = state.withLock { state -> Int32 in
            guard !state.isClosed else { return EBADF }
            var watch = state.watches[folder] ?? Watch(descriptor: -1, names: [], mask: 0, generation: -1)
            if watch.generation != state.generation { watch.names = [] }
            var mask = UInt32(
                IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)
            switch interest {
            case .everything:
                watch.names = nil
                mask |= writing
            case .entries(let names):
                watch.names?.formUnion(names)
            case .files(let names):
                watch.names?.formUnion(names)
                mask |= writing
            }
            if watch.generation != state.generation || watch.mask | mask != watch.mask {
                let flags = UInt32(IN_ONLYDIR) | UInt32(IN_MASK_ADD)
                let found = inotify_add_watch(descriptor, folder, mask | flags)
                guard found >= 0 else { return errno }
                if watch.descriptor != found {
                    if watch.descriptor >= 0 { forget(folder, watch.descriptor, &state) }
                    watch.descriptor = found
                    watch.mask = 0
                    state.folders[found, default: []].insert(folder)
                }
                watch.mask |= mask
            }
            watch.generation = state.generation
            state.watches[folder] = watch
            return 0
        }
        guard code == 0 else { throw FileWatcherError(folder: folder, code: code) }
    }

    /// What changed since the last call.
    package func takeChanges() -> Changes {
        state.withLock { state in
            defer { state.changes = Changes() }
            return state.changes
        }
    }

    /// Begins a reading of watched files: what is written to from here on is told by `touched()`. For one reader.
    package func beginReading() {
        readEvents()
        state.withLock { $0.touched = $0.unfinished }
    }

    /// What somebody has written to, or cut, since the reading began, or before and has not closed since: what was read of
    /// it need not be the whole. When it is closed, `signals` tells. What is being written since before it was watched is
    /// not known.
    ///
    /// - Returns: nil where events were lost meanwhile, of which the changes tell: then it may be any file.
    package func touched() -> Set<Place>? {
        readEvents()
        return state.withLock { $0.touched }
    }

    /// Wakes the reader of `signals` though nothing changed.
    package func signal() {
        continuation.yield()
    }

    private func forget(_ folder: String, _ watched: Int32, _ state: inout State) {
        state.folders[watched]?.remove(folder)
        if state.folders[watched]?.isEmpty == true {
            state.folders[watched] = nil
            if !state.isClosed { inotify_rm_watch(descriptor, watched) }
        }
        forgetWriters(in: folder, &state)
    }

    /// Of a folder that is not watched any more nobody tells when they close.
    private func forgetWriters(in folder: String, _ state: inout State) {
        state.unfinished = state.unfinished.filter { $0.folder != folder }
    }

    /// Takes the events that have come so far; who writes without end does not keep it.
    private func readEvents() {
        isReading.withLock { isReading in
            var rest: Int32 = 0
            guard isReading, ioctl(descriptor, UInt(FIONREAD), &rest) == 0 else { return }
            withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 8) { buffer in
                while rest > 0 {
                    let count = read(descriptor, buffer.baseAddress, buffer.count)
                    guard count > 0 else { return }
                    take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    rest -= Int32(count)
                }
            }
        }
    }

    /// Takes the events of one read, all of them before the reader wakes.
    private func take(_ bytes: UnsafeRawBufferPointer) {
        let hasNews = state.withLock { state in
            var offset = 0
            while offset + Self.headerSize <= bytes.count {
                let watched = bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)
                let mask = bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                let length = Int(bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
                let nameStart = offset + Self.headerSize
                guard nameStart + length <= bytes.count else { break }
                // The name is padded with NULs.
                let name = String(
                    decoding: bytes[nameStart..<nameStart + length].prefix { $0 != 0 }, as: UTF8.self)
                note(watched, mask, name, &state)
                offset = nameStart + length
            }
            return !state.changes.isEmpty
        }
        if hasNews { continuation.yield() }
    }

    private func note(_ watched: Int32, _ mask: UInt32, _ name: String, _ state: inout State) {
        if mask & UInt32(IN_Q_OVERFLOW) != 0 {
            state.changes.hasGaps = true
            // The end of some writing may be among what was lost.
            state.unfinished = []
            state.touched = nil
        }
        guard let folders = state.folders[watched] else { return }
        let kinds = Kinds(rawValue: mask)
        for folder in folders {
            guard let watch = state.watches[folder] else { continue }
            if !kinds.isDisjoint(with: .folderGone) {
                state.changes.kinds[Place(folder: folder, name: ""), default: []].formUnion(kinds)
            } else if !name.isEmpty, watch.names?.contains(name) != false {
                let place = Place(folder: folder, name: name)
                // It says that there will be something to read, and comes again when there is.
                if kinds == .modified {
                    state.unfinished.insert(place)
                    state.touched?.insert(place)
                    continue
                }
                if kinds != .attributes { state.unfinished.remove(place) }
                state.changes.kinds[place, default: []].formUnion(kinds)
            }
        }
        if mask & UInt32(IN_IGNORED) != 0 {
            state.folders[watched] = nil
            for folder in folders {
                state.watches[folder] = nil
                forgetWriters(in: folder, &state)
            }
        }
    }

    private static let headerSize = MemoryLayout<inotify_event>.size

    /// Has events read until the other end of `waker` closes, then closes the inotify descriptor.
    private static func wait(on descriptor: Int32, until waker: Int32, readEvents: () -> Void) {
        defer { close(descriptor) }
        var polled = [
            pollfd(fd: waker, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            if poll(&polled, nfds_t(polled.count), -1) < 0 {
                if errno == EINTR { continue }
                return
            }
            if polled[0].revents != 0 { return }
            readEvents()
            if polled[1].revents & Int16(POLLIN) == 0 {
                // The descriptor stays open, and out of use for others, until nobody can add watches to it.
                polled[1].fd = -1
            }
            // Each write to a watched file is an event: somebody who writes much must not keep this thread busy.
            _ = poll(&polled, 1, pause)
        }
    }

    /// From one reading of events to the next at least, in milliseconds.
    private static let pause: Int32 = 1
}

/// A folder that cannot be watched.
package struct FileWatcherError: Error, Hashable, Sendable {
    /// nil where no folder can be watched at all.
    package let folder: String?
    /// The error number of the system.
    package let code: Int32
}

extension FileWatcherError: CustomStringConvertible {
    package var description: String {
        let reason =
            switch code {
            case ENOSPC: "no more folders can be watched; raise the limit: sysctl fs.inotify.max_user_watches"
            case EMFILE: "too many watchers or open files; see sysctl fs.inotify.max_user_instances and ulimit -n"
            default: String(cString: strerror(code))
            }
        return folder.map { "\($0): cannot be watched: \(reason)" } ?? "files cannot be watched: \(reason)"
    }
}
