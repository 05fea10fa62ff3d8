/* SPDX-License-Identifier: Apache-2.0 */
/* `cairn alerts`: what patterns have noticed and this agency was told of; `cairn review`: the list
 * for whoever owns the patterns. */
#include <stdio.h>

#include "cli/client.h"
#include "cli/show.h"

struct alerts_options {
    struct client client;
    bool review;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct alerts_options *given = state->input;

    if (key == ARGP_KEY_ARG) {
        argp_error(state, "there is nothing to say but options: `cairn alert NUMBER` shows one");
        return EINVAL;
    }
    return client_option(&given->client, key, argument);
}

static void show_one(struct output *output, const struct json_view *item)
{
    char state[SHOW_TEXT_BYTES];
    char title[SHOW_TEXT_BYTES];
    char raised[SHOW_INSTANT_BYTES];
    struct json_view pattern = json_opt_object(item, "pattern");

    show_text(item, "state", state);
    show_text(&pattern, "title", title);
    show_instant(item, "raised_at", raised);
    output_line(output, "%lld  %-8s %s  %s", (long long)show_number(item, "alert", 0), state,
                raised, title);
    show_words(output, "    ", item, "heading");
    show_words(output, "    ", item, "words");
}

/* --- one household --- */

static void show_sibling(struct output *output, const struct json_view *item)
{
    char state[SHOW_TEXT_BYTES];
    char given[SHOW_TEXT_BYTES];
    char family[SHOW_TEXT_BYTES];
    struct json_view child = json_opt_object(item, "child");
    struct json_view card = json_opt_object(&child, "card");

    show_text(item, "state", state);
    show_text(&card, "given_name", given);
    show_text(&card, "family_name", family);
    output_line(output, "    %lld  %-8s %s%s%s", (long long)show_number(item, "alert", 0), state,
                given, given[0] != '\0' && family[0] != '\0' ? " " : "",
                given[0] != '\0' || family[0] != '\0' ? family : "a child not named yet");
}

/* Children who were in one event are one item, with a line for each; it stands where the first of
 * their alerts does. */
static void show_household(struct output *output, const struct json_view *items, size_t first)
{
    struct json_view item = json_item(items, first);
    int64_t household = show_number(&item, "household", 0);
    size_t n = 0;

    if (household != show_number(&item, "alert", 0) && household != 0) {
        return; /* told with its first alert */
    }
    show_one(output, &item);
    for (size_t i = first + 1; household != 0 && i < json_length(items); i++) {
        struct json_view other = json_item(items, i);
        if (show_number(&other, "household", 0) == household) {
            if (n++ == 0) {
                output_line(output, "    One household: something happened to several children.");
                show_sibling(output, &item);
            }
            show_sibling(output, &other);
        }
    }
}

/* Appends what lies behind alert *after and moves it on: a household may go over pages. */
static enum status read_page(struct cli *cli, const struct alerts_options *given, uint64_t *after,
                             size_t *ret_n, struct json *all)
{
    struct error error = ERROR_NULL;
    char path[CLIENT_PATH_BYTES];
    _cleanup_(json_free) struct json *answer = NULL;

    (void)snprintf(path, sizeof(path), CAIRN_PATH_ALERTS "?after=%llu&limit=%d&review=%d",
                   (unsigned long long)*after, CAIRN_PAGE_MAX, given->review ? 1 : 0);
    enum status status = client_get(&given->client, path, &answer, &error);
    if (status != STATUS_OK) {
        return output_fail(&cli->output, status, &error);
    }
    struct json_view view = json_view(answer, &error);
    struct json_view items = json_get_array(&view, "items");
    *after = (uint64_t)json_get_integer(&view, "next", 0, INT64_MAX);
    if (!json_ok(&view)) {
        return output_fail(&cli->output, STATUS_FAILED, &error);
    }
    *ret_n = json_length(&items);
    for (size_t i = 0; i < *ret_n; i++) {
        struct json_view item = json_item(&items, i);
        struct json *copy = json_clone(item.node);
        (void)json_append_node(all, &copy);
    }
    return STATUS_OK;
}

static enum status alerts(struct cli *cli, const struct alerts_options *given)
{
    struct json *list = json_array_new();
    struct json *all = json_set_node(output_result(&cli->output), "items", &list);
    uint64_t after = 0;
    size_t n = CAIRN_PAGE_MAX;
    size_t total = 0;
    enum status status = STATUS_OK;

    while (status == STATUS_OK && n == CAIRN_PAGE_MAX) {
        status = read_page(cli, given, &after, &n, all);
        total += n;
    }
    struct error error = ERROR_NULL;
    struct json_view items = json_view(all, &error);
    for (size_t i = 0; i < total; i++) {
        show_household(&cli->output, &items, i);
    }
    if (status == STATUS_OK && total == 0) {
        /* Never "nothing is known": what others hold may only be kept. */
        output_line(&cli->output, given->review ? "Nothing is listed for review."
                                                : "This agency has been told of no alert.");
    }
    return status;
}

static enum status list(struct cli *cli, const struct command_call *call, const char *help,
                        bool review)
{
    static const struct argp_option options[] = {CLIENT_OPTION, {0}};
    const struct command_line line = {.options = options, .parser = parse_option, .help = help};
    struct alerts_options given = {.client = client_default(), .review = review};
    enum status status = STATUS_OK;

    return command_parse(cli, &line, *call, &given, &status) ? alerts(cli, &given) : status;
}

enum status command_alerts(struct cli *cli, int argc, char **argv)
{
    return list(cli, &(const struct command_call){argc, argv},
                "Lists what has been noticed about children whom this agency knows, or, at a front "
                "door, about any child.",
                false);
}

enum status command_review(struct cli *cli, int argc, char **argv)
{
    return list(
        cli, &(const struct command_call){argc, argv},
        "Lists what whoever owns the patterns is to look through, at a front door: children "
        "who meet a pattern by what was recorded before it was turned on, of whom nobody "
        "was alerted, and alerts beyond a pattern's week.",
        true);
}
