/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent_life: the stores of two agencies, made by the real stages in this process, and what each
 * commit left of them: one that was sent an alert and what was released with it, one with records
 * of its own that are kept, sent, and wait.
 *
 * The linker leads agent_commit here (tests/CMakeLists.txt). One life at a time; one thread.
 */
#ifndef ATTACK_AGENT_LIFE_H
#define ATTACK_AGENT_LIFE_H

#include "support/member.h"

#define LIFE_COMMITS_MAX 256
#define LIFE_MAP_BYTES   (256ULL << 20)
#define LIFE_TABLES_RAW  (AGENT_TABLE_COUNT + 1) /* with that of the rows' sum, the last */

struct agent_life {
    struct world *world;
    struct member *member;
    struct secret row_key;
    struct hash commits[LIFE_COMMITS_MAX]; /* all rows as each left them */
    size_t n_commits;
    struct buf files[LIFE_COMMITS_MAX]; /* the store's bytes behind each, once it has its agency's
                                           documents */
    size_t n_files;
};

void agent_life_told(struct agent_life *life);
void agent_life_telling(struct agent_life *life);
/* It tells of something more, and takes what has come, so many times. */
void agent_life_go_on(struct agent_life *life, unsigned times);
void agent_life_end(struct agent_life *life);

/* Of a copy of its store, to open with its key and without. */
struct store_options agent_life_options(const struct agent_life *life, const char *dir);
struct store_options agent_life_options_raw(const char *dir);

/* Whether an agent refuses to start with that store, and says why; what finds no store begins a new
 * one. */
bool agent_life_refuses(const struct agent_life *life, const char *dir);

enum life_reads {
    LIFE_READS_AS_NOW,
    LIFE_READS_AS_EARLIER, /* as a whole, what one earlier commit left */
    LIFE_READS_OTHERWISE
};
/* What the rows of a store are that is not refused. */
enum life_reads agent_life_reads(const struct agent_life *life, const char *dir);

#endif
