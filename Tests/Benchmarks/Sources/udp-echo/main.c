// The floor of the benchmark: the least work a program can do and still return a DNS answer to every query.
//
// One thread, one blocking UDP socket, batches of 64. Each query goes back with its own header and question and one
// fixed address record; nothing is looked up. What is left is the kernel's share and a few dozen instructions.
//
// Usage: udp-echo [PORT [TTL]]     listens on 127.0.0.1, prints the port, runs until it is ended by a signal
//
// With a TTL, in seconds, it stands for a resolver that others ask: RA in place of AA.

#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
    batch_size = 64,
    header_size = 12,
    largest_query = 512,
};

// Owner: the question's name (a pointer to offset 12); type A, class IN, TTL 5, four octets: 10.96.0.10.
static uint8_t answer_record[] = {0xC0, 0x0C, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 96, 0, 10};

static bool is_resolver = false;

static uint8_t packets[batch_size][largest_query + sizeof answer_record];
static struct sockaddr_in peers[batch_size];
static struct iovec received_parts[batch_size], answer_parts[batch_size];
static struct mmsghdr received[batch_size], answers[batch_size];

// The offset just after the first question, or 0 when the packet is not a query with exactly one question.
static size_t end_of_question(const uint8_t *packet, size_t size) {
    if (size < header_size || (packet[2] & 0x80) != 0 || packet[4] != 0 || packet[5] != 1) {
        return 0;
    }
    size_t offset = header_size;
    while (offset < size && packet[offset] != 0) {
        if (packet[offset] > 63) {
            return 0;
        }
        offset += 1 + (size_t)packet[offset];
    }
    offset += 1 + 4;  // the root label, type and class
    return offset <= size ? offset : 0;
}

// Turns a query into its answer in place. Returns the answer's size, or 0 when the packet deserves none.
static size_t make_answer(uint8_t *packet, size_t size) {
    size_t end = end_of_question(packet, size);
    if (end == 0) {
        return 0;
    }
    packet[2] = (packet[2] & 0x79) | (is_resolver ? 0x80 : 0x84);  // QR and AA; opcode and RD as asked
    packet[3] = is_resolver ? 0x80 : 0;
    static const uint8_t counts[] = {0, 1, 0, 1, 0, 0, 0, 0};  // one question, one answer; the OPT is dropped
    memcpy(packet + 4, counts, sizeof counts);
    memcpy(packet + end, answer_record, sizeof answer_record);
    return end + sizeof answer_record;
}

static int fail(const char *what) {
    fprintf(stderr, "udp-echo: %s: %s\n", what, strerror(errno));
    return 1;
}

int main(int argc, char **argv) {
    char *rest = "";
    unsigned long port = argc > 1 ? strtoul(argv[1], &rest, 10) : 0;
    unsigned long ttl = argc > 2 && *rest == 0 ? strtoul(argv[2], &rest, 10) : 5;
    if (argc > 3 || *rest != 0 || port > 65535 || ttl > 86400) {
        fprintf(stderr, "usage: udp-echo [PORT [TTL]]\n");
        return 64;
    }
    if (argc > 2) {
        is_resolver = true;
        answer_record[7] = (uint8_t)(ttl >> 16);
        answer_record[8] = (uint8_t)(ttl >> 8);
        answer_record[9] = (uint8_t)ttl;
    }

    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    if (descriptor < 0) {
        return fail("socket");
    }
    struct sockaddr_in local = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t local_size = sizeof local;
    if (bind(descriptor, (struct sockaddr *)&local, sizeof local) != 0
        || getsockname(descriptor, (struct sockaddr *)&local, &local_size) != 0) {
        return fail("bind");
    }
    printf("%u\n", ntohs(local.sin_port));
    fflush(stdout);

    for (int i = 0; i < batch_size; i++) {
        received_parts[i] = (struct iovec){.iov_base = packets[i], .iov_len = largest_query};
        received[i].msg_hdr = (struct msghdr){.msg_name = &peers[i], .msg_iov = &received_parts[i], .msg_iovlen = 1};
    }
    for (;;) {
        for (int i = 0; i < batch_size; i++) {
            received[i].msg_hdr.msg_namelen = sizeof peers[i];
        }
        int count = recvmmsg(descriptor, received, batch_size, MSG_WAITFORONE, NULL);
        if (count < 0) {
            if (errno == EINTR) {
                continue;
            }
            return fail("recvmmsg");
        }

        unsigned answer_count = 0;
        for (int i = 0; i < count; i++) {
            size_t size = make_answer(packets[i], received[i].msg_len);
            if (size == 0) {
                continue;
            }
            answer_parts[answer_count] = (struct iovec){.iov_base = packets[i], .iov_len = size};
            answers[answer_count].msg_hdr = (struct msghdr){
                .msg_name = &peers[i],
                .msg_namelen = received[i].msg_hdr.msg_namelen,
                .msg_iov = &answer_parts[answer_count],
                .msg_iovlen = 1,
            };
            answer_count++;
        }

        unsigned sent = 0;
        while (sent < answer_count) {
            int step = sendmmsg(descriptor, answers + sent, answer_count - sent, 0);
            if (step > 0) {
                sent += (unsigned)step;
            } else if (errno != EINTR) {
                sent++;  // this one cannot be sent; the others still can
            }
        }
    }
}
