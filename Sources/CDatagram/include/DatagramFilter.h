#ifndef SWIFTLET_DATAGRAM_FILTER_H
#define SWIFTLET_DATAGRAM_FILTER_H

// What a socket's queue holds, and which datagrams the kernel leaves out of it: SO_MEMINFO, SO_ATTACH_FILTER.

#include <stdint.h>

/// A source of datagrams and what of them is taken.
struct datagram_share {
    /// An IPv4 address, or the first eight bytes of an IPv6 address; in host order.
    uint64_t source;
    /// Of 2^32 datagrams so many are taken.
    uint32_t taken;
};

/// The most shares that a filter has room for.
#define DATAGRAM_SHARES 16

/// Has the kernel drop what is beyond the shares of some sources, at random, before it is queued. No shares: takes all.
/// 0, or −1 with errno set; the former filter stays then.
int datagram_limit_sources(int socket, int is_ipv6, const struct datagram_share *_Nullable shares, unsigned int count);

/// The memory that datagrams in a socket's queue take, the most they may, in bytes; and how many datagrams were dropped
/// since the socket was made. 0, or −1 with errno set.
int datagram_queue(int socket, uint32_t *_Nonnull used, uint32_t *_Nonnull limit, uint32_t *_Nonnull dropped);

/// Asks for a receive buffer of so many bytes, beyond the system's limit where this process may. 0, or −1 with errno set.
int datagram_set_receive_buffer(int socket, int bytes);

#endif
