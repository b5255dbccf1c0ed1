#ifndef SWIFTLET_CMEMORY_H
#define SWIFTLET_CMEMORY_H

// What Swift's Glibc module leaves out: the settings of glibc's malloc, and dl_iterate_phdr(3).

#include <malloc.h>

/// Takes the pages of code and constants, the program's and its libraries', out of the process's memory. The system has
/// them; those that are used again come back with the first use. From any thread, at any time.
void memory_release_code(void);

#endif
