#ifndef SWIFTLET_PREFETCH_H
#define SWIFTLET_PREFETCH_H

/// Bytes that a processor fetches at once.
#define CACHE_LINE 64

/// Has the processor fetch the line at an address into its caches, without waiting for it. Any address will do: one that
/// cannot be read is passed over.
static inline void cache_prefetch(const void *_Nonnull address) { __builtin_prefetch(address); }

#endif
