/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/log.h"

void base_free(void *pointer_to_pointer)
{
    void **pointer = pointer_to_pointer;

    free(*pointer);
    *pointer = NULL;
}

void *base_alloc(size_t bytes)
{
    void *memory = malloc(bytes > 0 ? bytes : 1);

    if (memory == NULL) {
        log_fatal("out_of_memory", "bytes=%zu", bytes);
    }
    return memory;
}

void *base_zalloc(size_t count, size_t bytes)
{
    bool nothing = count == 0 || bytes == 0;
    void *memory = nothing ? calloc(1, 1) : calloc(count, bytes);

    if (memory == NULL) {
        log_fatal("out_of_memory", "count=%zu bytes=%zu", count, bytes);
    }
    return memory;
}

char *base_strdup(const char *text)
{
    size_t bytes = strlen(text) + 1;

    return memcpy(base_alloc(bytes), text, bytes);
}
