#define _GNU_SOURCE
#include "DatagramFilter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <stddef.h>
#include <sys/socket.h>

/// Instructions for one share, at most, and the last one.
enum { PER_SHARE = 8, LAST = 1 };

static const uint32_t TAKE = 0xffffffffu;
static const uint32_t IPV4_SOURCE = (uint32_t)SKF_NET_OFF + 12;
static const uint32_t IPV6_SOURCE = (uint32_t)SKF_NET_OFF + 8;
static const uint32_t RANDOM = (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM);

int datagram_limit_sources(int socket, int is_ipv6, const struct datagram_share *shares, unsigned int count) {
    if (count == 0 || shares == NULL) {
        int none = 0;
        if (setsockopt(socket, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none) != 0 && errno != ENOENT) {
            return -1;
        }
        return 0;
    }
    if (count > DATAGRAM_SHARES) {
        errno = EINVAL;
        return -1;
    }
    struct sock_filter code[DATAGRAM_SHARES * PER_SHARE + LAST];
    unsigned short length = 0;
    for (unsigned int index = 0; index < count; index++) {
        uint32_t high = (uint32_t)(shares[index].source >> 32), low = (uint32_t)shares[index].source;
        if (is_ipv6) {
            code[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, IPV6_SOURCE);
            code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high, 0, 6);
            code[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, IPV6_SOURCE + 4);
        } else {
            code[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, IPV4_SOURCE);
        }
        // Not this source: on to the next share.
        code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, low, 0, 4);
        code[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, RANDOM);
        code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, shares[index].taken, 0, 1);
        code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
        code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, TAKE);
    }
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, TAKE);
    struct sock_fprog program = {.len = length, .filter = code};
    return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

int datagram_queue(int socket, uint32_t *used, uint32_t *limit, uint32_t *dropped) {
    uint32_t memory[SK_MEMINFO_VARS] = {0};
    socklen_t length = sizeof memory;
    if (getsockopt(socket, SOL_SOCKET, SO_MEMINFO, memory, &length) != 0) {
        return -1;
    }
    *used = memory[SK_MEMINFO_RMEM_ALLOC];
    *limit = memory[SK_MEMINFO_RCVBUF];
    *dropped = memory[SK_MEMINFO_DROPS];
    return 0;
}

int datagram_set_receive_buffer(int socket, int bytes) {
    if (setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) == 0) {
        return 0;
    }
    return setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}
