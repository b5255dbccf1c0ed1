import NIOCore
import NIOPosix

/// Runs tasks on the thread of an event loop: what a connection brings is worked on where it arrives.
///
/// For a client whose answers come one by one and ask for little each, as the events of a watch do: each saves the wake
/// of another thread. What takes long, or waits for a disk, belongs elsewhere: it would keep the connections waiting.
package final class EventLoopExecutor: TaskExecutor {
    let loop: any EventLoop

    /// One of the process's event loops, which are never shut down.
    package init() { loop = MultiThreadedEventLoopGroup.singleton.next() }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
