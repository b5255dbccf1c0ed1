#ifndef SWIFTLET_CDATAGRAM_H
#define SWIFTLET_CDATAGRAM_H

// Calls that Swift's Glibc module does not show, since it is built without _GNU_SOURCE.

#include <sys/socket.h>

#include "DatagramFilter.h"
#include "DatagramPoller.h"
#include "Prefetch.h"
#include "StreamSocket.h"
#include "ThreadSlice.h"

/// One datagram of a batch: laid out as `struct mmsghdr`.
struct datagram {
    struct msghdr header;
    /// Bytes received or sent.
    unsigned int length;
};

/// Room for the control data that says which local address a datagram was sent to.
#define DATAGRAM_CONTROL_LENGTH 64

/// recvmmsg(2) with MSG_WAITFORONE: blocks for the first datagram and takes what else is there.
/// Returns the number of datagrams, or −1 with errno set.
int datagram_receive(int socket, struct datagram *_Nonnull datagrams, unsigned int count);

/// As `datagram_receive`, without waiting: −1 with errno EAGAIN where nothing is there.
int datagram_receive_queued(int socket, struct datagram *_Nonnull datagrams, unsigned int count);

/// sendmmsg(2). Returns the number of datagrams sent, or −1 with errno set where the first one failed.
int datagram_send(int socket, struct datagram *_Nonnull datagrams, unsigned int count);

/// Asks for the local address of each datagram received (IP_PKTINFO or IPV6_RECVPKTINFO). 0, or −1 with errno set.
int datagram_ask_destination(int socket, int family);

/// Writes the local address that a received datagram was sent to, in network order, to `address` (room for 16 bytes).
/// Returns its length, 4 or 16; 0 where the control data does not say.
int datagram_destination(const struct msghdr *_Nonnull header, unsigned char *_Nonnull address);

/// Turns the control data of a received datagram into that of its reply: it leaves from the address that was asked.
void datagram_reply_from_destination(struct msghdr *_Nonnull header);

/// Lets several sockets share a port (SO_REUSEPORT). 0, or −1 with errno set.
int datagram_share_port(int socket);

/// The number of processors this process may run on, at least 1.
int datagram_processor_count(void);

#endif
