/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn alert`: one alert with what it lists, as far as this agency may know it. At a front door a
 * named person opens it, which lets the kept accounts be read, closes it with an outcome, and says
 * whether what was put together by a name alone is about one child.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/client.h"
#include "cli/decide.h"
#include "cli/show.h"

struct alert_options {
    struct client client;
    uint64_t alert; /* 0: not given */
    struct decide decide;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct alert_options *given = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        if (given->alert != 0 || !u64_parse(argument, INT64_MAX, &given->alert) ||
            given->alert == 0) {
            argp_error(state,
                       "%s: one ALERT, its number in `cairn alerts`; to decide about it, "
                       "with --open or --close",
                       argument);
            return EINVAL;
        }
        return 0;
    case ARGP_KEY_END:
        if (given->alert == 0) {
            argp_error(state, "ALERT is needed");
            return EINVAL;
        }
        return decide_check(&given->decide, state);
    default: {
        error_t r = decide_option(&given->decide, key, argument, state);
        return r == ARGP_ERR_UNKNOWN ? client_option(&given->client, key, argument) : r;
    }
    }
}

/* --- what it says --- */

static void show_child(struct output *output, const struct json_view *alert)
{
    struct json_view child = json_opt_object(alert, "child");
    struct json_view card = json_opt_object(&child, "card");
    char known_as[SHOW_TEXT_BYTES];

    show_text(&child, "known_as", known_as);
    if (card.node == NULL) {
        output_line(output, "  This agency has not been told yet which child it is.");
        return;
    }
    output_line(output, "  the child%s",
                strcmp(known_as, "own") == 0 ? ", as your own system names it" : "");
    show_object(output, "    ", &card);
}

/* The finest of what this agency may know. */
static void text_of_either(const struct json_view *headline, const char *const keys[], size_t n,
                           char out[SHOW_TEXT_BYTES])
{
    out[0] = '\0';
    for (size_t i = 0; i < n && out[0] == '\0'; i++) {
        show_text(headline, keys[i], out);
    }
}

static void show_headline(struct output *output, const struct json_view *headline)
{
    static const char *const whats[] = {"code", "record_kind", "class"};
    struct json_view account = json_opt_object(headline, "account");
    char day[SHOW_TEXT_BYTES];
    char what[SHOW_TEXT_BYTES];
    char from[SHOW_TEXT_BYTES];
    char record[SHOW_TEXT_BYTES];

    show_text(headline, "event_date", day);
    text_of_either(headline, whats, ARRAY_LEN(whats), what);
    show_agency(headline, "from", from);
    if (from[0] == '\0') {
        show_text(headline, "origin_kind", from);
    }
    show_text(headline, "record", record);
    output_line(output, "    %s  %s, %s%s%s%s%s%s", day, what, from,
                show_truth(headline, "own") ? ", ours" : "",
                show_truth(headline, "provisional") ? ", not certain that it is this child" : "",
                show_truth(headline, "another_child") ? ", about another child" : "",
                show_truth(headline, "retracted") ? ", taken back" : "",
                show_truth(headline, "retraction_unproven") ? ", taken back as the broker says"
                                                            : "");
    show_words(output, "                ", headline, "destroyed_words");
    if (record[0] != '\0') {
        output_line(output, "                record %s", record);
    }
    show_family_view(output, "                ", headline);
    if (account.node != NULL) {
        show_object(output, "                ", &account);
    }
}

static void show_headlines(struct output *output, const struct json_view *alert)
{
    struct json_view headlines = json_opt_array(alert, "headlines");

    if (json_length(&headlines) > 0) {
        output_line(output, "  what was noticed");
    }
    for (size_t i = 0; i < json_length(&headlines); i++) {
        struct json_view headline = json_item(&headlines, i);
        show_headline(output, &headline);
    }
}

static void show_act(struct output *output, const struct json_view *alert, const char *key)
{
    struct json_view act = json_opt_object(alert, key);
    char who[SHOW_TEXT_BYTES];
    char when[SHOW_INSTANT_BYTES];
    char decision[SHOW_TEXT_BYTES];

    if (act.node != NULL) {
        show_agency(alert, key, who);
        show_instant(&act, "at", when);
        show_text(&act, "decision", decision);
        output_line(output, "  %s by %s, %s; decision %s", key, who, when, decision);
    }
}

/* By which rule and about whom: told to those alone whom the alert was sent to. */
static void show_rule(struct output *output, const struct json_view *alert,
                      const struct json_view *pattern)
{
    static const char *const names[] = {"title", "id"};
    char title[SHOW_TEXT_BYTES];

    text_of_either(pattern, names, ARRAY_LEN(names), title);
    output_line(output, "  rule: %s, version %lld", title,
                (long long)show_number(pattern, "version", 0));
    show_child(output, alert);
    show_headlines(output, alert);
}

/* Whoever has come so far is to find the way on. */
static void show_next(struct output *output, const struct json_view *alert, const char *state)
{
    long long number = (long long)show_number(alert, "alert", 0);

    if (!show_truth(alert, "may_decide")) {
        return;
    }
    if (strcmp(state, "opened") == 0) {
        output_line(output,
                    "  Once it is decided: cairn alert %lld --close --outcome OUTCOME "
                    "(cairn alert --help lists them)",
                    number);
        return;
    }
    output_line(output,
                "  Whoever takes it up: cairn alert %lld --open (it asks for name, role "
                "and reason; what is kept may be read then)",
                number);
}

static void show_alert(struct output *output, const struct json_view *alert)
{
    struct json_view pattern = json_opt_object(alert, "pattern");
    char heading[SHOW_TEXT_BYTES];
    char state[SHOW_TEXT_BYTES];
    char raised[SHOW_INSTANT_BYTES];

    show_text(alert, "heading", heading);
    show_text(alert, "state", state);
    show_instant(alert, json_has(alert, "raised_at") ? "raised_at" : "changed_at", raised);
    output_line(output, "%s", heading);
    output_line(output, "  alert %lld, %s, %s", (long long)show_number(alert, "alert", 0), state,
                raised);
    show_words(output, "  ", alert, "words");
    if (pattern.node != NULL) {
        show_rule(output, alert, &pattern);
    }
    show_act(output, alert, "opened");
    show_act(output, alert, "closed");
    show_act(output, alert, "withdrawn");
    show_next(output, alert, state);
}

/* --- the command --- */

static enum status read_alert(struct cli *cli, const struct alert_options *given, struct json **ret)
{
    struct error error = ERROR_NULL;
    char path[CLIENT_PATH_BYTES];

    (void)snprintf(path, sizeof(path), CAIRN_PATH_ALERTS "/%llu", (unsigned long long)given->alert);
    enum status status = client_get(&given->client, path, ret, &error);
    return status == STATUS_OK ? status : output_fail(&cli->output, status, &error);
}

static enum status decide(struct cli *cli, const struct alert_options *given)
{
    char path[CLIENT_PATH_BYTES];

    (void)snprintf(path, sizeof(path), CAIRN_PATH_ALERTS "/%llu" CAIRN_PATH_PART_DECISIONS,
                   (unsigned long long)given->alert);
    return decide_send(cli, &given->client, path, &given->decide);
}

enum status command_alert(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        CLIENT_OPTION, DECIDE_OPTIONS, DECIDE_CLOSE_OPTIONS, DECIDE_LINK_OPTIONS, {0}};
    static const struct command_line line = {
        .options = options,
        .parser = parse_option,
        .arguments = "ALERT",
        .help = "Shows an alert with what it lists. With --open or --close a named person decides "
                "about it, with --confirm-link, --refuse-link or --undo-link about whether one of "
                "its records is about this child; --tell origins lets those who sent the records "
                "read the reason.",
    };
    struct alert_options given = {.client = client_default()};
    const struct command_call call = {argc, argv};
    struct error error = ERROR_NULL;
    enum status status = STATUS_OK;
    _cleanup_(json_free) struct json *alert = NULL;

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    if (given.decide.action != NULL) {
        return decide(cli, &given);
    }
    status = read_alert(cli, &given, &alert);
    if (status != STATUS_OK) {
        return status;
    }
    struct json_view view = json_view(alert, &error);
    show_result(&cli->output, &view);
    show_alert(&cli->output, &view);
    return STATUS_OK;
}
