#ifndef FAULT_SHIM_H
#define FAULT_SHIM_H

#include <stdint.h>

/// What a preloaded server's system calls are to do; a file of this shape is mapped by the server (TORTURE_SHIM names
/// it) and written by the torturer. All zero: nothing.
struct fault_settings {
    /// Added to the time of day.
    int64_t clock_offset_seconds;
    /// How long each flush and each write at a place of a file below TORTURE_DATA takes longer.
    int32_t disk_delay_milliseconds;
    /// What those fail with instead; 0 for nothing.
    int32_t disk_error;
};

#endif
