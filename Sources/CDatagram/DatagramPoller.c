#define _GNU_SOURCE
#include "CDatagram.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/// The most events of one wait.
enum { EVENTS = 64 };

int datagram_poller_make(void) {
    return epoll_create1(EPOLL_CLOEXEC);
}

int datagram_poller_add(int poller, int socket, uint64_t token) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = token}};
    return epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event);
}

void datagram_poller_remove(int poller, int socket) {
    // It fails where the socket was never added, which is as good.
    (void)epoll_ctl(poller, EPOLL_CTL_DEL, socket, NULL);
}

int datagram_poller_wait(int poller, uint64_t *tokens, unsigned int count, int milliseconds) {
    struct epoll_event events[EVENTS];
    int found = epoll_wait(poller, events, count < EVENTS ? (int)count : EVENTS, milliseconds);
    for (int index = 0; index < found; index++) {
        tokens[index] = events[index].data.u64;
    }
    return found;
}

int datagram_bell_make(void) {
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

void datagram_bell_ring(int bell) {
    uint64_t one = 1;
    // A full counter is as loud as one more ring.
    ssize_t written = write(bell, &one, sizeof one);
    (void)written;
}

void datagram_bell_silence(int bell) {
    uint64_t rings;
    ssize_t taken = read(bell, &rings, sizeof rings);
    (void)taken;
}
