/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/school/pupil.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "agents/core/age.h"
#include "base/date.h"
#include "base/text.h"

#define INDEX_SIZE 16384 /* a power of two, well above PUPILS_MAX */
#define FIRST_ROOM 256

static_assert(2 * PUPILS_MAX < INDEX_SIZE, "the index stays sparse");

/* --- cells --- */

static bool refuse(struct pupil_finding *finding, enum school_column column, const char *what)
{
    *finding = (struct pupil_finding){.column = column, .what = what};
    return false;
}

/* A spreadsheet would run these, or has. The codes of attendance begin with other marks. */
static bool is_formula(struct slice cell)
{
    return cell.len > 0 && strchr("=+-@\t\r", cell.data[0]) != NULL;
}

static bool has_line_break(struct slice cell)
{
    return cell.len > 0 && memchr(cell.data, '\n', cell.len) != NULL;
}

static bool check_cells(const struct table_row *row, struct pupil_finding *finding)
{
    if (row->too_long) {
        return refuse(finding, COLUMN_COUNT,
                      "has more cells than the header: a comma inside a cell must stand between "
                      "quotation marks");
    }
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        enum school_column column = (enum school_column)i;
        if (!utf8_valid(row->cells[i])) {
            return refuse(finding, column,
                          "is not UTF-8: if the system writes Windows-1252, say encoding = "
                          "windows-1252 in [school]");
        }
        if (!utf8_is_prose(row->cells[i]) || has_line_break(row->cells[i])) {
            return refuse(finding, column,
                          "holds a line break or control characters: type it again");
        }
        if (column != COLUMN_CODE && is_formula(row->cells[i])) {
            return refuse(finding, column, "is a formula: export values, not formulas");
        }
    }
    return true;
}

/* A number of at most two digits, or of exactly four. */
static bool read_number(struct slice text, size_t min, size_t max, int *ret)
{
    int number = 0;
    if (text.len < min || text.len > max) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        number = 10 * number + (text.data[i] - '0');
    }
    *ret = number;
    return true;
}

static bool read_british(struct slice cell, int32_t *ret)
{
    struct slice parts[3];
    size_t n = 0;
    size_t begin = 0;
    int day;
    int month;
    int year;
    for (size_t i = 0; i <= cell.len; i++) {
        if (i == cell.len || cell.data[i] == '/') {
            if (n == ARRAY_LEN(parts)) {
                return false;
            }
            parts[n++] = slice_make(cell.data + begin, i - begin);
            begin = i + 1;
        }
    }
    return n == 3 && read_number(parts[0], 1, 2, &day) && read_number(parts[1], 1, 2, &month) &&
           read_number(parts[2], 4, 4, &year) && date_join(year, month, day, ret);
}

bool pupil_date(const struct school_options *options, struct slice cell, int32_t *ret)
{
    if (cell.len == 0) {
        return false;
    }
    return options->british_dates ? read_british(cell, ret) : date_parse(cell, ret);
}

const char *pupil_date_words(const struct school_options *options)
{
    return options->british_dates ? "is not a date of the form dd/mm/yyyy: let all rows have it, "
                                    "or say dates in [school]"
                                  : "is not a date of the form yyyy-mm-dd: let all rows have it, "
                                    "or say dates in [school]";
}

/* --- who it is --- */

static bool copy(const struct table_row *row, enum school_column column, char *out,
                 size_t out_bytes, struct pupil_finding *finding)
{
    return text_copy(out, out_bytes, row->cells[column])
               ? true
               : refuse(finding, column, "is longer than such a thing can be");
}

static bool read_birth(const struct pupil_terms *terms, const struct table_row *row,
                       struct identity *ret, struct pupil_finding *finding)
{
    struct slice cell = row->cells[COLUMN_BIRTH];
    if (cell.len == 0) {
        return true;
    }
    if (!pupil_date(terms->options, cell, &ret->birth_day)) {
        return refuse(finding, COLUMN_BIRTH, pupil_date_words(terms->options));
    }
    ret->has_birth = true;
    const char *refusal = age_refusal_of_future(ret, terms->today);
    if (refusal == NULL) {
        refusal = age_refusal(ret, terms->today);
    }
    return refusal == NULL || refuse(finding, COLUMN_BIRTH, refusal);
}

static bool is_one_of(struct slice cell, const char *const words[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (cell.len == strlen(words[i]) &&
            strncasecmp((const char *)cell.data, words[i], cell.len) == 0) {
            return true;
        }
    }
    return false;
}

/* "yes", "no" and what systems write for them; empty is no. */
static bool read_restricted(const struct table_row *row, struct identity *ret,
                            struct pupil_finding *finding)
{
    static const char *const no[] = {"no", "n", "false", "0"};
    static const char *const yes[] = {"yes", "y", "true", "1"};
    struct slice cell = row->cells[COLUMN_RESTRICTED];
    if (cell.len == 0 || is_one_of(cell, no, ARRAY_LEN(no))) {
        return true;
    }
    if (is_one_of(cell, yes, ARRAY_LEN(yes))) {
        identity_restrict(ret);
        return true;
    }
    return refuse(finding, COLUMN_RESTRICTED, "is neither yes nor no");
}

static bool read_upn(const struct pupil_terms *terms, const struct table_row *row,
                     struct identity *ret, struct pupil_finding *finding)
{
    struct identifier_terms number = {.verified = terms->options->upn_verified,
                                      .live = terms->live};
    struct slice cell = row->cells[COLUMN_UPN];
    if (cell.len > 0 && !upn_classify(cell, number, &ret->upn)) {
        return refuse(finding, COLUMN_UPN, "is longer than a pupil number");
    }
    return true;
}

bool pupil_key(const struct identity *identity, const struct secret *store_key,
               uint8_t ret[CAIRN_HASH_BYTES])
{
    struct identity_list_key keys[IDENTITY_TOKENS_MAX];
    if (identity_keys(identity, store_key, keys) == 0) {
        return false;
    }
    memcpy(ret, keys[0].bytes, CAIRN_HASH_BYTES);
    return true;
}

bool pupil_read(const struct pupil_terms *terms, const struct table_row *row, struct identity *ret,
                struct pupil_finding *finding)
{
    uint8_t key[CAIRN_HASH_BYTES];
    if (!check_cells(row, finding) ||
        !copy(row, COLUMN_GIVEN, ret->given, sizeof(ret->given), finding) ||
        !copy(row, COLUMN_FAMILY, ret->family, sizeof(ret->family), finding) ||
        !copy(row, COLUMN_POSTCODE, ret->postcode, sizeof(ret->postcode), finding) ||
        !copy(row, COLUMN_LOCAL_ID, ret->local_id, sizeof(ret->local_id), finding) ||
        !read_upn(terms, row, ret, finding) || !read_birth(terms, row, ret, finding) ||
        !read_restricted(row, ret, finding)) {
        return false;
    }
    if (!pupil_key(ret, terms->store_key, key)) {
        return refuse(finding, COLUMN_UPN,
                      "does not say which pupil it is: a pupil number, the school's own number, or "
                      "name, birth date and postcode are needed");
    }
    return true;
}

struct pupil_finding pupil_note(const struct identity *identity)
{
    struct pupil_finding note = PUPIL_FINDING_NULL;
    size_t len = strlen(identity->upn.value);
    bool temporary = identifier_is_sound(&identity->upn) && len == UPN_CHARACTERS &&
                     identity->upn.value[len - 1] >= 'A';
    note.column = COLUMN_UPN;
    if (identity->upn.value[0] == '\0') {
        note.what = "is empty: this pupil is found at other agencies only by name";
    } else if (temporary) {
        note.what = "is a temporary pupil number: it is never taken for proof of who the child is";
    } else if (!identifier_is_sound(&identity->upn)) {
        note.flawed = true;
        note.what = "is no pupil number, or has a typing error: correct it in the school's system";
    }
    return note;
}

/* --- all of one file --- */

void pupils_deinit(struct pupils *pupils)
{
    for (size_t i = 0; i < pupils->n; i++) {
        identity_deinit(&pupils->items[i].identity);
    }
    base_free(&pupils->items);
    base_free(&pupils->index);
    *pupils = PUPILS_NULL;
}

/* Where the key is, or would go. The key is an HMAC: any of its bits will do. */
static uint32_t *slot_of(const struct pupils *pupils, const uint8_t key[CAIRN_HASH_BYTES])
{
    struct reader reader = reader_over(slice_make(key, CAIRN_HASH_BYTES));
    size_t at = read_u32(&reader) % INDEX_SIZE;
    while (pupils->index[at] != 0 &&
           !bytes_equal_ct(pupils->items[pupils->index[at] - 1].key, key, CAIRN_HASH_BYTES)) {
        at = (at + 1) % INDEX_SIZE;
    }
    return &pupils->index[at];
}

struct pupil *pupils_find(const struct pupils *pupils, const uint8_t key[CAIRN_HASH_BYTES])
{
    if (pupils->index == NULL) {
        return NULL;
    }
    uint32_t at = *slot_of(pupils, key);
    return at == 0 ? NULL : &pupils->items[at - 1];
}

/* Doubles the room whenever it is used up. */
static void make_room(struct pupils *pupils)
{
    if (pupils->n < pupils->room) {
        return;
    }
    pupils->room = pupils->room == 0 ? FIRST_ROOM : 2 * pupils->room;
    struct pupil *items = base_zalloc(pupils->room, sizeof(*items));
    if (pupils->items != NULL) {
        memcpy(items, pupils->items, pupils->n * sizeof(*items));
        bytes_wipe(pupils->items, pupils->n * sizeof(*items));
    }
    base_free(&pupils->items);
    pupils->items = items;
}

static bool differ(const char *a, const char *b)
{
    return a[0] != '\0' && b[0] != '\0' && strcmp(a, b) != 0;
}

/* Case and accents make no other name. */
static bool names_differ(const char *a, const char *b)
{
    char folded[2][4 * CAIRN_NAME_MAX_BYTES];
    if (!differ(a, b)) {
        return false;
    }
    return !text_fold(slice_of_text(a), folded[0], sizeof(folded[0])) ||
           !text_fold(slice_of_text(b), folded[1], sizeof(folded[1])) ||
           strcmp(folded[0], folded[1]) != 0;
}

static bool two_children(const struct identity *a, const struct identity *b)
{
    return (a->has_birth && b->has_birth && a->birth_day != b->birth_day) ||
           differ(a->upn.value, b->upn.value) || names_differ(a->given, b->given);
}

struct pupil *pupils_add(struct pupils *pupils, const struct pupil_terms *terms,
                         const struct identity *identity, bool *ret_new)
{
    uint8_t key[CAIRN_HASH_BYTES];
    bool has_key = pupil_key(identity, terms->store_key, key);
    assert(has_key);
    struct pupil *pupil = pupils_find(pupils, key);
    *ret_new = pupil == NULL;
    if (pupil != NULL) {
        pupil->two_children = pupil->two_children || two_children(&pupil->identity, identity);
        if (identity->restricted) {
            identity_restrict(&pupil->identity); /* one row that says so is enough */
        }
        return pupil;
    }
    if (pupils->n == PUPILS_MAX) {
        return NULL;
    }
    if (pupils->index == NULL) {
        pupils->index = base_zalloc(INDEX_SIZE, sizeof(pupils->index[0]));
    }
    make_room(pupils);
    assert(pupils->items != NULL);
    pupil = &pupils->items[pupils->n++];
    memcpy(pupil->key, key, sizeof(key));
    pupil->identity = *identity;
    *slot_of(pupils, key) = (uint32_t)pupils->n;
    return pupil;
}
