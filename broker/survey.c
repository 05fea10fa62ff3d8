/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/survey.h"

#include <inttypes.h>
#include <string.h>

#include "base/date.h"
#include "broker/timers.h"

/* --- agencies --- */

struct agencies {
    uint64_t undelivered;
    uint64_t silent;
    uint64_t witnessed; /* size of the newest head that one has cosigned */
    uint64_t named;     /* of the silent, those that there was room for */
    struct buf names;
};

/* Front doors mostly read: one that says nothing of a child is not silent. Who joined has as long
 * as the others. */
static bool is_silent(const struct agency *agency, const struct agency_row *row, int32_t today)
{
    int32_t since = row->said_day > row->joined_day ? row->said_day : row->joined_day;
    return !agency_is_front_door(agency) && today - since >= CAIRN_SILENT_DAYS;
}

/* As many as there is room for, and for how many more there are. */
static void name_silent(struct agencies *agencies, const char *id)
{
    size_t wanted = agencies->names.len + strlen(id) + sizeof(",  and 1024 more");
    if (agencies->named == agencies->silent && wanted <= COUNTERS_WORDS_BYTES) {
        buf_format(&agencies->names, "%s%s", agencies->named == 0 ? "" : ", ", id);
        agencies->named++;
    }
    agencies->silent++;
}
static_assert(CAIRN_AGENCIES_MAX < 10000, "how many more has four digits");

static void add_agency(struct store_txn *txn, const struct agency *agency, int32_t today,
                       struct agencies *agencies)
{
    struct agency_row row;
    agency_row_get(txn, agency->number, &row);
    agencies->undelivered += row.next_position - 1 - row.acknowledged;
    if (is_silent(agency, &row, today)) {
        name_silent(agencies, agency->id);
    }
    agencies->witnessed = row.log_size > agencies->witnessed ? row.log_size : agencies->witnessed;
}

static void count_agencies(struct commit *commit, struct store_txn *txn, int32_t today)
{
    const struct directory *directory = &commit->governance->directory;
    struct agencies agencies = {.names = BUF_MAX(COUNTERS_WORDS_BYTES)};
    uint64_t size = commit->log_size;
    for (size_t i = 0; i < directory->n_agencies; i++) {
        if (directory->agencies[i].active) {
            add_agency(txn, &directory->agencies[i], today, &agencies);
        }
    }
    if (agencies.named < agencies.silent) {
        buf_format(&agencies.names, " and %" PRIu64 " more", agencies.silent - agencies.named);
    }
    counters_say(commit->counters, buf_slice(&agencies.names));
    buf_deinit(&agencies.names);
    uint64_t unwitnessed = size > agencies.witnessed ? size - agencies.witnessed : 0;
    count_set(commit->counters, COUNT_WAITING_UNDELIVERED, agencies.undelivered);
    count_set(commit->counters, COUNT_WAITING_SILENT, agencies.silent);
    count_set(commit->counters, COUNT_COMMIT_UNWITNESSED, unwitnessed);
}

/* --- documents --- */

static uint64_t review_ms(const struct governance *governance, enum governance_document document)
{
    int32_t day = governance->review_by[document];
    bool any = governance->versions[document] != 0 && day != INT32_MAX;
    return any ? (uint64_t)((day + 1) * DAY_MS) : 0;
}

static void count_documents(struct commit *commit)
{
    const struct governance *governance = commit->governance;
    count_set(commit->counters, COUNT_REVIEW_AGREEMENTS_MS,
              review_ms(governance, GOVERNANCE_AGREEMENTS));
    count_set(commit->counters, COUNT_REVIEW_PATTERNS_MS,
              review_ms(governance, GOVERNANCE_PATTERNS));
    count_set(commit->counters, COUNT_REVIEW_CALENDAR_MS,
              review_ms(governance, GOVERNANCE_CALENDAR));
}

/* --- all of it --- */

void survey(struct commit *commit)
{
    if (commit->governance == NULL) {
        return; /* a new store, whose first batch is still to come */
    }
    _cleanup_(store_end) struct store_txn *txn = store_read(commit->store);
    if (txn == NULL) {
        return; /* readers are exhausted: the next one says it */
    }
    struct apply apply = {.txn = txn, .governance = commit->governance};
    struct timers_unopened unopened;
    timers_unopened(&apply, SURVEY_TIMERS_MAX, &unopened);
    count_set(commit->counters, COUNT_WAITING_RECORDS, unopened.records);
    count_set(commit->counters, COUNT_WAITING_ALERTS, unopened.alerts);
    count_agencies(commit, txn, instant_london_day(clock_real_ms(commit->time.clock)));
    count_documents(commit);
}
