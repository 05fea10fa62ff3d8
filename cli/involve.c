/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn involve`: says that this agency has a relationship with a child. From a file or standard
 * input as JSON; at a terminal without a file it asks, and what may be unknown may be left empty.
 */
#include <string.h>
#include <unistd.h>

#include "cairn/limits.h"
#include "cli/client.h"
#include "cli/input.h"
#include "cli/prompt.h"
#include "cli/submit.h"

#define ANSWER_BYTES 512

/* One question. An empty answer leaves the member out when it may be unknown. */
struct question {
    const char *words;
    const char *key;
    bool may_be_empty;
};

static int ask(const struct prompt *prompt, const struct question *question, struct json *into,
               struct error *error)
{
    char answer[ANSWER_BYTES] = "";
    struct error ignored = ERROR_NULL;

    int r = prompt_line(prompt, question->words, answer, sizeof(answer),
                        question->may_be_empty ? &ignored : error);
    if (r < 0) {
        return question->may_be_empty && r == -EINVAL ? 0 : r;
    }
    return json_set_text(into, question->key, slice_of_text(answer));
}

static int ask_nhs_number(const struct prompt *prompt, struct json *child, struct error *error)
{
    static const struct question number = {"NHS number (empty if not known)", "value", true};
    _cleanup_(json_free) struct json *identifier = json_object_new();
    struct json_view view = json_view(identifier, error);
    char traced[ANSWER_BYTES] = "";
    struct error ignored = ERROR_NULL;

    int r = ask(prompt, &number, identifier, error);
    if (r < 0 || !json_has(&view, "value")) {
        return r;
    }
    r = prompt_line(prompt, "Was that number traced, so that it is verified? yes or no", traced,
                    sizeof(traced), &ignored);
    json_set_bool(identifier, "verified", r == 0 && strcmp(traced, "yes") == 0);
    (void)json_set_node(child, "nhs_number", &identifier);
    return 0;
}

static int ask_all(const struct prompt *prompt, const struct question *questions, size_t n,
                   struct json *into, struct error *error)
{
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++) {
        r = ask(prompt, &questions[i], into, error);
    }
    return r;
}

static int ask_involvement(const struct prompt *prompt, struct json *involvement,
                           struct error *error)
{
    static const struct question about_child[] = {
        {"Your own number for the child (empty if none)", "local_id", true},
        {"First given name", "given_name", true},
        {"Family name", "family_name", true},
        {"Birth date, YYYY-MM-DD", "birth_date", true},
        {"Postcode", "postcode", true},
    };
    static const struct question about_role[] = {
        {"Your role: registered-patient, on-roll, open-case, lead-professional or "
         "allocated-worker",
         "role", false},
        {"Since when, YYYY-MM-DD", "from", false},
    };
    static const struct question about_contact[] = {
        {"Whom to speak to, name", "name", false},
        {"Telephone", "phone", false},
    };
    struct json *child = json_object_new();
    struct json *in_child = json_set_node(involvement, "child", &child);
    struct json *contact = json_object_new();
    struct json *in_contact = json_set_node(involvement, "contact", &contact);

    json_set_word(involvement, "format", "cairn-involvement/v1");
    int r = ask_nhs_number(prompt, in_child, error);
    r = r < 0 ? r : ask_all(prompt, about_child, ARRAY_LEN(about_child), in_child, error);
    r = r < 0 ? r : ask_all(prompt, about_role, ARRAY_LEN(about_role), involvement, error);
    return r < 0 ? r : ask_all(prompt, about_contact, ARRAY_LEN(about_contact), in_contact, error);
}

static enum status read_body(struct cli *cli, const char *path, struct buf *out)
{
    struct error error = ERROR_NULL;
    const struct prompt prompt = prompt_over(cli->in, cli->output.err);

    if (path != NULL || !prompt.ask) {
        return input_read(cli, path, out);
    }
    _cleanup_(json_free) struct json *involvement = json_object_new();
    if (ask_involvement(&prompt, involvement, &error) < 0 ||
        json_write(involvement, JSON_STYLE_COMPACT, out) < 0) {
        return output_fail(&cli->output, STATUS_USAGE, &error);
    }
    return STATUS_OK;
}

enum status command_involve(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {CLIENT_OPTION, {0}};
    static const struct command_line line = {
        .options = options,
        .parser = input_option,
        .arguments = "[FILE]",
        .help = "Says that this agency has a relationship with a child, which decides who is told. "
                "Without FILE it asks at a terminal, and reads JSON from standard input elsewhere.",
    };
    struct input_options given = {.client = client_default()};
    const struct command_call call = {argc, argv};
    enum status status = STATUS_OK;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_API_BODY_MAX_BYTES);

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    status = read_body(cli, given.path, &text);
    if (status != STATUS_OK) {
        return status;
    }
    const struct client_post post = {
        .path = CAIRN_PATH_SUBMISSIONS,
        .content_type = CAIRN_MEDIA_INVOLVEMENT,
        .body = buf_slice(&text),
    };
    return submit_body(cli, &given.client, &post, NULL);
}
