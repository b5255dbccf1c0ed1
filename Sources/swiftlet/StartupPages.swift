import CMemory

/// The pages of the program and its libraries that only what is over has used: reading the arguments, opening, a list.
enum StartupPages {
    /// Takes them out of the process's memory, and with them those still in use, which come back at once.
    ///
    /// From any thread; costs as many page faults as there are places in use, some tens of microseconds.
    static func giveBack() { memory_release_code() }
}
