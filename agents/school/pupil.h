/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pupil: who a row of a school's file is about, and all pupils of one file. A row whose cells
 * cannot be believed yields the column and what to do, never a value.
 *
 * Pupils are told apart as everywhere in the agent (identity_key): by the school's own number, else
 * by the pupil number, else by name, birth date and postcode. Two rows that agree in that and not
 * in birth date, pupil number or name are two children with one number: none of its rows counts.
 *
 * Personal data, wiped by pupils_free. One thread at a time.
 */
#ifndef AGENTS_SCHOOL_PUPIL_H
#define AGENTS_SCHOOL_PUPIL_H

#include "agents/core/event.h"
#include "agents/school/table.h"

/* Pupils of one file: twice the largest school of England. Memory grows with them, and with nothing
 * else. */
#define PUPILS_MAX 6000

struct pupil_terms {
    const struct school_options *options;
    const struct secret *store_key;
    bool live;
    int32_t today;
};

/* What is wrong with a row, or what somebody should know: words that are not values. */
struct pupil_finding {
    enum school_column column; /* COLUMN_COUNT: the whole row */
    const char *what;          /* static; NULL: nothing is wrong */
    bool flawed;               /* of one that was taken: nobody is found by its number */
};
#define PUPIL_FINDING_NULL ((struct pupil_finding){.column = COLUMN_COUNT})

/* "Is this the same pupil as in another row?", by the strongest of what the row says; false when it
 * says too little to know. */
bool pupil_key(const struct identity *identity, const struct secret *store_key,
               uint8_t ret[CAIRN_HASH_BYTES]) MUST_USE;
/* False and the finding when the row cannot be taken. *ret was IDENTITY_NULL. */
bool pupil_read(const struct pupil_terms *terms, const struct table_row *row, struct identity *ret,
                struct pupil_finding *finding) MUST_USE;
/* Something about a pupil that was taken which the school should know: `what` NULL when nothing. */
struct pupil_finding pupil_note(const struct identity *identity);
/* A date as [school] dates says; false for any other form. Days and months may have one digit. */
bool pupil_date(const struct school_options *options, struct slice cell, int32_t *ret) MUST_USE;
/* "is not a date of the form ..." */
const char *pupil_date_words(const struct school_options *options);

/* --- all of one file --- */

struct pupil {
    uint8_t key[CAIRN_HASH_BYTES];
    struct identity identity; /* as the first row says it; restricted if any row says so */
    bool two_children;
};

struct pupils {
    size_t n;
    size_t room;
    struct pupil *items;
    uint32_t *index; /* position + 1, by key; 0 free */
};
#define PUPILS_NULL ((struct pupils){.n = 0})
void pupils_deinit(struct pupils *pupils);
/* The pupil of this identity, who has a key (pupil_read saw to it); marks two children with one
 * number. NULL when there is no room. */
struct pupil *pupils_add(struct pupils *pupils, const struct pupil_terms *terms,
                         const struct identity *identity, bool *ret_new);
struct pupil *pupils_find(const struct pupils *pupils, const uint8_t key[CAIRN_HASH_BYTES]);

#endif
