/* SPDX-License-Identifier: Apache-2.0 */
/*
 * practice: one agency's agent for tests: real keys, store and governance in a temporary folder, a
 * clock that moves when told to, no network and no threads. It is agency 1 of the partnership below
 * and starts knowing nothing but the root, as after joining; practice_govern is what its first
 * conversation with the broker brings.
 */
#ifndef SUPPORT_PRACTICE_H
#define SUPPORT_PRACTICE_H

#include "agents/core/agent.h"
#include "agents/core/intake.h"
#include "agents/core/spool.h"
#include "support/governing.h"
#include "support/scratch.h"

enum practice_agency {
    AGENCY_OWN = 1,  /* "elm-street", gp */
    AGENCY_HOSPITAL, /* "north-hospital", hospital */
    AGENCY_SCHOOL,   /* "oak-school", school */
    AGENCY_MASH,     /* "north-mash", mash: front door */
    AGENCY_DUTY,     /* "duty-team", out-of-hours: front door */
    AGENCY_GONE      /* "old-surgery", gp: revoked */
};
#define PRACTICE_AGENCIES 6

struct practice {
    char dir[SCRATCH_BYTES];
    char keys[96];
    char joining[96];
    char store[96];
    struct governing governing;
    struct clock_fake clock;
    struct agent_options options;
    struct agent *agent;
    struct buf backup;
};

/* Sunday 2026-11-22, 09:00 UTC. */
#define PRACTICE_NOW_MS INT64_C(1795338000000)
#define PRACTICE_HOUR   (3600 * INT64_C(1000))

struct practice *practice_new(void);
void practice_free(struct practice **practice);
/* cmocka's set-up and tear-down, with the practice as the test's state: with the documents of its
 * partnership, or before they have come. */
int practice_set_up(void **state);
int practice_set_up_ungoverned(void **state);
int practice_tear_down(void **state);
/* The agent ends and starts again: nothing but the folder survives. */
void practice_reopen(struct practice *practice);
/* Its store as it is now, and as it was then: a backup. One is kept. */
void practice_backup(struct practice *practice);
void practice_restore(struct practice *practice);
/* Directory, agreements, patterns and calendar arrive. */
void practice_govern(struct practice *practice);
/* One of them, changed by `from` -> `to`, as the next version. */
void practice_amend(struct practice *practice, enum governance_document document, uint64_t version,
                    const char *from, const char *to);

/* The next directory arrives: of `agency` it lists `sets` sets of keys, the oldest `retired` so.
 * Once. */
void practice_renew(struct practice *practice, uint32_t agency, unsigned sets, unsigned retired);
/* Its n-th set of keys lies in its folder, for the next start. */
void practice_write_set(struct practice *practice, unsigned n);
/* From now on the partnership's directory says that it is of this kind ("police"): what it may send
 * goes by that. Nothing before practice_govern. */
void practice_become(struct practice *practice, const char *kind);

/* --- what the agency's system says; each returns the only item of the answer --- */
struct intake_item practice_submit(struct practice *practice, enum intake_content content,
                                   const char *text);
/* A missed appointment of a child: "noshow", "fulfilled", ... ; version as in meta.versionId. */
struct intake_item practice_appointment(struct practice *practice, const char *id,
                                        const char *status, const char *version);
/* The same with more said of it; NULL members are as in practice_appointment. */
struct practice_visit {
    const char *id;
    const char *status;
    const char *version; /* NULL: none */
    const char *updated; /* lastUpdated; NULL: none */
    const char *birth;
    const char *nhs_number;
    const char *service;
    const char *cancelled_by; /* code of the reason */
};
struct intake_item practice_visit(struct practice *practice, const struct practice_visit *visit);
/* A concern as JSON with these members more ("\"urgency\":\"immediate\",", may be ""). */
struct intake_item practice_concern(struct practice *practice, const char *members);
/* The text of that concern, for tests that change it. */
void practice_concern_text(const char *members, struct buf *out);

/* --- what became of it --- */
struct out_row practice_out(struct practice *practice, const struct reference *reference);
/* How many rows a table has. */
uint64_t practice_rows(struct practice *practice, enum agent_table table);
uint64_t practice_count(struct practice *practice, const char *name);
/* All that is due is sealed; how many turns it took. */
unsigned practice_settle(struct practice *practice);

#endif
