/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemons: a partnership on disk, made by `cairn` as an operator would, and our programs as real
 * processes over it. Each process is started with its own notify socket and its standard error in a
 * file, is known by its pid only, and dies with the test. Everything here asserts (cmocka).
 */
#ifndef SUPPORT_DAEMONS_H
#define SUPPORT_DAEMONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "support/scratch.h"

#define ESTATE_PATH 192

/* DIR/north is the partnership's folder, DIR/ID an agency's. */
struct estate {
    char dir[SCRATCH_BYTES];
    char endpoint[64];
    uint16_t port;  /* its own, of the loopback */
    char claim[64]; /* the file whose lock keeps other tests off that port */
    int claimed;
    int processes; /* started so far: numbers their sockets and logs */
};

/* A folder of its own, keys, documents, and a port of its own. The broker's worst case fits
 * anywhere. */
void estate_make(struct estate *estate);
void estate_remove(struct estate *estate);
void estate_path(const struct estate *estate, const char *name, char out[ESTATE_PATH]);
/* Asks to join and is approved; takes effect when the broker starts or reads again. */
void estate_add_agency(struct estate *estate, const char *id, const char *kind);
/* Adds a line to the broker's configuration; what was said before is said no more. */
void estate_configure(const struct estate *estate, const char *name, const char *value);
/* Runs a program of the machine and expects it to succeed. */
void estate_run(const struct estate *estate, const char *const words[]);
/* The same with `cairn`. */
void estate_cairn(const struct estate *estate, const char *const words[]);
#define ESTATE_CAIRN(estate, ...) estate_cairn((estate), (const char *const[]){__VA_ARGS__, NULL})

/* The first whole number in the text, which has one: of a file in /proc, of an answer. */
uint64_t number_in(const char *text);

struct process {
    pid_t pid; /* 0: does not run */
    int pidfd;
    int notify;
    char log[ESTATE_PATH];
};
#define PROCESS_NULL ((struct process){.pidfd = -1, .notify = -1})

struct process_options {
    const char *program;  /* in the build folder */
    const char *config;   /* below the estate */
    const char *argument; /* one more, or NULL */
    const char *preload;  /* a library of the build folder, or NULL */
    const char *fault;    /* CAIRN_FAULT, for that library */
    uint64_t file_bytes;  /* no file may grow beyond; 0: any. A write beyond it fails, as on a full
                             disk */
};

void process_start(struct estate *estate, const struct process_options *options,
                   struct process *ret);
/* True when it said READY=1, false when it ended instead. */
bool process_ready(struct process *process) MUST_USE;
bool process_has_ended(
    const struct process *process); /* by itself; process_wait is still to come */
/* Its wait status once it has ended by itself; it then does not run. Fails when a sanitizer found
 * anything. */
int process_wait(struct process *process);
void process_kill(struct process *process); /* SIGKILL, and waits */
void process_stop(struct process *process); /* SIGTERM; must end with status 0 */
/* Whether its standard error has this text. */
bool process_said(const struct process *process, const char *text);
/* Kills what still runs: for tear-down. */
void process_deinit(struct process *process);

/* cairn-broker with nothing special; ready. */
void broker_start(struct estate *estate, struct process *ret);
/* The same with options (program and config filled in); not waited for. */
void broker_start_with(struct estate *estate, const struct process_options *options,
                       struct process *ret);

#endif
