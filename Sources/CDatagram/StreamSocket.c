#define _GNU_SOURCE
#include "StreamSocket.h"

#include <sys/epoll.h>
#include <sys/socket.h>

/// The most events of one wait.
enum { EVENTS = 64 };

int stream_accept(int listener, struct sockaddr_in6 *peer) {
    socklen_t length = sizeof *peer;
    return accept4(listener, (struct sockaddr *)peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static int control(int poller, int operation, int socket, uint64_t token, uint32_t news) {
    struct epoll_event event = {
        .events = (news & STREAM_READABLE ? EPOLLIN : 0) | (news & STREAM_WRITABLE ? EPOLLOUT : 0),
        .data = {.u64 = token},
    };
    return epoll_ctl(poller, operation, socket, &event);
}

int stream_poller_add(int poller, int socket, uint64_t token, uint32_t news) {
    return control(poller, EPOLL_CTL_ADD, socket, token, news);
}

int stream_poller_change(int poller, int socket, uint64_t token, uint32_t news) {
    return control(poller, EPOLL_CTL_MOD, socket, token, news);
}

int stream_poller_wait(int poller, struct stream_event *events, unsigned int count, int milliseconds) {
    struct epoll_event found[EVENTS];
    int number = epoll_wait(poller, found, count < EVENTS ? (int)count : EVENTS, milliseconds);
    for (int index = 0; index < number; index++) {
        uint32_t news = found[index].events;
        events[index].token = found[index].data.u64;
        events[index].news = (news & EPOLLIN ? STREAM_READABLE : 0) | (news & EPOLLOUT ? STREAM_WRITABLE : 0) |
                             (news & (EPOLLHUP | EPOLLERR) ? STREAM_BROKEN : 0);
    }
    return number;
}
