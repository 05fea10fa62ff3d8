/* SPDX-License-Identifier: Apache-2.0 */
/* `cairn alerts`: what patterns have noticed and this agency was told of; `cairn review`: the list
 * for whoever owns the patterns. */
#include <stdio.h>
#include <string.h>

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
    show_instant(item, json_has(item, "raised_at") ? "raised_at" : "changed_at", raised);
    output_line(output, "%lld  %-8s %s%s%s", (long long)show_number(item, "alert", 0), state,
                raised, title[0] == '\0' ? "" : "  ", title);
    show_words(output, "    ", item, "heading");
    show_words(output, "    ", item, "words");
}

/* --- what goes together --- */

struct named {
    char given[SHOW_TEXT_BYTES];
    char family[SHOW_TEXT_BYTES];
    char born[SHOW_TEXT_BYTES];
};

static struct named child_of(const struct json_view *item)
{
    struct named named;
    struct json_view child = json_opt_object(item, "child");
    struct json_view card = json_opt_object(&child, "card");

    show_text(&card, "given_name", named.given);
    show_text(&card, "family_name", named.family);
    show_text(&card, "birth_date", named.born);
    return named;
}

static void show_child(struct output *output, const struct json_view *item)
{
    struct named child = child_of(item);
    bool given = child.given[0] != '\0';
    bool family = child.family[0] != '\0';

    output_line(output, "    %s%s%s", child.given, given && family ? " " : "",
                given || family ? child.family : "a child not named yet");
}

/* Alerts that share an event are of one household, or one child's: that is said only as far as
 * their cards tell the children apart. */
static const char *words_together(const struct json_view *a, const struct json_view *b)
{
    struct named one = child_of(a);
    struct named other = child_of(b);

    if ((one.given[0] == '\0' && one.family[0] == '\0') ||
        (other.given[0] == '\0' && other.family[0] == '\0')) {
        return "Part of the same: another child of the household, or the same child again.";
    }
    return strcmp(one.given, other.given) == 0 && strcmp(one.family, other.family) == 0 &&
                   strcmp(one.born, other.born) == 0
               ? "The same child, noticed again."
               : "One household: something happened to several children.";
}

/* Alerts that go together stand after the first of them, each in full: one that is closed says
 * nothing of the others. */
static void show_together(struct output *output, const struct json_view *items, size_t first)
{
    struct json_view item = json_item(items, first);
    int64_t household = show_number(&item, "household", 0);
    bool alone = true;

    if (household != show_number(&item, "alert", 0) && household != 0) {
        return; /* told with its first alert */
    }
    show_one(output, &item);
    for (size_t i = first + 1; household != 0 && i < json_length(items); i++) {
        struct json_view other = json_item(items, i);
        if (show_number(&other, "household", 0) != household) {
            continue;
        }
        if (alone) {
            show_child(output, &item);
            alone = false;
        }
        show_one(output, &other);
        show_child(output, &other);
        output_line(output, "    %s", words_together(&item, &other));
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
    enum status status = STATUS_OK;

    while (status == STATUS_OK && n == CAIRN_PAGE_MAX) {
        status = read_page(cli, given, &after, &n, all);
    }
    struct error error = ERROR_NULL;
    struct json_view items = json_view(all, &error);
    size_t total = json_length(&items); /* whatever came before a page that did not */
    for (size_t i = 0; i < total; i++) {
        show_together(&cli->output, &items, i);
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
                "door, about any child. `cairn alert NUMBER` shows one, and opens and closes it.",
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
