/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report: what became of a file, for whoever made it: how many rows were taken, which were set
 * aside and why. Names rows and columns, never what stands in them: a report may lie where more
 * people read than the file. At most REPORT_FINDINGS_MAX findings are kept, and of rows that were
 * taken REPORT_NOTES_MAX; the others are counted.
 *
 * Owned by whoever declared it; one thread at a time. Zero state REPORT_NULL.
 */
#ifndef AGENTS_REPORT_H
#define AGENTS_REPORT_H

#include "agents/core/intake.h"

#define REPORT_FINDINGS_MAX     200 /* more than anybody reads; mostly of one fault */
#define REPORT_NOTES_MAX        100 /* of these about rows that were taken: the others need room */
#define REPORT_COLUMN_MAX_BYTES 64
#define REPORT_WHAT_MAX_BYTES   sizeof(((struct intake_item *)NULL)->reason)
#define REPORT_TEXT_MAX_BYTES   (256 * 1024)

enum report_effect {
    REPORT_SET_ASIDE = 1, /* the row was not taken */
    REPORT_NOTE,          /* it was, and somebody should know */
    REPORT_FLAW           /* it was, with a number by which nobody is found */
};

struct report_finding {
    enum report_effect effect;
    uint64_t row; /* as a spreadsheet shows it, or the position of the entry; from 1 */
    char column[REPORT_COLUMN_MAX_BYTES]; /* as the file calls it; empty: the whole row */
    char what[REPORT_WHAT_MAX_BYTES];     /* and what to do */
};

/* What spoke of danger, whatever became of it. */
struct report_danger {
    uint64_t row;
    struct intake_item item;
};

struct report {
    enum intake_content content;
    uint64_t rows; /* below the header */
    uint64_t taken;
    uint64_t set_aside;
    struct intake_answer answer; /* what was told, as far as CAIRN_BUNDLE_ENTRIES_MAX; counted: */
    uint64_t told[INTAKE_NOTED + 1]; /* by enum intake_outcome */
    size_t n_danger;                 /* at most CAIRN_BUNDLE_ENTRIES_MAX */
    struct report_danger *danger;
    struct json *urgent; /* the same as people are told it, with whom to telephone; NULL: none */
    size_t n;
    struct report_finding *findings;
    uint64_t findings_left_out;
};
#define REPORT_NULL ((struct report){.n = 0})
void report_deinit(struct report *report);

/* Where and what are words of ours or of the configuration. */
void report_find(struct report *report, enum report_effect effect, uint64_t row, const char *column,
                 const char *what);
/* Adds one thing that was told, or could not be. */
void report_tell(struct report *report, const struct intake_item *item);
/* As the answer to a submission: what was told, then the findings, each with its row. */
void report_answer(const struct report *report, struct intake_answer *ret);

/* For people, and for programs ("cairn-file-report/v1"). `refusal` is NULL unless the file was
 * refused as a whole. */
void report_text(const struct report *report, const struct error *refusal, struct buf *out);
int report_json(const struct report *report, const struct error *refusal, struct buf *out) MUST_USE;

#endif
