/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn agreement compile` and `diff`: what agreements come to, and what changes for whom between
 * two. Both ask every question that the rules can tell apart; text that changes no answer is no
 * difference.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/agreement.h"

#define LINE_BYTES 1024

struct line {
    size_t len;
    char text[LINE_BYTES];
};

PRINTF(2, 3) static void line_add(struct line *line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int n = vsnprintf(line->text + line->len, sizeof(line->text) - line->len, format, arguments);
    va_end(arguments);
    line->len += n > 0 ? (size_t)n : 0;
    line->len = line->len < sizeof(line->text) ? line->len : sizeof(line->text) - 1;
}

/* --- words of sets --- */

static const char *member_text(const struct agreed_map *map, enum agreed_axis axis, uint32_t member)
{
    static const char *const levels[] = {"none", "1", "2", "3", "4"};
    static_assert(ARRAY_LEN(levels) == CAIRN_LEVEL_MAX + 1, "a word for each level");

    switch (axis) {
    case AGREED_ORIGIN:
    case AGREED_RECIPIENT:
        return map->parties[member];
    case AGREED_RECORD:
        return agreed_record_text(member);
    case AGREED_LEVEL:
        return levels[member];
    case AGREED_URGENCY:
        return urgency_text(member);
    case AGREED_ROLE:
        return member == 0 ? "none" : role_text(member);
    case AGREED_AXES:
        break;
    }
    return "";
}

static void add_list(const struct agreed_map *map, enum agreed_axis axis, uint64_t set,
                     struct line *line)
{
    const char *comma = "";

    for (uint32_t i = 0; i < AGREED_MEMBERS_MAX; i++) {
        if ((set & (UINT64_C(1) << i)) != 0) {
            line_add(line, "%s%s", comma, member_text(map, axis, i));
            comma = ", ";
        }
    }
}

/* "anyone", "anyone but police", "gp, hospital": whichever is shorter. */
static void add_parties(const struct agreed_map *map, enum agreed_axis axis, uint64_t set,
                        struct line *line)
{
    uint64_t others = map->all[axis] & ~set;

    if (others == 0) {
        line_add(line, "anyone");
    } else if (__builtin_popcountll(others) < __builtin_popcountll(set)) {
        line_add(line, "anyone but ");
        add_list(map, axis, others, line);
    } else {
        add_list(map, axis, set, line);
    }
}

static bool is_code_of(uint32_t member, enum record_kind kind)
{
    return agreed_record_text(member) != NULL && agreed_record_code(member) != CODE_NOT_SAID &&
           agreed_record_kind(member) == kind;
}

static uint64_t codes_of(enum record_kind kind)
{
    uint64_t codes = 0;

    for (uint32_t i = 0; i < AGREED_MEMBERS_MAX; i++) {
        codes |= is_code_of(i, kind) ? UINT64_C(1) << i : 0;
    }
    return codes;
}

/* A kind stands for all its codes when they are all there. */
static void add_record_words(uint64_t set, struct line *line)
{
    const char *comma = "";
    uint64_t left = set;

    for (uint32_t i = 0; i < AGREED_MEMBERS_MAX && left != 0; i++) {
        if ((left & (UINT64_C(1) << i)) == 0) {
            continue;
        }
        uint64_t codes = codes_of(agreed_record_kind(i));
        bool is_kind = agreed_record_code(i) == CODE_NOT_SAID;
        bool whole = is_kind && (set & codes) == codes;
        line_add(line, "%s%s%s", comma, agreed_record_text(i),
                 is_kind && !whole ? " without a code" : "");
        left &= ~(UINT64_C(1) << i) & ~(whole ? codes : 0);
        comma = ", ";
    }
}

static void add_recipients(const struct agreed_map *map, const struct agreed_row *row,
                           struct line *line)
{
    uint64_t roles = row->sets[AGREED_ROLE];
    uint64_t parties = row->sets[AGREED_RECIPIENT];
    uint64_t involved = map->all[AGREED_ROLE] & ~UINT64_C(1);

    if (roles == map->all[AGREED_ROLE]) {
        add_parties(map, AGREED_RECIPIENT, parties, line);
        return;
    }
    uint64_t with_doors =
        parties | map->front_doors; /* which hold no role: nobody looks for them */
    if (__builtin_popcountll(map->all[AGREED_RECIPIENT] & ~with_doors) <
        __builtin_popcountll(parties)) {
        add_parties(map, AGREED_RECIPIENT, with_doors, line);
    } else {
        add_parties(map, AGREED_RECIPIENT, parties, line);
    }
    if (roles == involved) {
        line_add(line, " involved with the child");
    } else if (roles == 1) {
        line_add(line, " not involved with the child");
    } else {
        line_add(line, " as ");
        add_list(map, AGREED_ROLE, roles, line);
    }
}

static void add_records(const struct agreed_map *map, const struct agreed_row *row,
                        struct line *line)
{
    static const struct {
        enum agreed_axis axis;
        const char *words;
    } more[] = {{AGREED_LEVEL, "; level "}, {AGREED_URGENCY, "; "}};

    add_record_words(row->sets[AGREED_RECORD], line);
    for (size_t i = 0; i < ARRAY_LEN(more); i++) {
        if (row->sets[more[i].axis] != map->all[more[i].axis]) {
            line_add(line, "%s", more[i].words);
            add_list(map, more[i].axis, row->sets[more[i].axis], line);
        }
    }
    line_add(line, "; of ");
    add_parties(map, AGREED_ORIGIN, row->sets[AGREED_ORIGIN], line);
}

/* --- rows --- */

static void set_members(const struct agreed_map *map, const struct agreed_row *row,
                        struct json *object)
{
    static const char *const keys[AGREED_AXES] = {
        [AGREED_ORIGIN] = "origins", [AGREED_RECIPIENT] = "recipients", [AGREED_RECORD] = "records",
        [AGREED_LEVEL] = "levels",   [AGREED_URGENCY] = "urgencies",    [AGREED_ROLE] = "roles",
    };

    for (size_t axis = 0; axis < AGREED_AXES; axis++) {
        struct json *list = json_array_new();
        struct json *in_list = json_set_node(object, keys[axis], &list);
        for (uint32_t i = 0; i < AGREED_MEMBERS_MAX; i++) {
            if ((row->sets[axis] & (UINT64_C(1) << i)) != 0) {
                json_append_word(in_list, member_text(map, (enum agreed_axis)axis, i));
            }
        }
    }
}

static void set_outcome(struct json *object, const char *key, struct decision decision)
{
    struct json *outcome = json_object_new();
    struct json *in_outcome = json_set_node(object, key, &outcome);

    json_set_word(in_outcome, "effect", effect_text(decision.effect));
    json_set_word(in_outcome, "mode", decision.mode == MODE_CONTENT ? "content" : "existence");
    json_set_integer(in_outcome, "history_days", decision.history_days);
    json_set_word(in_outcome, "rule", decision.rule);
}

static void say_row(struct output *output, struct json *list, const struct agreed_map *map,
                    const struct agreed_row *row, struct line *above)
{
    struct line record = {.len = 0};
    struct line recipient = {.len = 0};
    char was[AGREEMENT_HISTORY_BYTES];
    char is[AGREEMENT_HISTORY_BYTES];
    bool changed = row->was.effect != row->is.effect || row->was.mode != row->is.mode ||
                   row->was.history_days != row->is.history_days;
    struct json *item = json_object_new();
    struct json *in_item = json_append_node(list, &item);

    set_members(map, row, in_item);
    set_outcome(in_item, "is", row->is);
    add_records(map, row, &record);
    add_recipients(map, row, &recipient);
    if (strcmp(record.text, above->text) != 0) {
        output_line(output, "%s", record.text);
    }
    *above = record;
    output_line(output, "    %s", recipient.text);
    if (changed) {
        set_outcome(in_item, "was", row->was);
        output_line(output, "        until now %s%s (%s)",
                    agreement_words(row->was.effect, row->was.mode),
                    agreement_history(row->was, was), row->was.rule);
        output_line(output, "        from then %s%s (%s)",
                    agreement_words(row->is.effect, row->is.mode), agreement_history(row->is, is),
                    row->is.rule);
    } else {
        output_line(output, "        %s%s (%s)", agreement_words(row->is.effect, row->is.mode),
                    agreement_history(row->is, is), row->is.rule);
    }
}

static enum status say_map(struct cli *cli, const struct agreed_terms *terms)
{
    _cleanup_(agreed_map_free) struct agreed_map *map = NULL;
    bool changed = terms->was != NULL;

    if (agreed_map_new(terms, &map) < 0) {
        return agreement_too_many(cli);
    }
    struct json *list = json_array_new();
    struct json *in_list =
        json_set_node(output_result(&cli->output), changed ? "changes" : "rows", &list);
    struct line above = {.len = 0};
    for (size_t i = 0; i < map->n; i++) {
        say_row(&cli->output, in_list, map, &map->rows[i], &above);
    }
    if (changed && map->n == 0) {
        output_line(&cli->output, "Nothing changes for anybody.");
    } else if (!changed) {
        output_line(&cli->output, "Whatever is not listed is not shared.");
    }
    return STATUS_OK;
}

/* --- the commands --- */

enum status command_agreement_compile(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {CLIENT_OPTION, {0}};
    static const struct command_line line = {
        .options = options,
        .parser = agreement_option,
        .arguments = "[DIR [FILE]]",
        .help = "Checks the agreements in FILE, or those in force, and lists who gets what under "
                "them. Without DIR: under those that the agent holds.",
    };
    struct agreement_options given = {.client = client_default(), .max_files = 1};
    const struct command_call call = {argc, argv};
    struct agreement_desk desk;
    size_t problems = 0;
    enum status status = STATUS_OK;

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    status = agreement_desk_open(cli, &given, 1, &desk);
    if (status != STATUS_OK) {
        return status;
    }
    const struct agreed_terms terms = {
        .directory = &desk.partnership.governance->directory,
        .is = desk.looked_at[0],
        .day = desk.day,
    };
    status = agreement_report(cli, terms.is, &desk, &problems);
    status = status == STATUS_OK ? say_map(cli, &terms) : status;
    agreement_desk_close(&desk);
    if (status != STATUS_OK || problems == 0) {
        return status;
    }
    if (cli->output.json && output_finish(&cli->output) != STATUS_OK) {
        return STATUS_FAILED;
    }
    return output_refuse(&cli->output, STATUS_FAILED, given.dir != NULL ? given.dir : "agent",
                         "%zu to be mended: see `cairn agreement check`", problems);
}

enum status command_agreement_diff(struct cli *cli, int argc, char **argv)
{
    static const struct command_line line = {
        .parser = agreement_option,
        .arguments = "DIR [OLD] NEW",
        .help = "Lists what changes for whom from the agreements in OLD, or those in force, to "
                "those in NEW. Exit code 0 whether or not something changes.",
    };
    struct agreement_options given = {.min_files = 1, .max_files = 2};
    const struct command_call call = {argc, argv};
    struct agreement_desk desk;
    enum status status = STATUS_OK;

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    status = agreement_desk_open(cli, &given, 2, &desk);
    if (status != STATUS_OK) {
        return status;
    }
    const struct agreed_terms terms = {
        .directory = &desk.partnership.governance->directory,
        .was = desk.looked_at[0],
        .is = desk.looked_at[1],
        .day = desk.day,
    };
    status = say_map(cli, &terms);
    agreement_desk_close(&desk);
    return status;
}
