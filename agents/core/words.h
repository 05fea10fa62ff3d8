/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words: what has become of something, in plain English, for the person who sent it or must look at
 * it. A record that is kept says that nobody has seen it; what is immediate, and a referral, says
 * whom to telephone until a notice in the log says that a person has opened it: the broker's word
 * alone does not end that. What only the broker says is said to be its word. No view ever says that
 * nothing is known.
 *
 * Pure functions; any thread.
 */
#ifndef AGENTS_WORDS_H
#define AGENTS_WORDS_H

#include "agents/core/alerts.h"
#include "agents/core/link.h"
#include "agents/core/state.h"
#include "govern/govern.h"

#define WORDS_MAX_BYTES 768
#define WHEN_BYTES      40 /* "22 November 2026, 14:05" */

/* What a record, statement or decision of ours looks like to its author. */
enum situation {
    SITUATION_SETTLING = 1,
    SITUATION_WAITING,     /* our place in the partnership is not known yet */
    SITUATION_OFFLINE,     /* on disk, no connection */
    SITUATION_STOPPED,     /* on disk, the link waits for an operator */
    SITUATION_REVOKED,     /* on disk, the broker takes nothing from us any more */
    SITUATION_ASIDE,       /* on disk, the broker refuses it and an operator must look */
    SITUATION_SENDING,     /* on disk, connected */
    SITUATION_STORED,      /* a statement or a decision: nobody opens it */
    SITUATION_ASKED,       /* a request: stored; what each answered */
    SITUATION_NO_READER,   /* stored; no agreement lets anybody read it */
    SITUATION_KEPT,        /* stored; told to nobody yet, as the broker says */
    SITUATION_TOLD,        /* others were told that it exists, and no more, as the broker says */
    SITUATION_NOT_SHARED,  /* was to be delivered; no agreement allows it any more */
    SITUATION_QUEUED,      /* on its way to a reader, as the broker says */
    SITUATION_DELIVERED,   /* on a reader's disk, as the broker says */
    SITUATION_SAID_OPENED, /* a person there has opened it, as the broker says */
    SITUATION_OPENED,      /* a person there has opened it, as a notice in the log says */
    SITUATION_UNSURE,      /* stored; the broker cannot be asked who has seen it */
    SITUATION_UNASKED,     /* stored; it could be asked, and was not */
    SITUATION_REFUSED,
    SITUATION_WITHDRAWN, /* before it left */
    SITUATION_RETRACTED  /* after it had left */
};

struct words_reader {
    const char *name;
    enum reader_state state; /* of a request, READER_OPENED: it was refused there */
};

struct words_about {
    const struct out_row *row;
    int64_t now_ms;
    enum link_state link;
    int64_t link_since_ms; /* 0: not since the agent started */
    bool asked;            /* the broker said just now who the readers are: its word */
    bool not_tried;        /* nobody has asked it, as in an answer about many records */
    size_t n_readers;
    const struct words_reader *readers;
    const char *opened_by;   /* as a notice in the log told us; NULL nobody, or not told */
    int64_t destroyed_ms;    /* when the broker destroyed its copy of the body; 0 not yet */
    int64_t opened_ms;       /* likewise; 0 */
    const struct desk *desk; /* on duty now; NULL: no calendar is held yet */
};

/* How far the one has come that has come furthest; READER_KEPT of nobody. */
enum reader_state words_furthest(const struct words_reader *readers, size_t n);
/* Of what is kept, as far as we know ourselves: where it has gone all the same, as the broker says.
 * False, with nothing written, when nobody has it. */
bool words_seen(const struct words_reader *readers, size_t n, char out[WORDS_MAX_BYTES]) MUST_USE;
enum situation words_situation(const struct words_about *about);
/* Whether its author must be told to telephone, whatever else is true. */
bool words_must_telephone(const struct words_about *about);
void words_state(const struct words_about *about, char out[WORDS_MAX_BYTES]);

/* "14:05" on the same day in London, else with the day. */
void words_when(int64_t at_ms, int64_t now_ms, char out[WHEN_BYTES]);
/* Appends whom to telephone now, and a space; NULL when that is not known. */
void words_telephone(struct writer *writer, const struct desk *desk);

/* --- alerts and notices (words_notice.c) --- */

/* Of an alert: has anybody looked, and what came of it. `name` is the agency that did it. */
void words_alert(const struct known_alert *row, const char *name, int64_t now_ms,
                 char out[WORDS_MAX_BYTES]);
/* What stands above an alert: by how many agencies, as far as these headlines say it. */
const char *words_alert_heading(const struct wire_headline *headlines, size_t n);
/* Who is on duty; either may be unknown. */
struct words_watch {
    const struct desk *desk; /* now; NULL: the calendar has not come */
    const struct desk *next; /* NULL: nobody else for long */
    int64_t next_ms;         /* from when */
    int64_t now_ms;
};
/* That nobody has opened something, and whom to telephone now and later. */
void words_unopened(const struct words_watch *watch, char out[WORDS_MAX_BYTES]);
/* Of any other notice in the inbox. Static storage. */
const char *words_notice(enum notice_type type);
/* Of a child of another authority: what the front door is to do; that it has been said again; that
 * it is done. */
void words_pass_on(uint32_t authority, char out[WORDS_MAX_BYTES]);
#define WORDS_NOT_PASSED_ON                                                                        \
    "This is about a child of another local authority, and nobody at the front door has said "     \
    "that it was passed on there."
#define WORDS_PASSED_ON                                                                            \
    "A named person at the front door has passed this on to the child's own local authority."
const char *notice_type_text(enum notice_type type);
const char *reader_state_text(enum reader_state state);

#endif
