/* SPDX-License-Identifier: Apache-2.0 */
/*
 * school: what a school's files become. A register becomes absence summaries, at most one for each
 * pupil and period (attendance.c); a roll becomes involvements and no record (roll.c).
 *
 * A file is read twice: once to see whether it can be believed, with nothing written, and once to
 * take it. What is taken is taken in short transactions, each of which leaves things so that the
 * same file, given again, goes on where it stopped and says nothing twice.
 *
 * Any thread. Blocks on the disk.
 */
#ifndef AGENTS_SCHOOL_SCHOOL_H
#define AGENTS_SCHOOL_SCHOOL_H

#include "agents/core/report.h"
#include "csv/csv.h"

struct school_file {
    struct agent *agent;
    enum intake_content content; /* INTAKE_ATTENDANCE or INTAKE_ROLL */
    const struct csv_source *source;
    uint32_t by_uid;       /* whose file it is */
    struct report *report; /* REPORT_NULL before */
    struct error *error;
};
/* 0 and the report; -EINVAL and the error when the file was refused as a whole, with nothing taken
 * (the report says which rows); or -errno: give the same file again. */
int school_take(const struct school_file *file) MUST_USE;
/* The same for a submission over the local interface; as intake_submit. */
int school_submit(struct agent *agent, const struct intake_request *request,
                  struct intake_answer *ret, struct error *error) MUST_USE;

/* --- by file; as school_take --- */
int attendance_take(const struct school_file *file) MUST_USE;
int roll_take(const struct school_file *file) MUST_USE;

/* What the rows of a file are read under. */
struct pupil_terms;
void school_terms(struct agent *agent, struct pupil_terms *ret);
/* One finding, under the column's name in the file, about a row that was not taken, or that was. */
struct pupil_finding;
struct school_names;
void school_set_aside(const struct school_file *file, const struct school_names *names,
                      uint64_t row, const struct pupil_finding *finding);
void school_note(const struct school_file *file, const struct school_names *names, uint64_t row,
                 const struct pupil_finding *finding);
/* What the rows said. A number that is wrong was a finding of its row, once. */
void school_tell(const struct school_file *file, const struct intake_answer *answer);

#endif
