/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn submit`: hands what an agency's system wrote to its agent. When it says "accepted" the
 * agent has it on disk. The text is never looked into here but for its type; what is wrong with it
 * the agent says.
 */
#include "cli/submit.h"

#include <string.h>

#include "base/text.h"
#include "cli/client.h"
#include "cli/input.h"
#include "cli/show.h"

#define NAME_BYTES 128 /* of a thing as its sender calls it */

enum {
    KEY_TYPE = 0x2001,
    KEY_KEY
};

struct submit_options {
    struct client client;
    const char *path;
    const char *media; /* NULL: by what the text looks like */
    const char *key;
};

static const char *media_of(const char *type)
{
    static const char *const rows[][2] = {
        {"record", CAIRN_MEDIA_RECORD}, {"involvement", CAIRN_MEDIA_INVOLVEMENT},
        {"fhir", CAIRN_MEDIA_FHIR},     {"incident", CAIRN_MEDIA_INCIDENT},
        {"plan", CAIRN_MEDIA_PLAN},     {"adult", CAIRN_MEDIA_ADULT},
        {"tie", CAIRN_MEDIA_TIE},       {"attendance", CAIRN_MEDIA_ATTENDANCE},
        {"roll", CAIRN_MEDIA_ROLL},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i][0], type) == 0) {
            return rows[i][1];
        }
    }
    return NULL;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct submit_options *given = state->input;

    switch (key) {
    case KEY_TYPE:
        given->media = media_of(argument);
        if (given->media == NULL) {
            argp_error(state, "--type is record, involvement, fhir, incident, plan, adult, tie, "
                              "attendance or roll");
            return EINVAL;
        }
        return 0;
    case KEY_KEY:
        given->key = argument;
        if (!client_is_key(argument)) {
            argp_error(state, "--key has 1 to %d printable characters without blanks",
                       CAIRN_IDEMPOTENCY_MAX_BYTES);
            return EINVAL;
        }
        return 0;
    case ARGP_KEY_ARG:
        return command_argument(&given->path, "file", argument, state);
    default:
        return client_option(&given->client, key, argument);
    }
}

static bool is_rows(const char *media)
{
    return strcmp(media, CAIRN_MEDIA_ATTENDANCE) == 0 || strcmp(media, CAIRN_MEDIA_ROLL) == 0;
}

/* Rows of a spreadsheet, as far as the first line shows. */
static bool is_table(struct slice text)
{
    const uint8_t *end = text.len == 0 ? NULL : memchr(text.data, '\n', text.len);
    size_t first = end == NULL ? text.len : (size_t)(end - text.data);

    return first > 0 && strchr("{[<", text.data[0]) == NULL &&
           memchr(text.data, ',', first) != NULL;
}

/* The others differ in members that each must have; the agent reads them strictly afterwards. */
static const char *media_by_look(const struct json *document)
{
    struct error ignored = ERROR_NULL;
    struct json_view view = json_view(document, &ignored);

    static const char *const rows[][2] = {
        {"resourceType", CAIRN_MEDIA_FHIR}, {"role", CAIRN_MEDIA_INVOLVEMENT},
        {"notice", CAIRN_MEDIA_INCIDENT},   {"plan", CAIRN_MEDIA_PLAN},
        {"since", CAIRN_MEDIA_ADULT},       {"relationship", CAIRN_MEDIA_TIE},
    };
    for (size_t i = 0; json_holds_object(&view) && i < ARRAY_LEN(rows); i++) {
        if (json_has(&view, rows[i][0])) {
            return rows[i][1];
        }
    }
    return CAIRN_MEDIA_RECORD;
}

/* --- the answer --- */

/* FHIR: each entry that is an appointment, or nothing at all, is one thing of the answer. */
static bool is_appointment(const struct json_view *entry, struct json_view *ret_resource)
{
    if (!json_holds_object(entry) || !json_has(entry, "resource")) {
        *ret_resource = *entry;
        return true;
    }
    *ret_resource = json_member(entry, "resource");
    char type[SHOW_TEXT_BYTES];
    show_text(ret_resource, "resourceType", type);
    return type[0] == '\0' || strcmp(type, "Appointment") == 0;
}

/* What the sender calls thing `n` of what was sent: "entry 4, id 17"; "" when that is not known. */
static void name_of(const struct json *document, size_t n, char out[NAME_BYTES])
{
    struct error ignored = ERROR_NULL;
    char id[SHOW_TEXT_BYTES];

    out[0] = '\0';
    if (document == NULL) {
        return;
    }
    struct json_view whole = json_view(document, &ignored);
    struct json_view resource = whole;
    if (json_holds_object(&whole) && json_has(&whole, "entry")) {
        struct json_view entries = json_opt_array(&whole, "entry");
        size_t at = 0;
        for (; at < json_length(&entries); at++) {
            struct json_view entry = json_item(&entries, at);
            if (is_appointment(&entry, &resource) && n-- == 0) {
                break;
            }
        }
        (void)snprintf(out, NAME_BYTES, "entry %zu", at);
    }
    show_text(&resource, "id", id);
    if (id[0] != '\0') {
        (void)snprintf(out + strlen(out), NAME_BYTES - strlen(out), "%sid %.64s",
                       out[0] == '\0' ? "" : ", ", id);
    }
}

/* For a person to look at. */
struct to_look {
    size_t of;
    size_t aside;
    size_t flawed; /* taken, with a number by which nobody is found */
};

/* What was accepted goes by its reference from now on, anything else by what its sender calls it;
 * what a person must look at is counted. */
static void show_item(struct output *output, const struct json_view *item,
                      const char name[NAME_BYTES], struct to_look *look)
{
    char outcome[SHOW_TEXT_BYTES];
    char reference[SHOW_TEXT_BYTES];

    show_text(item, "outcome", outcome);
    show_text(item, "reference", reference);
    show_telephone(output, item);
    output_line(output, "%-14s %s", outcome, reference[0] != '\0' ? reference : name);
    if (strcmp(outcome, "counted") == 0) {
        output_line(output, "    Nobody is told of it; it was counted on this computer, without a "
                            "name.");
    }
    show_words(output, "    ", item, "words");
    show_words(output, "    ", item, "reason");
    look->aside += strcmp(outcome, "set-aside") == 0 ? 1 : 0;
    look->flawed += show_truth(item, "flawed") ? 1 : 0;
}

/* All was taken; but some of it lies here until a person has looked, or finds nobody until its
 * number has been corrected. */
static enum status say_look(struct output *output, const struct to_look *look)
{
    char aside[80] = "";
    char flawed[160] = "";

    if (output_finish(output) != STATUS_OK) {
        return STATUS_FAILED;
    }
    if (look->aside > 0) {
        (void)snprintf(aside, sizeof(aside), "%zu of %zu set aside: nobody is told of %s; ",
                       look->aside, look->of, text_plural(look->aside, "it", "them"));
    }
    if (look->flawed > 0) {
        (void)snprintf(
            flawed, sizeof(flawed),
            "%zu of %zu taken with an NHS or pupil number that is wrong: nobody is found "
            "by it; ",
            look->flawed, look->of);
    }
    return output_refuse(output, STATUS_LOOK, "", "%s%sa person must look", aside, flawed);
}

static void show_rows(struct output *output, const struct json_view *answer)
{
    int64_t rows = json_get_integer(answer, "rows", 0, INT64_MAX);
    int64_t taken = json_get_integer(answer, "rows_taken", 0, INT64_MAX);

    output_line(output, "%lld of %lld %s taken.", (long long)taken, (long long)rows,
                text_plural((uint64_t)rows, "row was", "rows were"));
}

enum status submit_body(struct cli *cli, const struct client *client,
                        const struct client_post *post, const struct json *document)
{
    struct error error = ERROR_NULL;
    struct to_look look = {.of = 0};
    _cleanup_(json_free) struct json *answer = NULL;

    enum status status = client_post(client, post, &answer, &error);
    if (status != STATUS_OK) {
        return output_fail(&cli->output, status, &error);
    }
    struct json_view view = json_view(answer, &error);
    struct json_view items = json_get_array(&view, "items");
    if (!json_ok(&view)) {
        return output_fail(&cli->output, STATUS_FAILED, &error);
    }
    show_result(&cli->output, &view);
    if (show_truth(&view, "replayed")) {
        output_line(&cli->output, "This came before under the same key; the answer then was:");
    }
    for (size_t i = 0; i < json_length(&items); i++) {
        struct json_view item = json_item(&items, i);
        char name[NAME_BYTES];
        name_of(document, i, name);
        show_item(&cli->output, &item, name, &look);
    }
    if (json_has(&view, "rows")) {
        show_rows(&cli->output, &view);
    } else if (json_length(&items) == 0) {
        output_line(&cli->output, "There was nothing in it.");
    }
    look.of = (size_t)show_number(&view, "rows", (int64_t)json_length(&items));
    return look.aside + look.flawed == 0 ? STATUS_OK : say_look(&cli->output, &look);
}

static enum status submit(struct cli *cli, const struct submit_options *given)
{
    struct error error = ERROR_NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_API_BODY_MAX_BYTES);

    enum status status = input_read(cli, given->path, &text);
    if (status != STATUS_OK) {
        return status;
    }
    const char *media = given->media;
    _cleanup_(json_free) struct json *document = NULL;
    if (media == NULL || !is_rows(media)) {
        document = json_parse(buf_slice(&text), &error);
        if (document == NULL && media == NULL && is_table(buf_slice(&text))) {
            return output_refuse(&cli->output, STATUS_FAILED, input_name(given->path),
                                 "is no JSON; a school's register or roll in CSV goes into the "
                                 "folder that the agent watches ([watch] in agent.ini), or is "
                                 "handed in with --type attendance or --type roll");
        }
        if (document == NULL) {
            return output_refuse(&cli->output, STATUS_FAILED, input_name(given->path), "%s: %s",
                                 error.where, error.what);
        }
        media = media != NULL ? media : media_by_look(document);
    }
    const struct client_post post = {
        .path = CAIRN_PATH_SUBMISSIONS,
        .content_type = media,
        .body = buf_slice(&text),
        .idempotency_key = given->key,
    };
    return submit_body(cli, &given->client, &post, document);
}

enum status command_submit(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"type", KEY_TYPE, "TYPE", 0,
         "record, involvement, fhir, incident, plan, adult, tie (by default what it looks like), "
         "or, always said, a school's attendance or roll in CSV",
         0},
        {"key", KEY_KEY, "KEY", 0,
         "idempotency key: the same key with the same text has the same answer, and nothing "
         "happens twice",
         0},
        CLIENT_OPTION,
        {0},
    };
    static const struct command_line line = {
        .options = options,
        .parser = parse_option,
        .arguments = "[FILE]",
        .help =
            "Hands a record, an involvement, FHIR appointments, a police incident, a child's plan, "
            "what an adults' service says, what an adult is to a child, or a school's register or "
            "roll to the agency's agent. Reads standard input without FILE or for -. Ends with 7 "
            "when something in it was set aside for a person to look at, or was taken with an NHS "
            "or pupil number that is wrong.",
    };
    struct submit_options given = {.client = client_default()};
    const struct command_call call = {argc, argv};
    enum status status = STATUS_OK;

    return command_parse(cli, &line, call, &given, &status) ? submit(cli, &given) : status;
}
