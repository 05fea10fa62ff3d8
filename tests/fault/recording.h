/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recording: what a program asked of the disk, in order: a file that the program under test has
 * mapped shared (recorder.c), so that noting something is a copy and no system call. Whoever tests
 * reads `used` to know how far the program was when an answer came.
 */
#ifndef FAULT_RECORDING_H
#define FAULT_RECORDING_H

#include <stdint.h>

#define RECORDING_BYTES (512U << 20) /* a hole until it is used */
#define RECORDING_ALIGN 8

struct recording_head {
    uint64_t used;  /* bytes, this head included; grows only */
    uint32_t files; /* numbers given to files that were opened */
    uint32_t unused;
};

enum recorded_op {
    RECORDED_OPEN = 1,     /* data: the path */
    RECORDED_WRITE = 2,    /* at: offset; data: bytes */
    RECORDED_TRUNCATE = 3, /* at: the new length */
    RECORDED_GROW = 4,     /* at: the length that it has at least; zeros */
    RECORDED_SYNC = 5,     /* of a file or a folder; it succeeded */
    RECORDED_RENAME = 6,   /* data: from, NUL, to */
    RECORDED_UNLINK = 7    /* data: the path */
};

#define RECORDED_SYNCED 1 /* flag of a write: on the disk when it returned (O_DSYNC) */

/* Padded to RECORDING_ALIGN; `ready` is set last. */
struct recorded {
    uint32_t len; /* of data */
    uint8_t op;
    uint8_t flags;
    uint8_t ready;
    uint8_t unused;
    uint32_t file; /* number; one for each time that something is opened */
    uint32_t unused2;
    uint64_t at;
};

#endif
