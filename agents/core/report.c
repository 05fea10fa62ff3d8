/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/report.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "json/json.h"

#define FORMAT "cairn-file-report/v1"

void report_deinit(struct report *report)
{
    intake_answer_deinit(&report->answer);
    base_free(&report->findings);
    base_free(&report->danger);
    json_free(&report->urgent);
    *report = REPORT_NULL;
}

/* As much of it as fits: words for people. */
static void cut_text(char *out, size_t out_bytes, const char *text)
{
    size_t len = strnlen(text, out_bytes - 1);
    memcpy(out, text, len);
    out[len] = '\0';
}

void report_find(struct report *report, enum report_effect effect, uint64_t row, const char *column,
                 const char *what)
{
    if (report->findings == NULL) {
        report->findings = base_zalloc(REPORT_FINDINGS_MAX, sizeof(report->findings[0]));
    }
    if (report->n == REPORT_FINDINGS_MAX ||
        (effect != REPORT_SET_ASIDE && report->n >= REPORT_NOTES_MAX)) {
        report->findings_left_out++;
        return;
    }
    struct report_finding *finding = &report->findings[report->n++];
    finding->effect = effect;
    finding->row = row;
    cut_text(finding->column, sizeof(finding->column), column);
    cut_text(finding->what, sizeof(finding->what), what);
}

static void note_danger(struct report *report, const struct intake_item *item)
{
    if (report->danger == NULL) {
        report->danger = base_zalloc(CAIRN_BUNDLE_ENTRIES_MAX, sizeof(report->danger[0]));
    }
    if (report->n_danger < CAIRN_BUNDLE_ENTRIES_MAX) {
        report->danger[report->n_danger++] =
            (struct report_danger){.row = report->rows, .item = *item};
    }
}

void report_tell(struct report *report, const struct intake_item *item)
{
    struct intake_answer *answer = &report->answer;
    if (item->danger) {
        note_danger(report, item);
    }
    report->told[item->outcome]++;
    if (item->outcome == INTAKE_SET_ASIDE) {
        report->set_aside++;
        report_find(report, REPORT_SET_ASIDE, report->rows, "", item->reason);
        return;
    }
    if (answer->items == NULL) {
        answer->items = base_zalloc(CAIRN_BUNDLE_ENTRIES_MAX, sizeof(answer->items[0]));
    }
    if (answer->n < CAIRN_BUNDLE_ENTRIES_MAX) {
        answer->items[answer->n++] = *item;
    }
}

void report_answer(const struct report *report, struct intake_answer *ret)
{
    size_t told = report->answer.n;
    size_t n = told + report->n;
    n = n < CAIRN_BUNDLE_ENTRIES_MAX ? n : CAIRN_BUNDLE_ENTRIES_MAX;
    ret->n = 0;
    ret->rows = report->rows;
    ret->rows_taken = report->taken;
    ret->items = base_zalloc(n == 0 ? 1 : n, sizeof(ret->items[0]));
    for (size_t i = 0; i < told; i++) {
        ret->items[ret->n++] = report->answer.items[i];
    }
    for (size_t i = 0; i < report->n && ret->n < n; i++) {
        const struct report_finding *finding = &report->findings[i];
        struct intake_item *item = &ret->items[ret->n++];
        item->outcome = finding->effect == REPORT_SET_ASIDE ? INTAKE_SET_ASIDE : INTAKE_NOTED;
        item->flawed = finding->effect == REPORT_FLAW;
        (void)snprintf(item->reason, sizeof(item->reason), "row %llu%s%.30s: %.400s",
                       (unsigned long long)finding->row,
                       finding->column[0] == '\0' ? "" : ", column ", finding->column,
                       finding->what);
    }
}

/* --- for people --- */

static void add_findings(const struct report *report, struct buf *out)
{
    for (size_t i = 0; i < report->n; i++) {
        const struct report_finding *finding = &report->findings[i];
        buf_format(out, "Row %llu%s%s: %s. %s\n", (unsigned long long)finding->row,
                   finding->column[0] == '\0' ? "" : ", column ", finding->column, finding->what,
                   finding->effect == REPORT_SET_ASIDE ? "The row was not taken."
                                                       : "The row was taken.");
    }
    if (report->findings_left_out > 0) {
        buf_format(out, "And %llu more like these.\n",
                   (unsigned long long)report->findings_left_out);
    }
}

static void add_member(struct buf *out, const char *before, const struct json_view *object,
                       const char *key, const char *after)
{
    struct slice text = json_opt_text(object, key);
    if (text.len > 0) {
        buf_add_text(out, before);
        buf_add_slice(out, text);
        buf_add_text(out, after);
    }
}

/* First of all: somebody may have to ring now. */
static void add_urgent(const struct report *report, struct buf *out)
{
    struct error ignored = ERROR_NULL;
    struct json_view urgent = json_view(report->urgent, &ignored);
    for (size_t i = 0; report->urgent != NULL && i < json_length(&urgent); i++) {
        struct json_view item = json_item(&urgent, i);
        struct json_view telephone = json_opt_object(&item, "telephone");
        if (json_has(&telephone, "phone")) {
            add_member(out, "TELEPHONE NOW: ", &telephone, "phone", "");
            add_member(out, ", ", &telephone, "desk", "\n");
        } else if (json_has(&item, "telephone")) {
            buf_add_text(out, "TELEPHONE THE DUTY DESK NOW: this computer does not know its number "
                              "yet.\n");
        }
        buf_format(out, "Row %llu is immediate, or a referral",
                   (unsigned long long)report->danger[i].row);
        add_member(out, ": ", &item, "outcome", "");
        add_member(out, ", reference ", &item, "reference", "");
        buf_add_text(out, ".\n");
        add_member(out, "", &item, "words", "\n");
        add_member(out, "", &item, "reason", "\n");
        buf_add_text(out, "\n");
    }
}

void report_text(const struct report *report, const struct error *refusal, struct buf *out)
{
    add_urgent(report, out);
    if (refusal != NULL) {
        buf_format(out, "This file was refused, and nothing of it was taken.\n%s%s%s.\n",
                   refusal->where, refusal->where[0] == '\0' ? "" : ": ", refusal->what);
    } else {
        buf_format(out, "This file was taken: %llu %s, of which %llu %s taken and %llu %s not.\n",
                   (unsigned long long)report->rows, text_plural(report->rows, "row", "rows"),
                   (unsigned long long)report->taken, text_plural(report->taken, "was", "were"),
                   (unsigned long long)report->set_aside,
                   text_plural(report->set_aside, "was", "were"));
        buf_format(out,
                   "Told: %llu; taken back before it left: %llu; taken back: %llu; known "
                   "already: %llu.\n",
                   (unsigned long long)report->told[INTAKE_ACCEPTED],
                   (unsigned long long)report->told[INTAKE_WITHDRAWN],
                   (unsigned long long)report->told[INTAKE_RETRACTED],
                   (unsigned long long)report->told[INTAKE_SAME]);
    }
    add_findings(report, out);
}

/* --- for programs --- */

static struct json *findings_json(const struct report *report)
{
    struct json *findings = json_array_new();
    for (size_t i = 0; i < report->n; i++) {
        const struct report_finding *finding = &report->findings[i];
        struct json *object = json_object_new();
        json_set_integer(object, "row", (int64_t)finding->row);
        json_set_bool(object, "taken", finding->effect != REPORT_SET_ASIDE);
        if (finding->column[0] != '\0') {
            (void)!json_set_text(object, "column", slice_of_text(finding->column));
        }
        (void)!json_set_text(object, "what", slice_of_text(finding->what));
        (void)json_append_node(findings, &object);
    }
    return findings;
}

static struct json *told_json(const struct report *report)
{
    struct json *told = json_object_new();
    for (unsigned i = INTAKE_ACCEPTED; i < INTAKE_SET_ASIDE; i++) {
        json_set_integer(told, intake_outcome_text((enum intake_outcome)i),
                         (int64_t)report->told[i]);
    }
    return told;
}

int report_json(const struct report *report, const struct error *refusal, struct buf *out)
{
    struct json *document = json_object_new();
    struct json *findings = findings_json(report);
    struct json *told = told_json(report);
    json_set_word(document, "format", FORMAT);
    json_set_word(document, "result", refusal == NULL ? "taken" : "refused");
    if (refusal != NULL) {
        (void)!json_set_text(document, "where", slice_of_text(refusal->where));
        (void)!json_set_text(document, "what", slice_of_text(refusal->what));
    }
    json_set_integer(document, "rows", (int64_t)report->rows);
    json_set_integer(document, "rows_taken", (int64_t)report->taken);
    json_set_integer(document, "rows_set_aside", (int64_t)report->set_aside);
    (void)json_set_node(document, "told", &told);
    if (report->urgent != NULL) {
        struct json *urgent = json_clone(report->urgent);
        (void)json_set_node(document, "urgent", &urgent);
    }
    (void)json_set_node(document, "findings", &findings);
    json_set_integer(document, "findings_left_out", (int64_t)report->findings_left_out);
    int r = json_write(document, JSON_STYLE_INDENTED, out);
    json_free(&document);
    return r;
}
