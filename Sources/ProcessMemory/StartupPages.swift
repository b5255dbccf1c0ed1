import CMemory
import Foundation
import Synchronization

/// The pages of the program and its libraries that only what is over has used: reading the arguments, a list, opening.
package enum StartupPages {
    /// Takes them out of the process's memory, and with them those still in use, which come back at once.
    ///
    /// From any thread; costs a page fault for each 64 KiB that are in use, some tenths of a millisecond in all.
    package static func giveBack() { memory_release_code() }

    private static let isFollowed = Atomic(false)

    /// Gives back again and again on a thread of its own, until ``endFollowing()`` and for 50 ms at most.
    ///
    /// Opening walks once through megabytes of code, in the few milliseconds when what was needed for loading is not freed
    /// yet: no single moment to give back would be early enough for all of it.
    package static func follow() {
        guard !isFollowed.exchange(true, ordering: .relaxed) else { return }
        let thread = Thread {
            for _ in 0..<rounds where isFollowed.load(ordering: .relaxed) {
                giveBack()
                usleep(pause)
            }
        }
        thread.stackSize = 64 << 10
        thread.start()
    }

    package static func endFollowing() { isFollowed.store(false, ordering: .relaxed) }

    /// In microseconds: what runs has the pages it needs for most of it, and touches some megabytes of others.
    private static let pause: UInt32 = 250
    private static let rounds = 200
}
