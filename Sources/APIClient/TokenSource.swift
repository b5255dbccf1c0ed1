import Foundation
import Synchronization

/// What a client says of itself in `Authorization`: a token from a file is read again as time goes by.
final class TokenSource: Sendable {
    /// How long a token from a file is used before it is read again; those of Pods are renewed at 80 % of an hour.
    static let renewal = Duration.seconds(60)

    private struct State {
        var token: String?
        var readAt: ContinuousClock.Instant?
    }

    private let file: String?
    private let fixed: String?
    private let state: Mutex<State>

    /// Reads a token file at once, so that one that is missing is told before anything is sent.
    init(_ credentials: APIAccess.Credentials) throws(APIAccessError) {
        switch credentials {
        case .none:
            (file, fixed) = (nil, nil)
            state = Mutex(State())
        case .token(let token):
            (file, fixed) = (nil, "Bearer \(token)")
            state = Mutex(State())
        case .password(let user, let password):
            (file, fixed) = (nil, "Basic " + Data("\(user):\(password)".utf8).base64EncodedString())
            state = Mutex(State())
        case .tokenFile(let path, let initial):
            (file, fixed) = (path, nil)
            do throws(APIAccessError) {
                state = Mutex(State(token: try AccessFile.word(path), readAt: .now))
            } catch {
                guard let initial else { throw error }
                state = Mutex(State(token: initial))
            }
        }
    }

    /// The value of the header; nil for none. A file that cannot be read leaves the token as it was.
    func authorization(now: ContinuousClock.Instant = .now) -> String? {
        guard let file else { return fixed }
        return state.withLock { state in
            if state.readAt.map({ now >= $0 + Self.renewal }) ?? true {
                state.readAt = now
                if let token = try? AccessFile.word(file) { state.token = token }
            }
            return state.token.map { "Bearer \($0)" }
        }
    }

    /// Has the file read again; says whether another token may be the outcome.
    func renew() -> Bool {
        guard file != nil else { return false }
        state.withLock { $0.readAt = nil }
        return true
    }
}
