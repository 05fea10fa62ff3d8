/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes that our declarations carry, and two small macros. */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#include <assert.h>
#include <stddef.h>

#ifdef NDEBUG
#error "Cairn's asserts are part of the program: do not build with NDEBUG"
#endif

#define MUST_USE     __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define NORETURN     __attribute__((noreturn))
#define NOINLINE     __attribute__((noinline))
/* `_cleanup_(x_free) struct x *p = NULL;`: x_free(&p) runs when p leaves scope. */
#define _cleanup_(fn) __attribute__((cleanup(fn)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* free() for _cleanup_: `_cleanup_(base_free) char *text = NULL;` */
void base_free(void *pointer_to_pointer);
/* malloc and calloc that end the process on failure: memory is planned at start, running out is a
 * broken world. */
void *base_alloc(size_t bytes) MUST_USE;
void *base_zalloc(size_t count, size_t bytes) MUST_USE;
char *base_strdup(const char *text) MUST_USE;

#endif
