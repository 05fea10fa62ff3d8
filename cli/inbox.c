/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn inbox`: what others sent, the newest last. A person is shown the newest, and how many lie
 * before them; a program that says where it begins is handed everything from there on, a page at a
 * time. With an application's name its own place is kept by the agent, and --acknowledge moves it
 * on: only after what was shown has been written out, so what is lost on the way comes again under
 * the same number.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/client.h"
#include "cli/plain.h"
#include "cli/show.h"

#define WAIT_DEFAULT_S CAIRN_API_POLL_MAX_S

enum {
    KEY_FOLLOW = 0x2001,
    KEY_APPLICATION,
    KEY_ACKNOWLEDGE,
    KEY_AFTER,
    KEY_LIMIT,
    KEY_WAIT
};

struct inbox_options {
    struct client client;
    const char *application;
    bool follow;
    bool acknowledge;
    bool from; /* said where to begin: from there on, the oldest first */
    uint64_t after;
    uint64_t limit;
    uint64_t wait_s;
};

struct range {
    const char *option;
    uint64_t min;
    uint64_t max;
};

static error_t take_number(uint64_t *into, const struct range *range, const char *argument,
                           struct argp_state *state)
{
    uint64_t number = 0;

    if (!u64_parse(argument, range->max, &number) || number < range->min) {
        argp_error(state, "%s is a whole number, %llu to %llu", range->option,
                   (unsigned long long)range->min, (unsigned long long)range->max);
        return EINVAL;
    }
    *into = number;
    return 0;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    static const struct range after = {"--after", 0, INT64_MAX - 1};
    static const struct range limit = {"--limit", 1, CAIRN_PAGE_MAX};
    static const struct range wait = {"--wait", 0, CAIRN_API_POLL_MAX_S};
    struct inbox_options *given = state->input;

    switch (key) {
    case KEY_FOLLOW:
        given->follow = true;
        given->from = true;
        return 0;
    case KEY_ACKNOWLEDGE:
        given->acknowledge = true;
        return 0;
    case KEY_APPLICATION:
        given->application = argument;
        given->from = true;
        if (!client_is_application(argument)) {
            argp_error(state, "--application has a to z, 0 to 9 and -, at most %d",
                       CAIRN_APPLICATION_MAX_BYTES);
            return EINVAL;
        }
        return 0;
    case KEY_AFTER:
        given->from = true;
        return take_number(&given->after, &after, argument, state);
    case KEY_LIMIT:
        return take_number(&given->limit, &limit, argument, state);
    case KEY_WAIT:
        return take_number(&given->wait_s, &wait, argument, state);
    case ARGP_KEY_ARG:
        argp_error(state, "there is nothing to say but options");
        return EINVAL;
    case ARGP_KEY_END:
        if (given->acknowledge && given->application == NULL) {
            argp_error(state, "--acknowledge needs --application: whose place moves on");
            return EINVAL;
        }
        return 0;
    default:
        return client_option(&given->client, key, argument);
    }
}

/* --- items --- */

/* What there is of which child, without what it says. */
static void show_told(struct output *output, const struct json_view *item)
{
    struct json_view card = json_opt_object(item, "card");
    struct json_view told = json_opt_array(item, "told");
    char given[SHOW_TEXT_BYTES];
    char family[SHOW_TEXT_BYTES];

    show_text(&card, "given_name", given);
    show_text(&card, "family_name", family);
    if (card.node != NULL) {
        output_line(output, "    %s %s", given, family);
    }
    for (size_t i = 0; i < json_length(&told); i++) {
        static const char *const details[] = {"event_date", "class", "origin_kind", "code",
                                              "record"};
        char line[ARRAY_LEN(details) * SHOW_TEXT_BYTES] = "";
        struct writer writer = writer_over(line, sizeof(line) - 1);
        struct json_view one = json_item(&told, i);
        for (size_t j = 0; j < ARRAY_LEN(details); j++) {
            char text[SHOW_TEXT_BYTES];
            show_text(&one, details[j], text);
            write_format(&writer, "%s%s", text[0] == '\0' || j == 0 ? "" : "  ", text);
        }
        output_line(output, "    %s", line);
        show_family_view(output, "    ", &one);
    }
}

static void show_delivery(struct output *output, const struct json_view *item)
{
    static const char *const details[] = {"record",     "record_kind", "code",   "urgency",
                                          "event_date", "action",      "outcome"};
    char line[(ARRAY_LEN(details) + 2) * SHOW_TEXT_BYTES] = ""; /* every part fits */
    struct writer writer = writer_over(line, sizeof(line) - 1);
    char kind[SHOW_TEXT_BYTES];
    char received[SHOW_INSTANT_BYTES];
    char from[SHOW_TEXT_BYTES];
    int64_t alert = show_number(item, "alert", 0);
    struct json_view records = json_opt_array(item, "records");

    show_text(item, json_has(item, "notice") ? "notice" : "kind", kind);
    show_instant(item, "received_at", received);
    write_format(&writer, "%lld  %s  %s", (long long)show_number(item, "delivery", 0), received,
                 plain_delivery(kind));
    for (size_t i = 0; i < ARRAY_LEN(details); i++) {
        char text[SHOW_TEXT_BYTES];
        show_text(item, details[i], text);
        write_format(&writer, "%s%s", text[0] == '\0' ? "" : "  ", text);
    }
    if (alert > 0) {
        write_format(&writer, "  alert %lld", (long long)alert);
    }
    show_agency(item, json_has(item, "from") ? "from" : "agency", from);
    output_line(output, "%s", line);
    if (from[0] != '\0') {
        output_line(output, "    %s", from);
    }
    show_words(output, "    ", item, "words");
    show_words(output, "    ", item, "pass_on");
    show_family_view(output, "    ", item);
    for (size_t i = 0; i < json_length(&records); i++) {
        char record[SHOW_TEXT_BYTES];
        struct json_view one = json_item(&records, i);
        show_text(&one, "record", record);
        output_line(output, "    record %s", record);
    }
    show_told(output, item);
    if (show_truth(item, "doubt")) {
        output_line(output, "    Signed with a key that has been revoked since: ask that agency.");
    }
}

static enum status acknowledge(struct cli *cli, const struct inbox_options *given, int64_t delivery)
{
    struct error error = ERROR_NULL;
    _cleanup_(json_free) struct json *body = json_object_new();
    _cleanup_(json_free) struct json *answer = NULL;

    json_set_word(body, "application", given->application);
    json_set_integer(body, "delivery", delivery);
    enum status status =
        client_post_json(&given->client, CAIRN_PATH_ACKNOWLEDGEMENTS, body, &answer, &error);
    return status == STATUS_OK ? status : output_fail(&cli->output, status, &error);
}

static enum status read_page(const struct inbox_options *given, struct json **ret,
                             struct error *error)
{
    char path[CLIENT_PATH_BYTES];
    struct writer writer = writer_over(path, sizeof(path) - 1);

    write_format(&writer, CAIRN_PATH_INBOX "?after=%llu&limit=%llu",
                 (unsigned long long)given->after, (unsigned long long)given->limit);
    if (!given->from) {
        write_format(&writer, "&newest=1");
    }
    if (given->wait_s > 0) {
        write_format(&writer, "&wait=%llu", (unsigned long long)given->wait_s);
    }
    if (given->application != NULL) {
        write_format(&writer, "&application=%s", given->application);
    }
    path[writer_slice(&writer).len] = '\0';
    return client_get_waiting(&given->client, path, (int)given->wait_s, ret, error);
}

/* What lies before the first that is shown: nobody is to take the newest for all there is. */
static void show_older(struct output *output, const struct json_view *answer)
{
    int64_t older = show_number(answer, "older", 0);

    if (older > 0) {
        output_line(output,
                    "%lld older not shown: cairn inbox --after 0 shows all from the first on, a "
                    "page at a time.",
                    (long long)older);
    }
}

/* Whoever counts is not to believe that something is missing: `cairn status` says when it is. */
static void show_skipped(struct output *output, const struct json_view *items)
{
    int64_t before = 0;

    for (size_t i = 0; i < json_length(items); i++) {
        struct json_view item = json_item(items, i);
        int64_t number = show_number(&item, "delivery", 0);
        if (before > 0 && number != before + 1) {
            output_line(output, "Numbers between these are of what nobody needs to read.");
            return;
        }
        before = number;
    }
}

static void show_more(struct output *output, const struct inbox_options *given,
                      const struct json_view *answer)
{
    if (!given->follow && show_truth(answer, "more")) {
        output_line(output, "More came after these: cairn inbox --after %llu",
                    (unsigned long long)given->after);
    }
}

/* One page: shown, written out, then acknowledged. */
static enum status take_page(struct cli *cli, struct inbox_options *given)
{
    struct error error = ERROR_NULL;
    int64_t last = 0;
    _cleanup_(json_free) struct json *answer = NULL;

    enum status status = read_page(given, &answer, &error);
    if (status != STATUS_OK) {
        return output_fail(&cli->output, status, &error);
    }
    struct json_view view = json_view(answer, &error);
    struct json_view items = json_get_array(&view, "items");
    given->after = (uint64_t)json_get_integer(&view, "next", 0, INT64_MAX);
    if (!json_ok(&view)) {
        return output_fail(&cli->output, STATUS_FAILED, &error);
    }
    show_result(&cli->output, &view);
    show_older(&cli->output, &view);
    for (size_t i = 0; i < json_length(&items); i++) {
        struct json_view item = json_item(&items, i);
        last = show_number(&item, "delivery", last);
        show_delivery(&cli->output, &item);
    }
    if (json_length(&items) == 0 && !given->follow) {
        output_line(&cli->output, "Nothing new.");
    }
    show_skipped(&cli->output, &items);
    show_more(&cli->output, given, &view);
    status = output_finish(&cli->output);
    output_deinit(&cli->output);
    return status == STATUS_OK && given->acknowledge && last > 0 ? acknowledge(cli, given, last)
                                                                 : status;
}

static enum status inbox(struct cli *cli, struct inbox_options *given)
{
    enum status status = take_page(cli, given);

    while (status == STATUS_OK && given->follow) {
        given->wait_s = WAIT_DEFAULT_S;
        status = take_page(cli, given);
    }
    return status;
}

enum status command_inbox(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"application", KEY_APPLICATION, "NAME", 0,
         "begin behind what that application has acknowledged", 0},
        {"acknowledge", KEY_ACKNOWLEDGE, NULL, 0,
         "what was shown is not handed to that application again", 0},
        {"follow", KEY_FOLLOW, NULL, 0,
         "go on and show what comes, until it is ended; --json prints one object for each page", 0},
        {"after", KEY_AFTER, "DELIVERY", 0, "begin behind that delivery; 0: at the first", 0},
        {"limit", KEY_LIMIT, "N", 0, "at most N (20)", 0},
        {"wait", KEY_WAIT, "SECONDS", 0, "when there is nothing, wait that long for something", 0},
        CLIENT_OPTION,
        {0},
    };
    static const struct command_line line = {
        .options = options,
        .parser = parse_option,
        .help = "Shows what other agencies and the broker have told this agency, the newest last: "
                "the newest 20 and how many are older, or all from where --after, --application "
                "or --follow begins.",
    };
    struct inbox_options given = {.client = client_default(), .limit = CAIRN_PAGE_DEFAULT};
    const struct command_call call = {argc, argv};
    enum status status = STATUS_OK;

    return command_parse(cli, &line, call, &given, &status) ? inbox(cli, &given) : status;
}
