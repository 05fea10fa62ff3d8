/* SPDX-License-Identifier: Apache-2.0 */
/*
 * strangers: processes of their own that flood a real broker, at a rate, for the idle time of the
 * processors alone (in life they are on other machines). What they do is a function, called once
 * for each case in whichever process is free; what became of it is in a tally that all of them
 * share. In those processes nothing asserts: what was not foretold is counted.
 */
#ifndef ATTACK_STRANGERS_H
#define ATTACK_STRANGERS_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define STRANGERS_MAX 4 /* processes */

struct stranger_tally {
    atomic_uint_least64_t begun; /* cases */
    atomic_uint_least64_t made;
    atomic_uint_least64_t refused; /* connections that were not made */
    atomic_uint_least64_t held;    /* connections at most, at a time */
    atomic_uint_least64_t turned;  /* connections that the broker had ended when we let them go */
    atomic_uint_least64_t left;    /* those that it had not */
    atomic_uint_least64_t answers; /* frames that came back */
    atomic_uint_least64_t amiss;   /* what was not foretold */
};

/* One of the processes, from inside. */
struct stranger {
    const struct sockaddr_in *address; /* of the broker */
    struct stranger_tally *tally;
    void *data; /* of what they do: each process has its copy of what was there when they began */
    size_t n_held; /* connections */
    size_t held_max;
    int *held;
};

struct strangers_options {
    const struct sockaddr_in *address;
    void (*act)(struct stranger *stranger);
    void *data;
    uint64_t cases;
    uint64_t rate; /* cases a second, all processes together; 0: as fast as they can */
    unsigned processes;
};

struct strangers {
    struct stranger_tally *tally; /* of the flood that goes on, or was the last */
    pid_t pids[STRANGERS_MAX];
    unsigned n;
};

void strangers_begin(struct strangers *strangers, const struct strangers_options *options);
/* Once all cases are made they go on holding what they hold. */
void strangers_end(struct strangers *strangers);
void strangers_deinit(struct strangers *strangers);

/* --- for what they do --- */

/* A connection, or -1, which is counted. It sends without blocking; receiving it waits a second. */
int stranger_connect(struct stranger *stranger);
/* What it does not take is no matter. */
void stranger_say(int fd, const void *bytes, size_t len);
/* Keeps it open (nothing for -1); beyond so many, or what files there are, the oldest goes. */
void stranger_hold(struct stranger *stranger, int fd, size_t at_most);

#endif
