/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A register: first every row is checked and every pupil of the file noted; then the marks of the
 * good rows are put into the store, ROWS_PER_COMMIT a transaction; then each pupil of the file is
 * judged, PUPILS_PER_COMMIT a transaction, in which what is told and that it was told become true
 * together. After a crash anywhere the same file brings the store to where it would have been.
 */
#include <errno.h>
#include <string.h>

#include "agents/core/own_kind.h"
#include "agents/core/room.h"
#include "agents/school/pupil.h"
#include "agents/school/school.h"
#include "agents/school/summary.h"

#define ROWS_PER_COMMIT   500 /* other writers wait no longer than that */
#define PUPILS_PER_COMMIT 32
/* Each row may touch a page of its own and one of the tree. */
#define ROOM_ENTRIES ((ROWS_PER_COMMIT * 2 * 4096) / CAIRN_AGENT_ENTRY_BYTES)
#define PERIODS_MAX  3 /* that are open at once: this one, and what ended of late */

struct reading {
    const struct school_file *file;
    const struct school_names *names;
    struct pupil_terms terms;
    struct pupils pupils;
    struct store_txn *txn;
    size_t in_txn; /* rows */
};

static void reading_end(struct reading *reading)
{
    store_end(&reading->txn);
    pupils_deinit(&reading->pupils);
}

/* --- one row --- */

struct reading_row {
    struct identity identity;
    struct absence_mark mark;
};

static void row_deinit(struct reading_row *row)
{
    identity_deinit(&row->identity);
}

static bool refuse(struct pupil_finding *finding, enum school_column column, const char *what)
{
    *finding = (struct pupil_finding){.column = column, .what = what};
    return false;
}

static bool read_session(struct slice cell, uint8_t *ret)
{
    if (cell.len != 2 || (cell.data[1] != 'M' && cell.data[1] != 'm')) {
        return false;
    }
    bool morning = cell.data[0] == 'A' || cell.data[0] == 'a';
    *ret = morning ? 0 : 1;
    return morning || cell.data[0] == 'P' || cell.data[0] == 'p';
}

static bool read_mark(const struct reading *reading, const struct table_row *row,
                      struct absence_mark *ret, struct pupil_finding *finding)
{
    const struct school_options *options = reading->terms.options;
    struct slice code = row->cells[COLUMN_CODE];
    if (!pupil_date(options, row->cells[COLUMN_DATE], &ret->day)) {
        return refuse(finding, COLUMN_DATE, pupil_date_words(options));
    }
    if (ret->day > reading->terms.today) {
        return refuse(finding, COLUMN_DATE, "lies in the future");
    }
    if (!register_is_open(options, ret->day, reading->terms.today)) {
        return refuse(finding, COLUMN_DATE,
                      "belongs to a period that has ended: its absence is not counted any more");
    }
    if (!read_session(row->cells[COLUMN_SESSION], &ret->session)) {
        return refuse(finding, COLUMN_SESSION, "is neither AM nor PM");
    }
    const struct attendance_code *known = attendance_code_find(code, ret->day);
    if (known == NULL) {
        return refuse(finding, COLUMN_CODE,
                      attendance_code_other_day(code, ret->day)
                          ? "is not one of the codes of that day: they changed on 19 August 2024"
                          : "is not an attendance code");
    }
    memcpy(ret->code, known->text, sizeof(ret->code));
    return true;
}

static bool read_row(const struct reading *reading, const struct table_row *row,
                     struct reading_row *ret, struct pupil_finding *finding)
{
    *ret = (struct reading_row){.identity = IDENTITY_NULL};
    return pupil_read(&reading->terms, row, &ret->identity, finding) &&
           read_mark(reading, row, &ret->mark, finding);
}

/* --- the first reading: what can be believed --- */

static int check_row(void *data, const struct table_row *row)
{
    struct reading *reading = data;
    const struct school_file *file = reading->file;
    _cleanup_(row_deinit) struct reading_row read;
    struct pupil_finding finding = PUPIL_FINDING_NULL;
    bool is_new;
    file->report->rows++;
    if (!read_row(reading, row, &read, &finding)) {
        file->report->set_aside++;
        school_set_aside(file, reading->names, row->number, &finding);
        return 0;
    }
    if (pupils_add(&reading->pupils, &reading->terms, &read.identity, &is_new) == NULL) {
        return error_set(file->error, "", "has more than %d pupils", PUPILS_MAX);
    }
    finding = pupil_note(&read.identity);
    if (is_new && finding.what != NULL) {
        school_note(file, reading->names, row->number, &finding);
    }
    return 0;
}

/* --- the second: marks into the store --- */

static int begin(struct reading *reading)
{
    reading->in_txn = 0;
    reading->txn = store_begin(reading->file->agent->store);
    return reading->txn == NULL ? -ENOMEM : room_for(reading->txn, LANE_BULK, ROOM_ENTRIES);
}

static void put_mark(struct reading *reading, const uint8_t pupil[CAIRN_HASH_BYTES],
                     const struct absence_mark *mark)
{
    struct register_key key = {.period = register_period(reading->terms.options, mark->day)};
    struct register_row row;
    memcpy(key.pupil, pupil, sizeof(key.pupil));
    register_get(reading->txn, reading->terms.store_key, &key, &row);
    if (store_fault(reading->txn) == 0 && register_mark(&row, mark)) {
        register_put(reading->txn, reading->terms.store_key, &key, &row);
    }
    bytes_wipe(&row, sizeof(row));
}

static int keep_row(void *data, const struct table_row *row)
{
    struct reading *reading = data;
    struct report *report = reading->file->report;
    _cleanup_(row_deinit) struct reading_row read;
    struct pupil_finding finding = PUPIL_FINDING_NULL;
    uint8_t key[CAIRN_HASH_BYTES];
    if (!read_row(reading, row, &read, &finding) ||
        !pupil_key(&read.identity, reading->terms.store_key, key)) {
        return 0; /* said when it was checked */
    }
    const struct pupil *pupil = pupils_find(&reading->pupils, key);
    if (pupil == NULL) {
        return -EAGAIN; /* the file is another one than a moment ago */
    }
    if (pupil->two_children) {
        finding.what = "two children have this pupil's number in this file: no row with it was "
                       "taken. Correct it in the school's system";
        report->set_aside++;
        school_set_aside(reading->file, reading->names, row->number, &finding);
        return 0;
    }
    put_mark(reading, key, &read.mark);
    report->taken++;
    if (++reading->in_txn < ROWS_PER_COMMIT) {
        return 0;
    }
    int r = agent_commit(&reading->txn);
    if (r == 0 && news_closed(&reading->file->agent->news)) {
        r = -EINTR; /* the agent ends; the file, given again, goes on */
    }
    return r != 0 ? r : begin(reading);
}

static int keep_marks(struct reading *reading, const struct table_reading *table)
{
    const struct school_file *file = reading->file;
    int r = begin(reading);
    if (r == 0) {
        register_forget(reading->txn, reading->terms.options, reading->terms.today);
        r = table_read(file->source, table, file->error);
    }
    return r != 0 ? r : agent_commit(&reading->txn);
}

/* --- what is told --- */

/* Summaries that become true with one commit. */
struct telling {
    const struct reading *reading;
    struct event_terms terms;
    size_t n;
    struct event events[PUPILS_PER_COMMIT * PERIODS_MAX];
    struct register_key keys[PUPILS_PER_COMMIT * PERIODS_MAX];
    struct absence told[PUPILS_PER_COMMIT * PERIODS_MAX];
};

static void telling_deinit(struct telling *telling)
{
    for (size_t i = 0; i < telling->n; i++) {
        event_deinit(&telling->events[i]);
    }
    telling->n = 0;
}

static void telling_free(struct telling **telling)
{
    if (*telling != NULL) {
        telling_deinit(*telling);
        base_free(telling);
    }
}

static void judge_period(struct telling *telling, struct store_txn *txn, const struct pupil *pupil,
                         int32_t period)
{
    const struct reading *reading = telling->reading;
    struct register_key *key = &telling->keys[telling->n];
    struct absence *told = &telling->told[telling->n];
    struct register_row row;
    key->period = period;
    memcpy(key->pupil, pupil->key, sizeof(key->pupil));
    register_get(txn, reading->terms.store_key, key, &row);
    enum summary_step step = summary_step(reading->terms.options, &row, told);
    bytes_wipe(&row, sizeof(row));
    if (step == SUMMARY_NOTHING) {
        return;
    }
    struct event *event = &telling->events[telling->n++];
    *event = EVENT_NULL;
    summary_event(&telling->terms, key, told, event);
    if (step == SUMMARY_TELL) {
        event->child = pupil->identity;
    }
}

static void judge_pupil(struct telling *telling, struct store_txn *txn, const struct pupil *pupil)
{
    const struct pupil_terms *terms = &telling->reading->terms;
    int32_t day = terms->today;
    for (int i = 0; i < PERIODS_MAX && register_is_open(terms->options, day, terms->today); i++) {
        int32_t period = register_period(terms->options, day);
        judge_period(telling, txn, pupil, period);
        day = period - 1;
    }
}

/* In the transaction that takes the summaries: that they were told. */
static int note_told(void *data, struct store_txn *txn)
{
    const struct telling *telling = data;
    const struct secret *store_key = telling->reading->terms.store_key;
    for (size_t i = 0; i < telling->n; i++) {
        struct register_row row;
        register_get(txn, store_key, &telling->keys[i], &row);
        row.told = telling->told[i];
        if (row.told.code == CODE_NOT_SAID) {
            row.told = (struct absence){.code = CODE_NOT_SAID};
        }
        if (store_fault(txn) == 0) {
            register_put(txn, store_key, &telling->keys[i], &row);
        }
        bytes_wipe(&row, sizeof(row));
    }
    return store_fault(txn);
}

static int judge_some(struct telling *telling, size_t from, size_t to)
{
    const struct pupils *pupils = &telling->reading->pupils;
    _cleanup_(store_end) struct store_txn *txn = store_read(telling->reading->file->agent->store);
    if (txn == NULL) {
        return -ENOMEM;
    }
    for (size_t i = from; i < to; i++) {
        if (!pupils->items[i].two_children) {
            judge_pupil(telling, txn, &pupils->items[i]);
        }
    }
    return store_fault(txn);
}

static int tell_some(struct telling *telling)
{
    const struct school_file *file = telling->reading->file;
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    const struct intake_batch batch = {
        .n_events = telling->n, .events = telling->events, .also = note_told, .data = telling};
    if (telling->n == 0) {
        return 0;
    }
    int r = intake_batch(file->agent, &batch, &answer, file->error);
    if (r == 0) {
        school_tell(file, &answer);
    }
    telling_deinit(telling);
    return r;
}

static int tell_all(const struct reading *reading)
{
    _cleanup_(telling_free) struct telling *telling = base_zalloc(1, sizeof(*telling));
    const struct agent *agent = reading->file->agent;
    const char *standing = agent->options->standing_decision;
    size_t n = reading->pupils.n;
    int r = 0;
    telling->reading = reading;
    telling->terms = (struct event_terms){
        .live = reading->terms.live,
        .now_ms = clock_real_ms(agent->clock),
        .standing_decision = standing == NULL || standing[0] == '\0' ? NULL : standing,
    };
    for (size_t at = 0; r == 0 && at < n; at += PUPILS_PER_COMMIT) {
        size_t to = at + PUPILS_PER_COMMIT < n ? at + PUPILS_PER_COMMIT : n;
        r = judge_some(telling, at, to);
        if (r == 0) {
            r = tell_some(telling);
        }
    }
    return r;
}

/* --- the file --- */

/* A register is read by whoever tells of absence, and by nobody else. */
static int check_kind(const struct school_file *file)
{
    _cleanup_(governance_unref) struct governance *governance =
        govern_keep_current(file->agent->keep);
    _cleanup_(own_place_deinit) struct own_place place = OWN_PLACE_NULL;
    const struct event summary = {.kind = RECORD_ABSENCE_SUMMARY, .urgency = URGENCY_ROUTINE};
    return govern_keep_place(file->agent->keep, &place)
               ? own_kind_check(governance, place.agency, &summary, file->error)
               : 0;
}

int attendance_take(const struct school_file *file)
{
    _cleanup_(reading_end) struct reading reading = {
        .file = file, .names = &file->agent->options->school.attendance, .pupils = PUPILS_NULL};
    struct table_reading table = {.names = reading.names,
                                  .encoding = file->agent->options->school.encoding,
                                  .handler = check_row,
                                  .data = &reading};
    school_terms(file->agent, &reading.terms);
    int r = check_kind(file);
    if (r != 0) {
        return r;
    }
    r = table_read(file->source, &table, file->error);
    table.handler = keep_row;
    if (r == 0) {
        r = keep_marks(&reading, &table);
    }
    return r != 0 ? r : tell_all(&reading);
}
