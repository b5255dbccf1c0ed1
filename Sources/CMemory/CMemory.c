#define _GNU_SOURCE
#include "CMemory.h"

#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int release(struct dl_phdr_info *info, size_t size, void *page_size) {
    (void)size;
    // The program's own name is empty; what the kernel maps (linux-vdso.so.1) has no path.
    if (info->dlpi_name[0] != '\0' && info->dlpi_name[0] != '/') {
        return 0;
    }
    uintptr_t page = *(const uintptr_t *)page_size;
    for (size_t index = 0; index < info->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[index];
        // What the loader fills in lies in segments that may be written to, also where it takes that right away
        // afterwards (PT_GNU_RELRO). In all others every page is as it is in the file: there is nothing to lose.
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) {
            continue;
        }
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        uintptr_t end = (start + segment->p_memsz + page - 1) & ~(page - 1);
        start &= ~(page - 1);
        madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void memory_release_code(void) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    // The loader holds its lock meanwhile: no library is on its way in or out.
    dl_iterate_phdr(release, &page);
}

size_t memory_anonymous(void) {
    int descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return 0;
    }
    // "size resident shared …", in pages; shared are those of files.
    char text[128];
    ssize_t count = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    if (count <= 0) {
        return 0;
    }
    text[count] = '\0';
    char *end = text;
    strtoul(text, &end, 10);
    unsigned long resident = strtoul(end, &end, 10);
    unsigned long shared = strtoul(end, NULL, 10);
    return resident > shared ? (resident - shared) * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

size_t memory_freed(void) {
#if __GLIBC_PREREQ(2, 33)
    return mallinfo2().fordblks;
#else
    return (unsigned)mallinfo().fordblks;
#endif
}
