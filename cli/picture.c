/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn picture`: what this agency may see of a child's chronology, who is involved and whom to
 * call. Who looks and why is in the log before anything is shown. The table keeps to 80 columns.
 */
#include <string.h>

#include "base/text.h"
#include "cairn/limits.h"
#include "cli/client.h"
#include "cli/decide.h"
#include "cli/input.h"
#include "cli/prompt.h"
#include "cli/show.h"

#define WHAT_COLUMNS 26
#define FROM_COLUMNS 40
#define INDENT       "            "

enum {
    PICTURE_ALERT = 0x2201
};

struct picture_options {
    struct client client;
    const char *path;
    uint64_t alert; /* 0: a child, by the file */
    struct decide decide;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct picture_options *given = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        return command_argument(&given->path, "file", argument, state);
    case PICTURE_ALERT:
        if (!u64_parse(argument, INT64_MAX, &given->alert) || given->alert == 0) {
            argp_error(state, "--alert takes a whole number from 1");
            return EINVAL;
        }
        return 0;
    case ARGP_KEY_END:
        if ((given->path != NULL) == (given->alert != 0)) {
            argp_error(state, "either a FILE that names the child or --alert");
            return EINVAL;
        }
        return 0;
    default: {
        error_t r = decide_option(&given->decide, key, argument, state);
        return r == ARGP_ERR_UNKNOWN ? client_option(&given->client, key, argument) : r;
    }
    }
}

/* --- asking --- */

/* Who the child is, out of anything that this agency submits: what a look does not need stays
 * behind. */
static int set_child(struct slice text, struct json *body, struct error *error)
{
    static const char *const keys[] = {"nhs_number",  "upn",        "local_id", "given_name",
                                       "family_name", "birth_date", "postcode"};
    _cleanup_(json_free) struct json *document = json_parse(text, error);
    if (document == NULL) {
        return -EINVAL;
    }
    struct json_view view = json_view(document, error);
    struct json_view child = json_get_object(&view, "child");
    if (!json_ok(&view)) {
        return -EINVAL;
    }
    struct json *object = json_object_new();
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct json_view member = json_member(&child, keys[i]);
        struct json *copy = member.node == NULL ? NULL : json_clone(member.node);
        if (copy != NULL) {
            (void)json_set_node(object, keys[i], &copy);
        }
    }
    (void)json_set_node(body, "child", &object);
    return 0;
}

static enum status set_about(struct cli *cli, const struct picture_options *given,
                             struct json *body)
{
    struct error error = ERROR_NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_API_BODY_MAX_BYTES);

    if (given->alert != 0) {
        json_set_integer(body, "alert", (int64_t)given->alert);
        return STATUS_OK;
    }
    enum status status = input_read(cli, given->path, &text);
    if (status == STATUS_OK && set_child(buf_slice(&text), body, &error) < 0) {
        status = output_fail(&cli->output, STATUS_FAILED, &error);
    }
    return status;
}

/* --- what it says --- */

static void show_marks(struct output *output, const struct json_view *entry)
{
    char record[SHOW_TEXT_BYTES];

    if (show_truth(entry, "provisional")) {
        output_line(output, INDENT "linked by name only: not certain that it is this child");
    }
    if (show_truth(entry, "another_child")) {
        output_line(output, INDENT "about another child, as a person has said since");
    }
    if (show_truth(entry, "retracted")) {
        output_line(output, INDENT "taken back: do not act on it");
    }
    if (show_truth(entry, "retraction_unproven")) {
        output_line(output, INDENT "taken back, as the broker says: ask that agency");
    }
    show_family_view(output, INDENT, entry);
    if (show_truth(entry, "may_ask")) {
        output_line(output, INDENT "its agency decides, when it is asked: cairn request");
    }
    show_words(output, INDENT, entry, "destroyed_words");
    show_text(entry, "record", record);
    if (record[0] != '\0') {
        output_line(output, INDENT "record %s", record);
    }
    show_words(output, INDENT, entry, "significance");
}

static void show_entry(struct output *output, const struct json_view *entry)
{
    char day[SHOW_TEXT_BYTES];
    char what[SHOW_TEXT_BYTES];
    char from[SHOW_TEXT_BYTES];
    char recorded[SHOW_INSTANT_BYTES];
    struct json_view agency = json_opt_object(entry, "from");

    show_text(entry, "event_date", day);
    show_text(entry, "what", what);
    show_text(&agency, "name", from);
    if (from[0] == '\0') {
        show_text(entry, "origin_kind", from);
    }
    if (strlen(what) <= WHAT_COLUMNS && strlen(from) <= FROM_COLUMNS) {
        output_line(output, "%s  %-*s %s", day, WHAT_COLUMNS, what, from);
    } else {
        output_line(output, "%s  %s", day, what);
        output_line(output, INDENT "%s", from);
    }
    show_instant(entry, "recorded_at", recorded);
    if (recorded[0] != '\0') {
        output_line(output, INDENT "recorded %s", recorded);
    }
    show_marks(output, entry);
}

static void show_involved(struct output *output, const struct json_view *agency)
{
    char name[SHOW_TEXT_BYTES];
    char contact[SHOW_TEXT_BYTES];
    char phone[SHOW_TEXT_BYTES];
    struct json_view duty = json_opt_object(agency, "duty");
    struct json_view roles = json_opt_array(agency, "roles");

    show_text(agency, "name", name);
    show_text(&duty, "contact", contact);
    show_text(&duty, "phone", phone);
    output_line(output, "  %s%s", name, show_truth(agency, "own") ? " (this agency)" : "");
    for (size_t i = 0; i < json_length(&roles); i++) {
        struct json_view role = json_item(&roles, i);
        struct slice text = json_as_text(&role);
        output_line(output, INDENT "%.*s%s", (int)text.len, (const char *)text.data,
                    show_truth(agency, "by_name") ? ", linked by name only" : "");
    }
    if (!show_truth(agency, "own")) {
        output_line(output, INDENT "call %s%s%s", contact, contact[0] == '\0' ? "" : ", ", phone);
    }
}

static void show_coverage(struct output *output, const struct json_view *picture)
{
    struct json_view coverage = json_opt_object(picture, "coverage");
    struct json_view kinds = json_opt_array(&coverage, "kinds");

    int64_t agencies = show_number(&coverage, "agencies", 0);
    output_line(output, "connected: %lld %s, %lld of them known here to be involved",
                (long long)agencies, text_plural((uint64_t)agencies, "agency", "agencies"),
                (long long)show_number(&coverage, "involved", 0));
    for (size_t i = 0; i < json_length(&kinds); i++) {
        struct json_view kind = json_item(&kinds, i);
        char name[SHOW_TEXT_BYTES];
        show_text(&kind, "name", name);
        output_line(output, "  %4lld  %s", (long long)show_number(&kind, "agencies", 0), name);
    }
}

/* What is not told cannot be shown. */
static void show_silent(struct output *output, const struct json_view *picture)
{
    struct json_view coverage = json_opt_object(picture, "coverage");
    struct json_view silent = json_opt_array(&coverage, "silent");

    if (json_length(&silent) > 0) {
        output_line(output, "silent: nothing of any child since");
    }
    for (size_t i = 0; i < json_length(&silent); i++) {
        struct json_view agency = json_item(&silent, i);
        char name[SHOW_TEXT_BYTES];
        char day[SHOW_TEXT_BYTES];
        show_text(&agency, "name", name);
        show_text(&agency, "last_said", day);
        output_line(output, "  %-10s  %s", day[0] == '\0' ? "the start" : day, name);
    }
}

static void show_picture(struct output *output, const struct json_view *picture)
{
    struct json_view entries = json_opt_array(picture, "entries");
    struct json_view involved = json_opt_array(picture, "involved");

    for (size_t i = 0; i < json_length(&entries); i++) {
        struct json_view entry = json_item(&entries, i);
        show_entry(output, &entry);
    }
    output_line(output, "who is involved, as far as this agency may know");
    for (size_t i = 0; i < json_length(&involved); i++) {
        struct json_view agency = json_item(&involved, i);
        show_involved(output, &agency);
    }
    show_coverage(output, picture);
    show_silent(output, picture);
    show_words(output, "", picture, "words");
}

/* --- the command --- */

static enum status picture(struct cli *cli, const struct picture_options *given)
{
    struct error error = ERROR_NULL;
    const struct prompt prompt = prompt_over(cli->in, cli->output.err);
    _cleanup_(json_free) struct json *body = json_object_new();
    _cleanup_(json_free) struct json *answer = NULL;

    enum status status = set_about(cli, given, body);
    if (status != STATUS_OK) {
        return status;
    }
    if (decide_who(&prompt, &given->decide, body, &error) < 0) {
        return output_fail(&cli->output, STATUS_USAGE, &error);
    }
    status = client_post_json(&given->client, CAIRN_PATH_PICTURE, body, &answer, &error);
    if (status != STATUS_OK) {
        return output_fail(&cli->output, status, &error);
    }
    struct json_view view = json_view(answer, &error);
    show_result(&cli->output, &view);
    show_picture(&cli->output, &view);
    return STATUS_OK;
}

enum status command_picture(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        CLIENT_OPTION,
        {"alert", PICTURE_ALERT, "ALERT", 0, "the child of this alert, at a front door", 0},
        DECIDE_WHO_OPTIONS,
        {0}};
    static const struct command_line line = {
        .options = options,
        .parser = parse_option,
        .arguments = "[FILE]",
        .help = "Shows what this agency may see of a child's chronology, who is involved and whom "
                "to call. FILE (- for standard input) is JSON with the child as in a record or an "
                "involvement. Who looks and why goes into the log first.",
    };
    struct picture_options given = {.client = client_default()};
    const struct command_call call = {argc, argv};
    enum status status = STATUS_OK;

    return command_parse(cli, &line, call, &given, &status) ? picture(cli, &given) : status;
}
