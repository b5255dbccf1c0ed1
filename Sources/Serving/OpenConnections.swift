import Descriptors
import NIOCore
import Synchronization

/// The connections that are open, with their places. Any thread.
final class OpenConnections: Sendable {
    private struct State {
        var places: ConnectionPlaces<ObjectIdentifier>
        var channels: [ObjectIdentifier: any Channel] = [:]
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - maximum: the most connections at a time.
    ///   - share: the most of one address.
    init(_ maximum: Int, share: Int) {
        state = Mutex(State(places: ConnectionPlaces(maximum, share: share)))
    }

    /// Says false where there is no place for a connection; closes another one where it gets its place.
    func enter(_ channel: any Channel) -> Bool {
        let (id, host) = (ObjectIdentifier(channel), channel.remoteAddress?.ipAddress ?? "")
        let isShort = Descriptors.areScarce(forProbes: true)
        let (isTaken, former) = state.withLock { state -> (Bool, (any Channel)?) in
            switch state.places.enter(id, of: host, isShort: isShort) {
            case .refused: return (false, nil)
            case .taken:
                state.channels[id] = channel
                return (true, nil)
            case .takenOver(let former):
                state.channels[id] = channel
                return (true, state.channels[former])
            }
        }
        if isTaken { Descriptors.noteConnection() }
        former?.close(mode: .all, promise: nil)
        return isTaken
    }

    /// A connection that has entered is closed.
    func leave(_ channel: any Channel) {
        Descriptors.noteConnectionEnd()
        state.withLock { state in
            state.places.leave(ObjectIdentifier(channel))
            state.channels[ObjectIdentifier(channel)] = nil
        }
    }
}
