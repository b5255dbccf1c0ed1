import CMemory

/// The pages of the program and its libraries that only what is over has used: reading the arguments, opening, a list.
enum StartupPages {
    /// Takes them out of the process's memory, and with them those still in use, which come back at once.
    ///
    /// From any thread; costs a page fault for each 64 KiB that are in use, some tenths of a millisecond in all.
    static func giveBack() { memory_release_code() }
}
