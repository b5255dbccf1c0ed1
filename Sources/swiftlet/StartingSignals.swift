import Glibc

/// Signals that come before the parts of a server are there that mind them.
enum StartingSignals {
    /// Has signals to end the process end it with status 0, at once: no write has been acknowledged yet, and no query is
    /// under way for long that would have to be seen to its end. Those that ask for another look at the Corefile
    /// (SIGUSR1), or tell of a terminal that went away (SIGHUP, which CoreDNS does not mind either), do nothing.
    ///
    /// Once the parts run, their handlers take the place of these (`ServiceGroup`, `CorefileFrontend`).
    static func mind() {
        for number in [SIGTERM, SIGINT] { signal(number) { _ in _exit(0) } }
        for number in [SIGUSR1, SIGHUP] { signal(number, SIG_IGN) }
    }
}
