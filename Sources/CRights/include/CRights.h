#ifndef SWIFTLET_CRIGHTS_H
#define SWIFTLET_CRIGHTS_H

// Calls that Swift's Glibc module does not show: prctl(2) takes any number of arguments, and capset(2) has no wrapper.

#include <sys/types.h>

/// Makes the calling thread one of another user and group, without supplementary groups and without capabilities; as
/// the only exception it may go on to listen on ports below 1024, where it could before, and so may a program that it
/// becomes by execve(2). Neither it nor such a program can get further rights (PR_SET_NO_NEW_PRIVS).
///
/// Users and groups are those of all threads of the process, the rest only the calling thread's: what is to hold for
/// the whole process holds from execve(2) on. Returns 0, or −1 with errno set; some of it may be done then.
int rights_become(uid_t user, gid_t group);

#endif
