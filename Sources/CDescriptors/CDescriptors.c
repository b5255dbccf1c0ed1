#define _GNU_SOURCE
#include "CDescriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/types.h>

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

/// Whether a file tells what a thread does, named as libdispatch names it: /proc/N/stat.
static int is_of_thread(const char *path) {
    static const char folder[] = "/proc/";
    if (strncmp(path, folder, sizeof folder - 1) != 0) {
        return 0;
    }
    const char *number = path + sizeof folder - 1;
    size_t digits = strspn(number, "0123456789");
    return digits > 0 && strcmp(number + digits, "/stat") == 0;
}

/// Passes for a descriptor where −1 alone is looked for, and is none.
enum { NO_DESCRIPTOR = -2 };

int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    int descriptor = openat(AT_FDCWD, path, flags, mode);
    if (descriptor < 0 && (errno == EMFILE || errno == ENFILE) && is_of_thread(path)) {
        return NO_DESCRIPTOR;
    }
    return descriptor;
}

#endif
