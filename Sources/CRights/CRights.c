#define _GNU_SOURCE
#include "CRights.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LOW_PORTS = CAP_NET_BIND_SERVICE };

/// Whether the calling thread may listen on ports below 1024.
static int has_low_ports(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    memset(data, 0, sizeof data);
    if (syscall(SYS_capget, &header, data) != 0) {
        return 0;
    }
    return (data[0].permitted >> LOW_PORTS & 1) != 0;
}

static int set_capabilities(unsigned int low_word) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    memset(data, 0, sizeof data);
    data[0].effective = data[0].permitted = data[0].inheritable = low_word;
    return (int)syscall(SYS_capset, &header, data);
}

int rights_become(uid_t user, gid_t group) {
    int keeps = has_low_ports();
    // Nobody can come back to what is not in the bounding set. A container may have taken the right to narrow it; then
    // PR_SET_NO_NEW_PRIVS alone keeps it shut.
    for (int capability = 0; capability <= 63; capability++) {
        if (capability != LOW_PORTS && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno == EINVAL) {
            break;
        }
    }
    if (prctl(PR_SET_KEEPCAPS, keeps, 0, 0, 0) != 0 || setgroups(0, NULL) != 0 ||
        setresgid(group, group, group) != 0 || setresuid(user, user, user) != 0) {
        return -1;
    }
    if (set_capabilities(keeps ? 1u << LOW_PORTS : 0) != 0) {
        return -1;
    }
    if (keeps && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, LOW_PORTS, 0, 0) != 0) {
        return -1;
    }
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
