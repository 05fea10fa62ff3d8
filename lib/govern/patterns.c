/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "govern/internal.h"

#define WINDOW_MONTHS_MAX 24  /* twice what anything shipped looks back */
#define WINDOW_DAYS_MAX   731 /* the same in days */
#define WEEKLY_BUDGET_MAX 10000

#define BIT(number) (UINT64_C(1) << (number))

bool pattern_counts(const struct pattern *pattern, enum record_kind kind, uint32_t code,
                    const struct agency *origin)
{
    bool code_counts = (pattern->kinds & BIT(kind)) != 0;
    bool class_counts = pattern->n_origin_classes == 0;

    for (size_t i = 0; i < pattern->n_codes; i++) {
        code_counts = code_counts || pattern->codes[i] == code;
    }
    for (size_t i = 0; i < pattern->n_origin_classes; i++) {
        class_counts = class_counts || strcmp(pattern->origin_classes[i], origin->kind->class) == 0;
    }
    return code_counts && class_counts;
}

/* A kind of record, or one of its codes. */
static void read_word(const struct json_view *item, struct pattern *pattern)
{
    char text[KIND_ID_MAX_BYTES];

    if (text_copy(text, sizeof(text), json_as_text(item))) {
        uint32_t kind = record_kind_number(text);
        uint32_t code = record_code_number(text);
        if (kind != 0) {
            pattern->kinds |= BIT(kind);
            return;
        }
        if (code != CODE_NOT_SAID) {
            pattern->codes[pattern->n_codes++] = code;
            return;
        }
    }
    (void)json_refuse(item, "is neither a kind nor a code of records");
}

static void read_records(const struct json_view *view, struct pattern *pattern)
{
    struct json_view list = json_get_array(view, "records");
    size_t n = json_length(&list);

    for (size_t i = 0; i < n && i < CAIRN_PATTERN_CODES_MAX; i++) {
        struct json_view item = json_item(&list, i);
        read_word(&item, pattern);
    }
}

static void read_class(const struct json_view *item, const struct directory *directory, char *out)
{
    struct slice text = json_as_text(item);

    if (!text_copy(out, KIND_ID_MAX_BYTES, text) || directory_class(directory, text) == 0) {
        (void)json_refuse(item, "is not a class of the directory");
    }
}

static void read_origin_classes(const struct json_view *view, const struct directory *directory,
                                struct pattern *pattern)
{
    struct json_view list = json_opt_array(view, "origin_classes");
    size_t n = json_length(&list);

    for (size_t i = 0; i < n && i < ARRAY_LEN(pattern->origin_classes); i++) {
        struct json_view item = json_item(&list, i);
        read_class(&item, directory, pattern->origin_classes[i]);
        pattern->n_origin_classes = i + 1;
    }
}

static void read_addressee(const struct json_view *item, const struct directory *directory,
                           struct addressee_rule *out)
{
    static const char *const sorts[] = {"origins", "involved-class", "kind"};
    struct json_view to = json_member(item, "to");
    struct json_view id = json_member(item, "id");

    out->sort = (enum addressee_sort)field_word(&to, sorts, ARRAY_LEN(sorts));
    if (out->sort == ADDRESSEE_ORIGINS) {
        if (json_has(item, "id")) {
            (void)json_refuse(item, "origins are told as such: no id");
        }
        return;
    }
    field_id(item, "id", out->id, sizeof(out->id));
    if (out->sort == ADDRESSEE_INVOLVED_CLASS) {
        read_class(&id, directory, out->id);
    } else if (directory_kind(directory, slice_of_text(out->id)) == NULL) {
        (void)json_refuse(&id, "is not a kind of the directory");
    }
}

static void read_addressees(const struct json_view *view, const struct directory *directory,
                            struct pattern *pattern)
{
    struct json_view list = json_get_array(view, "addressees");
    size_t n = json_length(&list);

    for (size_t i = 0; i < n && i < PATTERN_ADDRESSEES_MAX; i++) {
        struct json_view item = json_item(&list, i);
        read_addressee(&item, directory, &pattern->addressees[i]);
        pattern->n_addressees = i + 1;
    }
}

static void read_counts(const struct json_view *view, struct pattern *pattern)
{
    pattern->version = (uint64_t)json_get_integer(view, "version", 1, UINT32_MAX);
    pattern->occurrences_min =
        (uint32_t)json_get_integer(view, "occurrences_min", 1, CAIRN_CHRONOLOGY_SCAN_MAX);
    pattern->agencies_min = (uint32_t)json_get_integer(view, "agencies_min", 1, CAIRN_MEMBERS_MAX);
    pattern->window_months =
        (int32_t)json_opt_integer(view, "window_months", 1, WINDOW_MONTHS_MAX, 0);
    pattern->window_days = (int32_t)json_opt_integer(view, "window_days", 1, WINDOW_DAYS_MAX, 0);
    pattern->brings_kept = json_opt_bool(view, "brings_kept", false);
    if ((pattern->window_months == 0) == (pattern->window_days == 0)) {
        (void)json_refuse(view, "needs exactly one of window_months and window_days");
    }
    if (pattern->agencies_min > pattern->occurrences_min) {
        (void)json_refuse(view, "needs at least as many occurrences as agencies");
    }
}

static void read_approvers(const struct json_view *view, struct pattern *pattern)
{
    struct json_view list = json_opt_array(view, "approved_by");
    size_t n = json_length(&list);

    for (size_t i = 0; i < n && i < PATTERN_APPROVERS_MAX; i++) {
        struct json_view item = json_item(&list, i);
        char *name = pattern->approved_by[i];
        if (!text_copy(name, CAIRN_NAME_MAX_BYTES, json_as_text(&item)) ||
            strpbrk(name, "\n\t") != NULL) {
            (void)json_refuse(&item, "is not a name on one line");
        }
        for (size_t before = 0; before < i; before++) {
            if (strcmp(pattern->approved_by[before], name) == 0) {
                (void)json_refuse(&item, "is the same person twice");
            }
        }
        pattern->n_approved_by = i + 1;
    }
}

/* Nothing raises alerts because it was shipped: two people say so by name. */
static void read_turning_on(const struct json_view *view, struct pattern *pattern)
{
    static const char *const states[] = {"shadow", "live"};
    static const char *const backfills[] = {"none", "review-list"};
    struct json_view state = json_member(view, "state");
    struct json_view backfill = json_member(view, "backfill");

    pattern->shadow = field_word(&state, states, ARRAY_LEN(states)) == 1;
    pattern->backfill = json_has(view, "backfill")
                            ? (enum backfill)field_word(&backfill, backfills, ARRAY_LEN(backfills))
                            : BACKFILL_NONE;
    field_line(view, "owner", pattern->owner, sizeof(pattern->owner));
    pattern->weekly_budget =
        (uint32_t)json_get_integer(view, "weekly_budget", 0, WEEKLY_BUDGET_MAX);
    read_approvers(view, pattern);
    if (!pattern->shadow && pattern->n_approved_by < PATTERN_APPROVERS_MIN) {
        (void)json_refuse(view, "a live pattern needs the names of %d people in approved_by",
                          PATTERN_APPROVERS_MIN);
    }
}

int patterns_read(const struct json *document, const struct directory *directory,
                  struct patterns *ret, struct error *error)
{
    struct json_view view = json_view(document, error);
    struct json_view list = json_get_array(&view, "patterns");
    size_t n = json_length(&list);

    *ret = (struct patterns){.n = 0};
    for (size_t i = 0; i < n && i < CAIRN_PATTERNS_MAX; i++) {
        struct json_view item = json_item(&list, i);
        struct pattern *pattern = &ret->items[i];
        field_id(&item, "id", pattern->id, sizeof(pattern->id));
        field_line(&item, "title", pattern->title, sizeof(pattern->title));
        read_turning_on(&item, pattern);
        read_records(&item, pattern);
        read_origin_classes(&item, directory, pattern);
        read_counts(&item, pattern);
        read_addressees(&item, directory, pattern);
        for (size_t before = 0; before < i; before++) {
            if (strcmp(ret->items[before].id, pattern->id) == 0) {
                (void)json_refuse(&item, "the pattern id is used twice");
            }
        }
        ret->n = i + 1;
    }
    return json_ok(&view) ? 0 : -EINVAL;
}
