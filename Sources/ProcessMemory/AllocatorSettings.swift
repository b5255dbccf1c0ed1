import CMemory

/// How glibc's malloc is to treat a process that lives long and now and then handles texts of many megabytes.
package enum AllocatorSettings {
    /// To be called before other threads are started.
    ///
    /// Large buffers are mapped by themselves and go back to the system when they are freed; glibc would raise that
    /// threshold with each of them, and keep them. Two arenas: objects that are kept lie among what was thrown away when
    /// they were read, in as many arenas as there were threads reading.
    package static func apply() {
        mallopt(M_MMAP_THRESHOLD, 256 << 10)
        mallopt(M_ARENA_MAX, 2)
    }
}
