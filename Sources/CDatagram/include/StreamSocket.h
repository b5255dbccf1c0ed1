#ifndef SWIFTLET_STREAM_SOCKET_H
#define SWIFTLET_STREAM_SOCKET_H

// Connections without a thread each: accept4(2) and epoll(7), which Swift's Glibc module does not show. A poller is made
// by `datagram_poller_make`.

#include <netinet/in.h>
#include <stdint.h>

/// What a poller says of one socket.
struct stream_event {
    uint64_t token;
    /// Of STREAM_READABLE, STREAM_WRITABLE and STREAM_BROKEN.
    uint32_t news;
};

#define STREAM_READABLE 1u
#define STREAM_WRITABLE 2u
/// The connection is over in both directions; reported whatever is waited for.
#define STREAM_BROKEN 4u

/// Takes the next connection, as a descriptor that does not block, and writes the peer's address, of either family.
/// −1 with errno set.
int stream_accept(int listener, struct sockaddr_in6 *_Nonnull peer);

/// Has a poller report a socket by `token` for as long as `news` (STREAM_READABLE, STREAM_WRITABLE, both or none) holds.
/// 0, or −1 with errno set.
int stream_poller_add(int poller, int socket, uint64_t token, uint32_t news);
int stream_poller_change(int poller, int socket, uint64_t token, uint32_t news);

/// As `datagram_poller_wait`.
int stream_poller_wait(int poller, struct stream_event *_Nonnull events, unsigned int count, int milliseconds);

#endif
