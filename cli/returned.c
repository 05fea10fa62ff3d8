/* SPDX-License-Identifier: Apache-2.0 */
/* `cairn returned`: what the broker refused for good, so that nobody has it, and nobody here has
 * dealt with yet; with a record, a named person says that somebody has. */
#include <stdio.h>

#include "cli/client.h"
#include "cli/decide.h"
#include "cli/listing.h"
#include "cli/show.h"

enum {
    RETURNED_DONE = 0x2301
};

struct returned_options {
    struct decide_options about;
    bool done;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct returned_options *given = state->input;

    switch (key) {
    case RETURNED_DONE:
        given->done = true;
        return 0;
    case ARGP_KEY_END:
        return decide_about_check(&given->about, given->done, "--done", state);
    default:
        return decide_about_option(&given->about, key, argument, state);
    }
}

/* --- listing --- */

static void show_one(struct output *output, const struct json_view *item)
{
    struct json_view by = json_opt_object(item, "submitted_by");
    char reference[SHOW_TEXT_BYTES];
    char kind[SHOW_TEXT_BYTES];
    char code[SHOW_TEXT_BYTES];
    char day[SHOW_TEXT_BYTES];
    char at[SHOW_INSTANT_BYTES];

    show_text(item, "reference", reference);
    show_text(item, "kind", kind);
    show_text(item, "code", code);
    show_text(item, "event_date", day);
    show_instant(item, "returned_at", at);
    show_telephone(output, item);
    output_line(output, "%s  %s%s%s%s%s", reference, kind, code[0] == '\0' ? "" : ": ", code,
                day[0] == '\0' ? "" : " of ", day);
    output_line(output, "    returned %s; submitted by user %lld of this computer", at,
                (long long)show_number(&by, "uid", 0));
    show_words(output, "    ", item, "words");
    show_words(output, "    ", item, "advice");
}

static enum status list(struct cli *cli, const struct client *client)
{
    size_t n = 0;
    enum status status = listing_show(cli, client, CAIRN_PATH_RETURNED, show_one, &n);

    if (status != STATUS_OK) {
        return status;
    }
    output_line(&cli->output, n == 0
                                  ? "Nothing that was sent has come back."
                                  : "Nobody has any of this. Sent again by the system that it came "
                                    "from, it leaves this list; so it does\nonce a person has "
                                    "dealt with it: cairn returned REFERENCE --done");
    return STATUS_OK;
}

/* --- the command --- */

enum status command_returned(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        CLIENT_OPTION,
        {"done", RETURNED_DONE, NULL, 0, "somebody has dealt with it", 1},
        DECIDE_WHO_OPTIONS,
        {0}};
    static const struct command_line line = {
        .options = options,
        .parser = parse_option,
        .arguments = "[RECORD]",
        .help =
            "Lists what the broker refused for good, so that nobody has it, with the reason and "
            "what to do. With RECORD and --done a named person says that somebody has dealt "
            "with it, and how.",
    };
    struct returned_options given = {
        .about = {.client = client_default(), .lister = "`cairn returned`"}};
    const struct command_call call = {argc, argv};
    enum status status = STATUS_OK;
    char path[CLIENT_PATH_BYTES];

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    if (!given.done) {
        return list(cli, &given.about.client);
    }
    (void)snprintf(path, sizeof(path), CAIRN_PATH_RETURNED "/%s" CAIRN_PATH_PART_DONE,
                   given.about.id);
    return decide_answer(cli, &given.about.client, path, &given.about.decide);
}
