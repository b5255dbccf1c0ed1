#define _GNU_SOURCE
#include "CDatagram.h"

#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>

_Static_assert(sizeof(struct datagram) == sizeof(struct mmsghdr), "struct datagram must be struct mmsghdr");
_Static_assert(offsetof(struct datagram, length) == offsetof(struct mmsghdr, msg_len), "length must be msg_len");

int datagram_receive(int socket, struct datagram *datagrams, unsigned int count) {
    return recvmmsg(socket, (struct mmsghdr *)datagrams, count, MSG_WAITFORONE, NULL);
}

int datagram_receive_queued(int socket, struct datagram *datagrams, unsigned int count) {
    return recvmmsg(socket, (struct mmsghdr *)datagrams, count, MSG_DONTWAIT, NULL);
}

int datagram_send(int socket, struct datagram *datagrams, unsigned int count) {
    return sendmmsg(socket, (struct mmsghdr *)datagrams, count, 0);
}

int datagram_ask_destination(int socket, int family) {
    int on = 1;
    if (family == AF_INET6) {
        return setsockopt(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    }
    return setsockopt(socket, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
}

int datagram_destination(const struct msghdr *header, unsigned char *address) {
    // CMSG_NXTHDR takes a pointer to what it does not change.
    struct msghdr *messages = (struct msghdr *)header;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(messages); c != NULL; c = CMSG_NXTHDR(messages, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(address, &info.ipi_spec_dst, sizeof info.ipi_spec_dst);
            return sizeof info.ipi_spec_dst;
        }
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(address, &info.ipi6_addr, sizeof info.ipi6_addr);
            return sizeof info.ipi6_addr;
        }
    }
    return 0;
}

void datagram_reply_from_destination(struct msghdr *header) {
    struct cmsghdr *found = NULL;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            // The route decides on the interface; only the source address is held fast.
            info.ipi_ifindex = 0;
            info.ipi_addr.s_addr = 0;
            memcpy(CMSG_DATA(c), &info, sizeof info);
            found = c;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) {
                info.ipi6_ifindex = 0;
            }
            memcpy(CMSG_DATA(c), &info, sizeof info);
            found = c;
        }
    }
    if (found == NULL) {
        header->msg_controllen = 0;
        return;
    }
    // One control message is all that was asked for, so it stands first.
    header->msg_controllen = CMSG_SPACE(found->cmsg_len - CMSG_LEN(0));
}

int datagram_share_port(int socket) {
    int on = 1;
    return setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
}

int datagram_processor_count(void) {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return 1;
    }
    int count = CPU_COUNT(&set);
    return count > 0 ? count : 1;
}
