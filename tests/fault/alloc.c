/* SPDX-License-Identifier: Apache-2.0 */
/* The C library's own functions stand behind it, or the address sanitizer's when there is one. */
#include "fault/alloc.h"

#include <errno.h>
#include <stdlib.h>

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);
__attribute__((weak)) void *__interceptor_malloc(size_t bytes);
__attribute__((weak)) void *__interceptor_calloc(size_t n, size_t bytes);
__attribute__((weak)) void *__interceptor_realloc(void *memory, size_t bytes);

/* So that libraries find them. */
#define EXPORTED __attribute__((visibility("default")))

struct failing {
    bool armed;
    bool for_ever;
    size_t left; /* until the one that is refused, itself included */
    size_t seen; /* since alloc_fail, to alloc_stop */
    size_t refused;
};

static __thread struct failing failing;

void alloc_fail(size_t nth, bool for_ever)
{
    failing = (struct failing){.armed = true, .for_ever = for_ever, .left = nth};
}

size_t alloc_stop(void)
{
    failing.armed = false;
    return failing.refused;
}

size_t alloc_seen(void)
{
    return failing.seen;
}

static bool refused(void)
{
    if (failing.armed) {
        failing.seen++;
    }
    if (!failing.armed || (failing.refused > 0 && !failing.for_ever)) {
        return false;
    }
    if (failing.left > 1) {
        failing.left--;
        return false;
    }
    failing.refused++;
    errno = ENOMEM;
    return true;
}

EXPORTED void *malloc(size_t bytes)
{
    if (refused()) {
        return NULL;
    }
    return __interceptor_malloc != NULL ? __interceptor_malloc(bytes) : __libc_malloc(bytes);
}

EXPORTED void *calloc(size_t n, size_t bytes)
{
    if (refused()) {
        return NULL;
    }
    return __interceptor_calloc != NULL ? __interceptor_calloc(n, bytes) : __libc_calloc(n, bytes);
}

EXPORTED void *realloc(void *memory, size_t bytes)
{
    if (refused()) {
        return NULL;
    }
    return __interceptor_realloc != NULL ? __interceptor_realloc(memory, bytes)
                                         : __libc_realloc(memory, bytes);
}
