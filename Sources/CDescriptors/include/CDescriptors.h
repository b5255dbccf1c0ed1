#ifndef SWIFTLET_CDESCRIPTORS_H
#define SWIFTLET_CDESCRIPTORS_H

// An open(2) for the whole process, which its libraries find before libc's. They cannot be told otherwise: libdispatch
// counts its running threads once a second by /proc/N/stat, and ends the process with an illegal instruction where that
// file does not open, which is so wherever descriptors are used up.
//
// For these files, and only when descriptors are used up, it returns −2: a failure that libdispatch does not take for
// one. Its read then fails, which it passes over, and the thread counts as one that waits. All else is as open(2) has
// it.
//
// The process has it by linking this target; there is nothing to call. Sanitizers have an open(2) of their own, and
// keep it.

#endif
