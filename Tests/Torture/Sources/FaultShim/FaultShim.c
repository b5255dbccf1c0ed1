// Stands between a server and the C library (LD_PRELOAD): the time of day, and the writes and flushes of a database.
#define _GNU_SOURCE
#include "FaultShim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile struct fault_settings *settings;
// The folder whose disk is slow or fails (TORTURE_DATA).
static const char *data;

static int (*next_clock_gettime)(clockid_t, struct timespec *);
static int (*next_fsync)(int);
static int (*next_fdatasync)(int);
static ssize_t (*next_pwrite)(int, const void *, size_t, off_t);

// What the C library has under a name. Looked up on first use: others' initialisers may run before ours.
#define NEXT(name) (next_##name ? next_##name : (next_##name = dlsym(RTLD_NEXT, #name)))

__attribute__((constructor)) static void map_settings(void) {
    data = getenv("TORTURE_DATA");
    const char *path = getenv("TORTURE_SHIM");
    if (!path) return;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return;
    void *mapped = mmap(NULL, sizeof(struct fault_settings), PROT_READ, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (mapped != MAP_FAILED) settings = mapped;
}

static int64_t offset(void) { return settings ? settings->clock_offset_seconds : 0; }

int clock_gettime(clockid_t clock, struct timespec *time) {
    int status = NEXT(clock_gettime)(clock, time);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += offset();
    return status;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    struct timespec now;
    int status = clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return status;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}

// Whether a file is in the folder.
static int is_data(int descriptor) {
    char link[32], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path);
    return data && length > (ssize_t)strlen(data) && strncmp(path, data, strlen(data)) == 0;
}

// Returns whether the call fails; errno is set then.
static int disk_fails(int descriptor) {
    if (!settings) return 0;
    int32_t delay = settings->disk_delay_milliseconds, error = settings->disk_error;
    if ((delay <= 0 && error == 0) || !is_data(descriptor)) return 0;
    if (delay > 0) usleep((useconds_t)delay * 1000);
    if (error == 0) return 0;
    errno = error;
    return 1;
}

int fsync(int descriptor) { return disk_fails(descriptor) ? -1 : NEXT(fsync)(descriptor); }

int fdatasync(int descriptor) { return disk_fails(descriptor) ? -1 : NEXT(fdatasync)(descriptor); }

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t place) {
    return disk_fails(descriptor) ? -1 : NEXT(pwrite)(descriptor, bytes, count, place);
}

// The same call where off_t has 64 bits.
ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off_t place) {
    return pwrite(descriptor, bytes, count, place);
}
