/* SPDX-License-Identifier: Apache-2.0 */
/* school: a practice (support/practice.h) whose agent reads a school's files, and such files. */
#ifndef SUPPORT_SCHOOL_H
#define SUPPORT_SCHOOL_H

#include "agents/school/school.h"
#include "support/practice.h"

struct school {
    struct practice *practice;
    struct conf *conf;
    struct report report; /* of the last file */
    struct error error;
};

/* Governed, with the default configuration and `ini` on top of it ("[school]\ndates = ..."). */
struct school *school_new(const char *ini);
void school_free(struct school **school);
/* The register or roll is taken; returns what school_take did. */
int school_give_source(struct school *school, enum intake_content content,
                       const struct csv_source *source);
int school_give(struct school *school, enum intake_content content, struct slice text);
int school_give_text(struct school *school, enum intake_content content, const char *text);
/* A finding of the last file: NULL when there is none about that row. */
const struct report_finding *school_finding(const struct school *school, uint64_t row);
/* The agency's newest thing out of this kind: false when there is none. */
bool school_newest(struct school *school, enum entry_kind kind, struct out_row *ret);

#define SCHOOL_UPN_BYTES 14
/* A valid pupil number: the n-th of an invented school. */
void school_upn(unsigned n, char out[SCHOOL_UPN_BYTES]);

#define SCHOOL_REGISTER_HEADER "UPN,Surname,Forename,DOB,Postcode,Date,Session,Code\r\n"
#define SCHOOL_ROLL_HEADER     "UPN,Surname,Forename,DOB,Postcode\r\n"
/* "X840...,Surname12,Forename,01/02/2015,NM7 4QX" without an end of line. */
void school_add_pupil(struct buf *out, unsigned n);
/* One row of a register. */
void school_add_mark(struct buf *out, unsigned pupil, int32_t day, unsigned session,
                     const char *code);
/* So many sessions of one pupil, from the day on, weekends left out; returns the day after. */
int32_t school_add_marks(struct buf *out, unsigned pupil, int32_t day, const char *code,
                         unsigned sessions);

#endif
