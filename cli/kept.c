/* SPDX-License-Identifier: Apache-2.0 */
/* `cairn kept`: what is kept of this agency's records and nobody else has seen, and when a person
 * is to look at each again; with a record, what a named person does about it. */
#include <stdio.h>

#include "base/text.h"
#include "cli/client.h"
#include "cli/decide.h"
#include "cli/listing.h"
#include "cli/show.h"

struct kept_options {
    struct decide_options about;
    const char *part; /* of the path: what is decided; NULL: nothing */
};

enum {
    KEPT_SEND = 0x2201,
    KEPT_WITHDRAW,
    KEPT_KEEP
};

static error_t take_act(struct kept_options *given, const char *part, struct argp_state *state)
{
    if (given->part != NULL) {
        argp_error(state, "one of --send, --withdraw and --keep");
        return EINVAL;
    }
    given->part = part;
    return 0;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct kept_options *given = state->input;

    switch (key) {
    case KEPT_SEND:
        return take_act(given, CAIRN_PATH_PART_SEND, state);
    case KEPT_WITHDRAW:
        return take_act(given, CAIRN_PATH_PART_WITHDRAW, state);
    case KEPT_KEEP:
        return take_act(given, CAIRN_PATH_PART_KEEP, state);
    case ARGP_KEY_END:
        return decide_about_check(&given->about, given->part != NULL,
                                  "--send, --withdraw or --keep", state);
    default:
        return decide_about_option(&given->about, key, argument, state);
    }
}

/* --- listing --- */

/* "was-not-brought" -> "was not brought" */
static void in_words(char text[SHOW_TEXT_BYTES])
{
    for (char *at = text; *at != '\0'; at++) {
        *at = *at == '-' ? ' ' : *at;
    }
}

static void show_one(struct output *output, const struct json_view *item)
{
    char reference[SHOW_TEXT_BYTES];
    char kind[SHOW_TEXT_BYTES];
    char code[SHOW_TEXT_BYTES];
    char day[SHOW_TEXT_BYTES];
    char review[SHOW_TEXT_BYTES];

    show_text(item, "reference", reference);
    show_text(item, "record_kind", kind);
    show_text(item, "code", code);
    show_text(item, "event_date", day);
    show_text(item, "review_date", review);
    in_words(kind);
    in_words(code);
    output_line(output, "%s  %s%s%s of %s", reference, kind, code[0] == '\0' ? "" : ": ", code,
                day);
    int64_t days = show_number(item, "kept_days", 0);
    output_line(output, "    kept for %lld %s; to be looked at again on %s%s", (long long)days,
                text_plural((uint64_t)days, "day", "days"), review,
                show_truth(item, "overdue") ? ": OVERDUE" : "");
    show_words(output, "    ", item, "words");
}

static enum status list(struct cli *cli, const struct client *client)
{
    size_t n = 0;
    enum status status = listing_show(cli, client, CAIRN_PATH_KEPT, show_one, &n);

    if (status == STATUS_OK && n == 0) {
        output_line(&cli->output, "No record of this agency waits unseen.");
    }
    return status;
}

/* --- the command --- */

enum status command_kept(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        CLIENT_OPTION,
        {"send", KEPT_SEND, NULL, 0, "send it on to the front door", 1},
        {"withdraw", KEPT_WITHDRAW, NULL, 0, "take it back", 1},
        {"keep", KEPT_KEEP, NULL, 0, "keep it: look at it again later", 1},
        DECIDE_WHO_OPTIONS,
        {0}};
    static const struct command_line line = {
        .options = options,
        .parser = parse_option,
        .arguments = "[RECORD]",
        .help = "Lists the records of this agency that nobody else has seen, by the day on which a "
                "person is to look at them again. Kept is not sent: it is not a referral. With "
                "RECORD a named person sends it on, takes it back or keeps it, and says why.",
    };
    struct kept_options given = {.about = {.client = client_default(), .lister = "`cairn kept`"}};
    const struct command_call call = {argc, argv};
    enum status status = STATUS_OK;
    char path[CLIENT_PATH_BYTES];

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    if (given.part == NULL) {
        return list(cli, &given.about.client);
    }
    (void)snprintf(path, sizeof(path), CAIRN_PATH_KEPT "/%s%s", given.about.id, given.part);
    return decide_answer(cli, &given.about.client, path, &given.about.decide);
}
