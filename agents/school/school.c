/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/school/school.h"

#include <errno.h>

#include "agents/school/pupil.h"
#include "base/date.h"

void school_terms(struct agent *agent, struct pupil_terms *ret)
{
    _cleanup_(governance_unref) struct governance *governance = govern_keep_current(agent->keep);
    *ret = (struct pupil_terms){
        .options = &agent->options->school,
        .store_key = &agent->keys.store,
        .live = governance->root.live,
        .today = instant_london_day(clock_real_ms(agent->clock)),
    };
}

/* One finding under the column's name in the file. */
static void find(const struct school_file *file, const struct school_names *names,
                 enum report_effect effect, uint64_t row, const struct pupil_finding *finding)
{
    const char *column = finding->column == COLUMN_COUNT ? "" : names->of[finding->column];
    report_find(file->report, effect, row, column == NULL ? "" : column, finding->what);
}

void school_note(const struct school_file *file, const struct school_names *names, uint64_t row,
                 const struct pupil_finding *finding)
{
    find(file, names, finding->flawed ? REPORT_FLAW : REPORT_NOTE, row, finding);
}

void school_set_aside(const struct school_file *file, const struct school_names *names,
                      uint64_t row, const struct pupil_finding *finding)
{
    find(file, names, REPORT_SET_ASIDE, row, finding);
}

void school_tell(const struct school_file *file, const struct intake_answer *answer)
{
    for (size_t i = 0; i < answer->n; i++) {
        struct intake_item item = answer->items[i];
        item.flawed = false;
        report_tell(file->report, &item);
    }
}

int school_take(const struct school_file *file)
{
    file->report->content = file->content;
    return file->content == INTAKE_ROLL ? roll_take(file) : attendance_take(file);
}

int school_submit(struct agent *agent, const struct intake_request *request,
                  struct intake_answer *ret, struct error *error)
{
    _cleanup_(report_deinit) struct report report = REPORT_NULL;
    const struct csv_source source = {.fd = -1, .bytes = request->body};
    if (request->idempotency_key.len > 0) {
        return error_set(error, "Idempotency-Key",
                         "is not for registers and rolls: the same file again says nothing twice");
    }
    const struct school_file file = {.agent = agent,
                                     .content = request->content,
                                     .source = &source,
                                     .by_uid = request->by_uid,
                                     .report = &report,
                                     .error = error};
    int r = school_take(&file);
    if (r == 0) {
        report_answer(&report, ret);
    }
    return r;
}
