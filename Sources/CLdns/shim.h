/* What LDNS, the only importer, uses of libldns 1.8. */
#pragma once

/* First, or ldns takes `signed char` for `bool`. */
#include <stdbool.h>

#include <ldns/ldns.h>

/* Writes a record without comments. The format is a global variable in C, which Swift takes for shared mutable state. */
static inline ldns_status cldns_rr2buffer_str(ldns_buffer *output, const ldns_rr *record) {
    return ldns_rr2buffer_str_fmt(output, ldns_output_format_nocomments, record);
}
