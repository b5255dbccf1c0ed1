#ifndef COLLECT_H
#define COLLECT_H

#include <valgrind/callgrind.h>

// The client requests of callgrind as functions, as Swift cannot call macros. They do nothing outside of valgrind.

/// From here on instructions of all threads are counted.
static inline void collect_begin(void) { CALLGRIND_START_INSTRUMENTATION; }

/// Ends the counting and writes what was counted under a name.
static inline void collect_end(const char *name) {
    CALLGRIND_STOP_INSTRUMENTATION;
    CALLGRIND_DUMP_STATS_AT(name);
}

#endif
