import NIOCore
import NIOPosix

/// Runs tasks on the thread of an event loop: what a connection brings is worked on where it arrives.
///
/// For a client whose answers come one by one and ask for little each, as the events of a watch do: each saves the wake
/// of another thread. The thread is its own, as some of the work takes long (the names of a whole cluster), and the
/// process's other loops answer probes and ask upstreams meanwhile. What waits for a disk belongs elsewhere.
///
/// To be held for as long as there are tasks and connections on it; the thread ends with the last reference.
package final class EventLoopExecutor: TaskExecutor {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop: any EventLoop

    package init() { loop = group.next() }

    deinit {
        // The last reference may go on the thread itself, which is then not waited for.
        group.shutdownGracefully { _ in }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
