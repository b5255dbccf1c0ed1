import Glibc

/// The descriptors that this process may have open (`RLIMIT_NOFILE`).
enum DescriptorLimit {
    /// Raises the soft limit to what is needed, as far as the hard one goes; never lowers it.
    ///
    /// - Returns: the limit from then on; `needed` where the system does not tell.
    static func raise(to needed: Int) -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return needed }
        guard limit.rlim_cur < rlim_t(clamping: needed) else { return Int(clamping: limit.rlim_cur) }
        let old = limit.rlim_cur
        limit.rlim_cur = min(rlim_t(clamping: needed), limit.rlim_max)
        return Int(clamping: setrlimit(resource, &limit) == 0 ? limit.rlim_cur : old)
    }
}
