/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A roll says which pupils a school has, and nothing else: each becomes an involvement of role
 * on-roll, which decides who is told once something about that child exists; whoever is no longer
 * in the file stops being involved. It makes no record. One row that cannot be believed refuses the
 * whole file, since what is missing from it would end involvements; so does a file that would end
 * too many of them.
 *
 * ROLL row, at the pupil's key: from i32 | the involvement's JSON (wrap_seal). It is written in the
 * transaction that takes the involvement: after a crash the same file goes on where it stopped.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agents/school/pupil.h"
#include "agents/school/school.h"
#include "crypto/seal.h"
#include "json/json.h"

#define PURPOSE           "roll"
#define PUPILS_PER_COMMIT 32
#define FEW_PUPILS        10 /* below them no share of leavers says anything */

struct roll {
    const struct school_file *file;
    const struct school_names *names;
    struct pupil_terms terms;
    struct pupils pupils;
    uint64_t bad_row; /* the first that cannot be believed; 0 none */
    const char *bad_column;
    const char *bad_what;
    size_t n_leavers;
    uint8_t (*leavers)[CAIRN_HASH_BYTES];
};

static void roll_deinit(struct roll *roll)
{
    pupils_deinit(&roll->pupils);
    base_free(&roll->leavers);
}

/* --- reading --- */

static void refuse_row(struct roll *roll, uint64_t number, const struct pupil_finding *finding)
{
    if (roll->bad_row == 0) {
        roll->bad_row = number;
        roll->bad_what = finding->what;
        roll->bad_column = finding->column == COLUMN_COUNT ? "" : roll->names->of[finding->column];
    }
    roll->file->report->set_aside++;
    school_set_aside(roll->file, roll->names, number, finding);
}

static int check_row(void *data, const struct table_row *row)
{
    struct roll *roll = data;
    _cleanup_(identity_deinit) struct identity identity = IDENTITY_NULL;
    struct pupil_finding finding = PUPIL_FINDING_NULL;
    bool is_new;
    roll->file->report->rows++;
    if (!pupil_read(&roll->terms, row, &identity, &finding)) {
        refuse_row(roll, row->number, &finding);
        return 0;
    }
    if (pupils_add(&roll->pupils, &roll->terms, &identity, &is_new) == NULL) {
        return error_set(roll->file->error, "", "has more than %d pupils", PUPILS_MAX);
    }
    if (!is_new) {
        finding.what = "is about a pupil who is in the file already, or has the number of another "
                       "one";
        refuse_row(roll, row->number, &finding);
        return 0;
    }
    finding = pupil_note(&identity);
    if (finding.what != NULL) {
        school_note(roll->file, roll->names, row->number, &finding);
    }
    return 0;
}

/* Who is on the roll that we hold, and not in the file. */
static int find_leavers(struct roll *roll, size_t *ret_held)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(roll->file->agent->store);
    if (txn == NULL) {
        return -ENOMEM;
    }
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, AT_ROLL, SLICE_NULL);
    roll->leavers = base_zalloc(PUPILS_MAX, sizeof(roll->leavers[0]));
    for (*ret_held = 0; walk.live; (*ret_held)++) {
        if (walk.key.len != CAIRN_HASH_BYTES || *ret_held == PUPILS_MAX) {
            return -EBADMSG;
        }
        if (pupils_find(&roll->pupils, walk.key.data) == NULL) {
            memcpy(roll->leavers[roll->n_leavers++], walk.key.data, walk.key.len);
        }
        store_walk_next(&walk);
    }
    return store_fault(txn);
}

static int refuse_file(const struct roll *roll)
{
    char where[80];
    const char *column = roll->bad_column == NULL ? "" : roll->bad_column;
    (void)snprintf(where, sizeof(where), "row %llu%s%.40s", (unsigned long long)roll->bad_row,
                   column[0] == '\0' ? "" : ", column ", column);
    return error_set(roll->file->error, where, "%s (a roll is taken as a whole, or not at all)",
                     roll->bad_what);
}

static int check_file(struct roll *roll)
{
    const struct table_reading table = {.names = roll->names,
                                        .encoding = roll->terms.options->encoding,
                                        .handler = check_row,
                                        .data = roll};
    struct error *error = roll->file->error;
    size_t held;
    int r = table_read(roll->file->source, &table, error);
    if (r != 0) {
        return r;
    }
    if (roll->bad_row != 0) {
        return refuse_file(roll);
    }
    if (roll->pupils.n == 0) {
        return error_set(error, "", "has no pupil");
    }
    r = find_leavers(roll, &held);
    if (r == 0 && held >= FEW_PUPILS &&
        100 * roll->n_leavers > roll->terms.options->leavers_max_percent * held) {
        return error_set(error, "",
                         "would end the involvement with %zu of %zu pupils: if that is right, say "
                         "leavers_max in [roll]",
                         roll->n_leavers, held);
    }
    return r;
}

/* --- involvements --- */

static int involvement_json(const struct identity *child, int32_t from, struct buf *out)
{
    _cleanup_(involvement_deinit) struct involvement involvement = INVOLVEMENT_NULL;
    involvement.child = *child;
    involvement.role = ROLE_ON_ROLL;
    involvement.from_day = from;
    return involvement_to_json(&involvement, out);
}

/* False when there is no row. */
static bool row_get(struct store_txn *txn, const struct roll *roll,
                    const uint8_t key[CAIRN_HASH_BYTES], int32_t *ret_from, struct buf *ret_json)
{
    struct slice value;
    if (!store_get(txn, AT_ROLL, slice_make(key, CAIRN_HASH_BYTES), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    *ret_from = read_i32(&reader);
    struct slice wrapped = read_bytes(&reader, reader.left);
    uint8_t *plain = wrapped.len <= WRAP_OVERHEAD_BYTES
                         ? NULL
                         : buf_extend(ret_json, wrapped.len - WRAP_OVERHEAD_BYTES);
    if (plain == NULL || wrap_open(roll->terms.store_key, PURPOSE, wrapped, plain) != 0) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return true;
}

static void row_put(struct store_txn *txn, const struct roll *roll,
                    const uint8_t key[CAIRN_HASH_BYTES], int32_t from, const struct buf *json)
{
    size_t len = 4 + json->len + WRAP_OVERHEAD_BYTES;
    uint8_t *out = store_reserve(txn, AT_ROLL, slice_make(key, CAIRN_HASH_BYTES), len);
    if (out == NULL) {
        return;
    }
    struct writer writer = writer_over(out, len);
    write_i32(&writer, from);
    if (wrap_seal(roll->terms.store_key, PURPOSE, buf_slice(json), out + writer.len) != 0) {
        store_fail(txn, -EIO);
    }
}

/* --- some at a time --- */

/* Involvements that become true with one commit. */
struct change {
    const struct roll *roll;
    bool ends; /* else begins, or says anew who the pupil is */
    size_t n;
    struct {
        uint8_t key[CAIRN_HASH_BYTES];
        int32_t from;
        struct buf json;
    } items[PUPILS_PER_COMMIT];
};

static void change_deinit(struct change *change)
{
    for (size_t i = 0; i < change->n; i++) {
        buf_deinit(&change->items[i].json);
    }
    change->n = 0;
}

static int keep_rows(void *data, struct store_txn *txn)
{
    const struct change *change = data;
    for (size_t i = 0; i < change->n; i++) {
        const uint8_t *key = change->items[i].key;
        if (change->ends) {
            (void)store_delete(txn, AT_ROLL, slice_make(key, CAIRN_HASH_BYTES));
        } else {
            row_put(txn, change->roll, key, change->items[i].from, &change->items[i].json);
        }
    }
    return store_fault(txn);
}

static int commit(struct change *change)
{
    const struct school_file *file = change->roll->file;
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    struct slice texts[PUPILS_PER_COMMIT];
    const struct intake_batch batch = {
        .n_involvements = change->n, .involvements = texts, .also = keep_rows, .data = change};
    for (size_t i = 0; i < change->n; i++) {
        texts[i] = buf_slice(&change->items[i].json);
    }
    int r = change->n == 0 ? 0 : intake_batch(file->agent, &batch, &answer, file->error);
    if (r == 0) {
        school_tell(file, &answer);
    }
    change_deinit(change);
    return r;
}

/* The involvement as it was said, with its end. */
static int end_json(struct slice json, int32_t from, int32_t today, struct buf *out)
{
    struct error error = ERROR_NULL;
    _cleanup_(json_free) struct json *document = json_parse(json, &error);
    if (document == NULL) {
        return -EBADMSG; /* we wrote it */
    }
    json_set_day(document, "until", today > from ? today : from + 1);
    return json_write(document, JSON_STYLE_COMPACT, out);
}

static int add_leaver(struct change *change, struct store_txn *txn,
                      const uint8_t key[CAIRN_HASH_BYTES])
{
    _cleanup_(buf_deinit) struct buf said = BUF_MAX(INVOLVEMENT_JSON_MAX_BYTES);
    const struct roll *roll = change->roll;
    int32_t from;
    if (!row_get(txn, roll, key, &from, &said)) {
        return store_fault(txn); /* another file has ended it meanwhile */
    }
    size_t at = change->n++;
    memcpy(change->items[at].key, key, CAIRN_HASH_BYTES);
    change->items[at].from = from;
    change->items[at].json = BUF_MAX(INVOLVEMENT_JSON_MAX_BYTES);
    return end_json(buf_slice(&said), from, roll->terms.today, &change->items[at].json);
}

static int add_pupil(struct change *change, struct store_txn *txn, const struct pupil *pupil)
{
    _cleanup_(buf_deinit) struct buf said = BUF_MAX(INVOLVEMENT_JSON_MAX_BYTES);
    const struct roll *roll = change->roll;
    int32_t from = roll->terms.today;
    bool known = row_get(txn, roll, pupil->key, &from, &said);
    size_t at = change->n++;
    struct buf *json = &change->items[at].json;
    memcpy(change->items[at].key, pupil->key, CAIRN_HASH_BYTES);
    change->items[at].from = from;
    *json = BUF_MAX(INVOLVEMENT_JSON_MAX_BYTES);
    int r = store_fault(txn);
    if (r == 0) {
        r = involvement_json(&pupil->identity, from, json);
    }
    if (r == 0 && known && slice_equal(buf_slice(json), buf_slice(&said))) {
        buf_deinit(json);
        change->n--;
    }
    return r;
}

static int add_one(struct change *change, struct store_txn *txn, size_t i)
{
    const struct roll *roll = change->roll;
    return change->ends ? add_leaver(change, txn, roll->leavers[i])
                        : add_pupil(change, txn, &roll->pupils.items[i]);
}

static int add_some(struct change *change, size_t n, size_t *at)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(change->roll->file->agent->store);
    int r = txn == NULL ? -ENOMEM : 0;
    while (r == 0 && *at < n && change->n < PUPILS_PER_COMMIT) {
        r = add_one(change, txn, (*at)++);
    }
    return r;
}

static int take_all(struct roll *roll, bool ends)
{
    _cleanup_(change_deinit) struct change change = {.roll = roll, .ends = ends};
    size_t n = ends ? roll->n_leavers : roll->pupils.n;
    int r = 0;
    for (size_t at = 0; r == 0 && at < n;) {
        r = add_some(&change, n, &at);
        if (r == 0) {
            r = commit(&change);
        }
    }
    return r;
}

int roll_take(const struct school_file *file)
{
    _cleanup_(roll_deinit) struct roll roll = {
        .file = file, .names = &file->agent->options->school.roll, .pupils = PUPILS_NULL};
    school_terms(file->agent, &roll.terms);
    int r = check_file(&roll);
    if (r == 0) {
        r = take_all(&roll,
                     true); /* before those that come: a number may pass from one to another */
    }
    if (r == 0) {
        r = take_all(&roll, false);
    }
    file->report->taken = r == 0 ? file->report->rows : 0;
    return r;
}
