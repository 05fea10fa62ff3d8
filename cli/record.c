/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn record`: what has become of a record of ours and who has seen it; or what another agency's
 * record says, as far as we may read it. With --open a named person opens its account.
 */
#include <stdio.h>
#include <string.h>

#include "cairn/ids.h"
#include "cli/client.h"
#include "cli/decide.h"
#include "cli/received.h"
#include "cli/show.h"

struct record_options {
    struct client client;
    const char *id;
    struct decide decide;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct record_options *given = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        if (given->id != NULL || !client_is_record(argument)) {
            argp_error(state, "one RECORD: the reference that submit gave, or AGENCY-STREAM-SEQ");
            return EINVAL;
        }
        given->id = argument;
        return 0;
    case ARGP_KEY_END:
        if (given->id == NULL) {
            argp_error(state, "RECORD is needed");
            return EINVAL;
        }
        return decide_check(&given->decide, state);
    default: {
        error_t r = decide_option(&given->decide, key, argument, state);
        return r == ARGP_ERR_UNKNOWN ? client_option(&given->client, key, argument) : r;
    }
    }
}

/* --- one of ours --- */

static void show_readers(struct output *output, const struct json_view *record)
{
    struct json_view readers = json_opt_array(record, "readers");

    if (json_length(&readers) > 0) {
        output_line(output, "  who");
    }
    for (size_t i = 0; i < json_length(&readers); i++) {
        struct json_view reader = json_item(&readers, i);
        char agency[SHOW_TEXT_BYTES];
        char name[SHOW_TEXT_BYTES];
        char state[SHOW_TEXT_BYTES];
        show_text(&reader, "agency", agency);
        show_text(&reader, "name", name);
        show_text(&reader, "state", state);
        output_line(output, agency[0] == '\0' ? "    %-10s %s" : "    %-10s %s (%s)", state, name,
                    agency);
    }
}

/* That nobody has seen it, and what was decided about that. */
static void show_review(struct output *output, const struct json_view *record)
{
    struct json_view review = json_opt_object(record, "review");
    struct json_view decisions = json_opt_array(&review, "decisions");
    char date[SHOW_TEXT_BYTES];

    show_words(output, "  ", &review, "words");
    show_text(&review, "date", date);
    if (date[0] != '\0') {
        output_line(output, "  review     to be looked at again on %s%s", date,
                    show_truth(&review, "overdue") ? ": OVERDUE" : "");
    }
    for (size_t i = 0; i < json_length(&decisions); i++) {
        struct json_view decision = json_item(&decisions, i);
        struct json_view person = json_opt_object(&decision, "person");
        char act[SHOW_TEXT_BYTES];
        char at[SHOW_INSTANT_BYTES];
        char name[SHOW_TEXT_BYTES];
        char role[SHOW_TEXT_BYTES];
        show_text(&decision, "act", act);
        show_instant(&decision, "at", at);
        show_text(&person, "name", name);
        show_text(&person, "role", role);
        output_line(output, "  %-10s %s%s%s%s%s", act, at, name[0] == '\0' ? "" : " by ", name,
                    role[0] == '\0' ? "" : ", ", role);
        show_words(output, "             ", &decision, "reason");
    }
}

/* Of what was refused: whether it still waits for somebody, or who has dealt with it and how. */
static void show_returned(struct output *output, const struct json_view *record)
{
    struct json_view returned = json_opt_object(record, "returned");
    struct json_view person = json_opt_object(&returned, "person");
    char at[SHOW_INSTANT_BYTES];
    char name[SHOW_TEXT_BYTES];
    char role[SHOW_TEXT_BYTES];

    show_words(output, "  ", &returned, "words");
    if (show_truth(&returned, "waits")) {
        output_line(output, "  returned   once somebody has: cairn returned RECORD --done");
    }
    show_instant(&returned, "at", at);
    show_text(&person, "name", name);
    show_text(&person, "role", role);
    if (at[0] != '\0') {
        output_line(output, "  returned   dealt with %s%s%s%s%s", at, name[0] == '\0' ? "" : " by ",
                    name, role[0] == '\0' ? "" : ", ", role);
        show_words(output, "             ", &returned, "reason");
    }
}

/* Why somebody opened it, or decided about the alert that lists it, as far as this agency may read
 * that. */
static void show_reasons(struct output *output, const struct json_view *record)
{
    struct json_view reasons = json_opt_array(record, "reasons");

    for (size_t i = 0; i < json_length(&reasons); i++) {
        struct json_view reason = json_item(&reasons, i);
        struct json_view header = json_opt_object(&reason, "header");
        struct json_view account = json_opt_object(&reason, "account");
        char action[SHOW_TEXT_BYTES];
        char outcome[SHOW_TEXT_BYTES];
        char at[SHOW_INSTANT_BYTES];
        char from[SHOW_TEXT_BYTES];
        show_text(&header, "action", action);
        show_text(&header, "outcome", outcome);
        show_instant(&header, "decided_at", at);
        show_agency(&reason, "from", from);
        output_line(output, "  %s by %s, %s%s%s%s", action, from, at,
                    outcome[0] == '\0' || strcmp(outcome, "none") == 0 ? "" : ": ",
                    strcmp(outcome, "none") == 0 ? "" : outcome,
                    show_truth(&reason, "doubt") ? "; signed with a key that was revoked since"
                                                 : "");
        if (account.node != NULL) {
            show_object(output, "    ", &account);
        }
    }
}

static void show_own(struct output *output, const struct json_view *record)
{
    char id[SHOW_TEXT_BYTES];
    char state[SHOW_TEXT_BYTES];
    char kind[SHOW_TEXT_BYTES];
    char since[SHOW_INSTANT_BYTES];
    int64_t index = show_number(record, "log_index", -1);
    int64_t alert = show_number(record, "alert", 0);
    struct json_view by = json_opt_object(record, "submitted_by");
    int64_t uid = show_number(&by, "uid", -1);

    show_text(record, "record", id);
    show_text(record, "state", state);
    show_text(record, "kind", kind);
    show_instant(record, "since", since);
    show_telephone(output, record);
    output_line(output, "%s  %s since %s", kind, state, since);
    show_words(output, "", record, "words");
    if (id[0] != '\0') {
        output_line(output, "  record     %s", id);
    }
    if (index >= 0) {
        output_line(output, "  log index  %lld", (long long)index);
    }
    if (alert > 0) {
        output_line(output, "  alert      %lld lists it", (long long)alert);
    }
    if (uid == 0) {
        output_line(output, "  handed in  by this computer's administrator (root)");
    } else if (uid > 0) {
        output_line(output, "  handed in  by user %lld of this computer", (long long)uid);
    }
    if (show_truth(record, "retracted")) {
        output_line(output, "  taken back");
    }
    if (show_truth(record, "on_hold")) {
        output_line(output, "  on hold    a named person keeps what the broker has of this child");
    }
    show_review(output, record);
    show_returned(output, record);
    show_reasons(output, record);
    show_readers(output, record);
}

/* --- the command --- */

static enum status read_record(const struct client *client, const char *id, bool *ret_received,
                               struct json **ret, struct error *error)
{
    char path[CLIENT_PATH_BYTES];
    struct entry_id entry;
    struct error ours = ERROR_NULL;

    (void)snprintf(path, sizeof(path), CAIRN_PATH_RECORDS "/%s", id);
    enum status status = client_get(client, path, ret, &ours);
    if (status != STATUS_NOT_FOUND || !entry_id_parse(id, &entry)) {
        *error = ours;
        return status;
    }
    *ret_received = true;
    (void)snprintf(path, sizeof(path), CAIRN_PATH_RECEIVED "/%s", id);
    return client_get(client, path, ret, error);
}

static enum status show_record(struct cli *cli, const struct record_options *given)
{
    struct error error = ERROR_NULL;
    bool received = false;
    _cleanup_(json_free) struct json *answer = NULL;

    enum status status = read_record(&given->client, given->id, &received, &answer, &error);
    if (status != STATUS_OK) {
        return output_fail(&cli->output, status, &error);
    }
    struct json_view view = json_view(answer, &error);
    show_result(&cli->output, &view);
    if (received) {
        received_show(&cli->output, &view);
    } else {
        show_own(&cli->output, &view);
    }
    return STATUS_OK;
}

enum status command_record(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {CLIENT_OPTION,           DECIDE_OPTIONS,
                                                 DECIDE_PASS_OPTIONS,     DECIDE_HOLD_OPTIONS,
                                                 DECIDE_OWN_LINK_OPTIONS, {0}};
    static const struct command_line line = {
        .options = options,
        .parser = parse_option,
        .arguments = "RECORD",
        .help =
            "Tells what has become of a record of this agency and who has seen it, or what "
            "another agency's record says. With --open a named person opens its account; with "
            "--close --outcome passed-to-another-authority a front door says that it has passed "
            "on what is about another authority's child; with --hold one keeps what the broker "
            "has of its child from being destroyed, until --release-hold.",
    };
    struct record_options given = {.client = client_default()};
    const struct command_call call = {argc, argv};
    enum status status = STATUS_OK;
    char path[CLIENT_PATH_BYTES];

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    if (given.decide.action == NULL) {
        return show_record(cli, &given);
    }
    (void)snprintf(path, sizeof(path), CAIRN_PATH_RECORDS "/%s" CAIRN_PATH_PART_DECISIONS,
                   given.id);
    return decide_send(cli, &given.client, path, &given.decide);
}
