#ifndef SWIFTLET_DATAGRAM_POLLER_H
#define SWIFTLET_DATAGRAM_POLLER_H

// Waiting for many sockets at once: epoll(7) and eventfd(2), which Swift's Glibc module does not show.

#include <stdint.h>

/// A new poller: a descriptor to be closed. −1 with errno set where there is none.
int datagram_poller_make(void);

/// Has a poller report a socket by `token` whenever it can be read or has an error. A socket leaves by itself once
/// all its descriptors are closed.
/// 0, or −1 with errno set.
int datagram_poller_add(int poller, int socket, uint64_t token);

/// Has a poller report a socket no longer.
void datagram_poller_remove(int poller, int socket);

/// Waits up to `milliseconds` (−1: without an end) and writes the tokens of sockets with news.
/// Returns their number, 0 when the time is over, or −1 with errno set.
int datagram_poller_wait(int poller, uint64_t *_Nonnull tokens, unsigned int count, int milliseconds);

/// A bell: a descriptor that can be read from `datagram_bell_ring` until `datagram_bell_silence`. −1 with errno set.
int datagram_bell_make(void);
void datagram_bell_ring(int bell);
void datagram_bell_silence(int bell);

#endif
