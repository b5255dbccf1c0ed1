import NIOCore

/// Ends a connection that brings no query, takes too long over one, or does not take its replies.
///
/// Confined to the connection's event loop. One timer, which looks again when it fires rather than being moved at each
/// query.
struct ConnectionDeadline {
    /// What a connection is about.
    struct Activity: Hashable {
        /// Part of a query is here.
        var isReading: Bool
        /// Replies wait for the peer to take them.
        var isWriting: Bool
        /// Stages work for it.
        var isAnswering: Bool
    }

    private final class Timer {
        var activity: Activity?
        /// When the activity began.
        var since = NIODeadline.now()
        var timeouts = Timeouts()
        var scheduled: (task: Scheduled<Void>, at: NIODeadline)?

        /// When the connection is to be ended; nil while it waits for us.
        var end: NIODeadline? {
            guard let activity else { return nil }
            if activity.isWriting { return since + TimeAmount(timeouts.write) }
            if activity.isReading { return since + TimeAmount(timeouts.read) }
            return activity.isAnswering ? nil : since + TimeAmount(timeouts.idle)
        }

        func schedule(_ channel: any Channel) {
            guard let end else { return }
            if let scheduled, scheduled.at <= end { return }
            scheduled?.task.cancel()
            let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
            let task = channel.eventLoop.scheduleTask(deadline: end) {
                let timer = bound.value
                timer.scheduled = nil
                guard let end = timer.end else { return }
                if end <= .now() { channel.close(mode: .all, promise: nil) } else { timer.schedule(channel) }
            }
            scheduled = (task, end)
        }
    }

    private let timer = Timer()

    /// A query has come whole, or replies have been taken: what is waited for begins anew.
    func noteQuery() { timer.since = .now() }

    /// Tells what the connection is about now.
    func update(_ activity: Activity, _ timeouts: Timeouts, _ channel: any Channel) {
        timer.timeouts = timeouts
        if timer.activity != activity {
            timer.activity = activity
            timer.since = .now()
        }
        timer.schedule(channel)
    }

    func cancel() {
        timer.scheduled?.task.cancel()
        timer.scheduled = nil
        timer.activity = nil
    }
}
