#ifndef SWIFTLET_CMEMORY_H
#define SWIFTLET_CMEMORY_H

// What Swift's Glibc module leaves out: the settings and counts of glibc's malloc, and dl_iterate_phdr(3).

#include <malloc.h>
#include <stddef.h>

/// Takes the pages of code and constants, the program's and its libraries', out of the process's memory. The system has
/// them; those that are used again come back with the first use. From any thread, at any time.
void memory_release_code(void);

/// Bytes of the process that are in memory and no pages of files, such as code; 0 where the system does not tell. From any
/// thread, at any time.
size_t memory_anonymous(void);

/// Bytes that malloc holds and nobody uses, whether in memory or given back. Takes a time that grows with the number of
/// freed pieces, while others wait who allocate. From any thread, at any time.
size_t memory_freed(void);

#endif
