#ifndef SWIFTLET_THREAD_SLICE_H
#define SWIFTLET_THREAD_SLICE_H

#include <stdint.h>

/// Asks the scheduler for slices of so many nanoseconds for this thread: what wants short ones has its turn sooner
/// (sched_setattr(2), EEVDF; kernels before 6.12 take no notice). 0, or −1 with errno set.
int thread_set_slice(uint64_t nanoseconds);

#endif
