/* SPDX-License-Identifier: Apache-2.0 */
#include "support/school.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"

static const struct conf_option table[] = {SCHOOL_CONF_OPTIONS};

struct school *school_new(const char *ini)
{
    struct school *school = base_zalloc(1, sizeof(*school));
    school->practice = practice_new();
    practice_govern(school->practice);
    practice_become(school->practice, "school");
    school->conf = conf_new(table, ARRAY_LEN(table));
    int r = conf_add(school->conf, slice_of_text(ini), "test.ini", &school->error);
    assert(r == 0);
    r = school_options_read(school->conf, &school->practice->options.school, &school->error);
    assert(r == 0);
    return school;
}

void school_free(struct school **school)
{
    report_deinit(&(*school)->report);
    practice_free(&(*school)->practice);
    conf_free(&(*school)->conf);
    base_free(school);
}

int school_give_source(struct school *school, enum intake_content content,
                       const struct csv_source *source)
{
    const struct school_file file = {.agent = school->practice->agent,
                                     .content = content,
                                     .source = source,
                                     .by_uid = 1000,
                                     .report = &school->report,
                                     .error = &school->error};
    report_deinit(&school->report);
    school->error = ERROR_NULL;
    return school_take(&file);
}

int school_give(struct school *school, enum intake_content content, struct slice text)
{
    const struct csv_source source = {.fd = -1, .bytes = text};
    return school_give_source(school, content, &source);
}

int school_give_text(struct school *school, enum intake_content content, const char *text)
{
    return school_give(school, content, slice_of_text(text));
}

const struct report_finding *school_finding(const struct school *school, uint64_t row)
{
    for (size_t i = 0; i < school->report.n; i++) {
        if (school->report.findings[i].row == row) {
            return &school->report.findings[i];
        }
    }
    return NULL;
}

bool school_newest(struct school *school, enum entry_kind kind, struct out_row *ret)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(school->practice->agent->store);
    bool found = false;
    assert(txn != NULL);
    for (struct store_walk walk = store_walk_last(txn, AT_OUT, SLICE_NULL);;
         store_walk_prev(&walk)) {
        if (walk.live) {
            struct reference reference;
            assert(walk.key.len == sizeof(reference.bytes));
            memcpy(reference.bytes, walk.key.data, sizeof(reference.bytes));
            bool there = out_get(txn, &reference, ret);
            assert(there);
            found = ret->kind == kind;
        }
        if (found || !walk.live) {
            store_walk_end(&walk);
            return found;
        }
    }
}

void school_upn(unsigned n, char out[SCHOOL_UPN_BYTES])
{
    static const char letters[] = "ABCDEFGHJKLMNPQRTUVWXYZ";
    unsigned sum = 0;
    (void)snprintf(out, SCHOOL_UPN_BYTES, "A8402001%02u%03u", 10 + n / 1000 % 90, n % 1000);
    for (unsigned i = 2; i < SCHOOL_UPN_BYTES; i++) {
        sum += i * (unsigned)(out[i - 1] - '0');
    }
    out[0] = letters[sum % 23];
}

void school_add_pupil(struct buf *out, unsigned n)
{
    char upn[SCHOOL_UPN_BYTES];
    school_upn(n, upn);
    buf_format(out, "%s,Brackenridge%u,Fenwick,%02u/%02u/%u,NM7 4QX", upn, n, n % 28 + 1,
               n % 12 + 1, 2011 + n % 9);
}

void school_add_mark(struct buf *out, unsigned pupil, int32_t day, unsigned session,
                     const char *code)
{
    int year;
    int month;
    int of_month;
    date_split(day, &year, &month, &of_month);
    school_add_pupil(out, pupil);
    buf_format(out, ",%02d/%02d/%d,%s,%s\r\n", of_month, month, year, session == 0 ? "AM" : "PM",
               code);
}

int32_t school_add_marks(struct buf *out, unsigned pupil, int32_t day, const char *code,
                         unsigned sessions)
{
    for (unsigned i = 0; i < sessions; i++) {
        if (i % 2 == 0) {
            while (date_weekday(day) > 4) {
                day++;
            }
        }
        school_add_mark(out, pupil, day, i % 2, code);
        day += i % 2 == 1 ? 1 : 0;
    }
    return day + (sessions % 2 == 1 ? 1 : 0);
}
