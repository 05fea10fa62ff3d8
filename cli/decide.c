/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/decide.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "cairn/codes.h"
#include "cli/prompt.h"
#include "cli/show.h"

static error_t take_action(struct decide *decide, enum action action, const char *record,
                           struct argp_state *state)
{
    if (decide->action != NULL) {
        argp_error(state, "one decision at a time");
        return EINVAL;
    }
    decide->action = action_text((uint32_t)action);
    decide->record = record;
    return 0;
}

error_t decide_option(struct decide *decide, int key, char *argument, struct argp_state *state)
{
    switch (key) {
    case DECIDE_OPEN:
        return take_action(decide, ACTION_OPEN, NULL, state);
    case DECIDE_CLOSE:
        return take_action(decide, ACTION_CLOSE, NULL, state);
    case DECIDE_CONFIRM_LINK:
        return take_action(decide, ACTION_CONFIRM_LINK, argument, state);
    case DECIDE_REFUSE_LINK:
        return take_action(decide, ACTION_REFUSE_LINK, argument, state);
    case DECIDE_UNDO_LINK:
        return take_action(decide, ACTION_UNDO_LINK, argument, state);
    case DECIDE_SAME_CHILD:
        decide->other = argument;
        return take_action(decide, ACTION_CONFIRM_LINK, NULL, state);
    case DECIDE_ANOTHER_CHILD:
        decide->other = argument;
        return take_action(decide, ACTION_REFUSE_LINK, NULL, state);
    case DECIDE_HOLD:
        return take_action(decide, ACTION_HOLD, NULL, state);
    case DECIDE_RELEASE_HOLD:
        return take_action(decide, ACTION_RELEASE_HOLD, NULL, state);
    case DECIDE_OUTCOME:
        decide->outcome = argument;
        return 0;
    case DECIDE_REASON:
        decide->reason = argument;
        return 0;
    case DECIDE_NAME:
        decide->name = argument;
        return 0;
    case DECIDE_ROLE:
        decide->role = argument;
        return 0;
    case DECIDE_TELL:
        if (decide->n_tell == DECIDE_TELL_MAX) {
            argp_error(state, "--tell at most %d times", DECIDE_TELL_MAX);
            return EINVAL;
        }
        decide->tell[decide->n_tell++] = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

error_t decide_about_option(struct decide_options *given, int key, char *argument,
                            struct argp_state *state)
{
    if (key != ARGP_KEY_ARG) {
        error_t r = decide_option(&given->decide, key, argument, state);
        return r == ARGP_ERR_UNKNOWN ? client_option(&given->client, key, argument) : r;
    }
    if (given->id != NULL || !client_is_record(argument)) {
        argp_error(state, "one RECORD: the reference that %s names", given->lister);
        return EINVAL;
    }
    given->id = argument;
    return 0;
}

error_t decide_about_check(const struct decide_options *given, bool acts_given, const char *acts,
                           struct argp_state *state)
{
    const struct decide *decide = &given->decide;
    bool says = decide->name != NULL || decide->role != NULL || decide->reason != NULL;
    if ((given->id != NULL) != acts_given || (says && !acts_given)) {
        argp_error(state,
                   "a RECORD goes with %s; without, all is listed (`cairn record` shows one)",
                   acts);
        return EINVAL;
    }
    return 0;
}

error_t decide_check(const struct decide *decide, struct argp_state *state)
{
    bool closes = decide->action != NULL && strcmp(decide->action, action_text(ACTION_CLOSE)) == 0;

    if (decide->action == NULL &&
        (decide->outcome != NULL || decide->reason != NULL || decide->name != NULL ||
         decide->role != NULL || decide->n_tell > 0)) {
        argp_error(state, "--outcome, --reason, --name, --role and --tell go with a decision");
        return EINVAL;
    }
    if (closes != (decide->outcome != NULL) ||
        (closes && outcome_number(decide->outcome) == OUTCOME_NONE)) {
        argp_error(state, "--close goes with --outcome, one of those that --help lists");
        return EINVAL;
    }
    return 0;
}

/* --- who and why --- */

#define NOBODY_TO_ASK                                                                              \
    "is needed: nothing more comes from standard input, and it is no terminal to ask at"

struct question {
    const char *words;
    const char *option; /* that answers it beforehand */
};

static int ask_line(const struct prompt *prompt, const struct question *question,
                    char out[CAIRN_NAME_MAX_BYTES], struct error *error)
{
    struct error said = ERROR_NULL;
    int r = prompt_line(prompt, question->words, out, CAIRN_NAME_MAX_BYTES, &said);

    if (r == -ENODATA && !prompt->ask) {
        return error_set(error, question->option, NOBODY_TO_ASK);
    }
    return r == 0 ? 0 : error_set(error, said.where, "%s", said.what);
}

/* As given, or asked for. */
static int set_person(const struct prompt *prompt, const struct decide *decide, struct json *body,
                      struct error *error)
{
    char name[CAIRN_NAME_MAX_BYTES];
    char role[CAIRN_NAME_MAX_BYTES];
    struct json *person = json_object_new();
    struct json *in_person = json_set_node(body, "person", &person);
    const char *given_name = decide->name;
    const char *given_role = decide->role;
    int r = 0;

    if (given_name == NULL) {
        r = ask_line(prompt, &(struct question){"Your name", "--name"}, name, error);
        given_name = name;
    }
    if (r == 0 && given_role == NULL) {
        r = ask_line(prompt, &(struct question){"Your role", "--role"}, role, error);
        given_role = role;
    }
    if (r == 0 && (json_set_text(in_person, "name", slice_of_text(given_name)) < 0 ||
                   json_set_text(in_person, "role", slice_of_text(given_role)) < 0)) {
        return error_set(error, "--name, --role", "are not plain text in UTF-8");
    }
    return r;
}

static int set_reason(const struct prompt *prompt, const struct decide *decide, struct json *body,
                      struct error *error)
{
    _cleanup_(buf_deinit) struct buf asked = BUF_MAX(CAIRN_REASON_MAX_BYTES + 2);
    struct slice reason = SLICE_NULL;

    if (decide->reason == NULL || strcmp(decide->reason, "-") == 0) {
        int r = prompt_text(prompt, "Why", &asked, error);
        if (r < 0) {
            return r;
        }
        if (decide->reason == NULL && asked.len == 0 && !prompt->ask) {
            return error_set(error, "--reason", NOBODY_TO_ASK);
        }
        reason = buf_slice(&asked);
    } else {
        reason = slice_of_text(decide->reason);
    }
    if (!text_is_reason(reason) || json_set_text(body, "reason", reason) < 0) {
        return error_set(error, "--reason", TEXT_REASON_RULE);
    }
    return 0;
}

int decide_who(const struct prompt *prompt, const struct decide *decide, struct json *body,
               struct error *error)
{
    int r = set_person(prompt, decide, body, error);
    return r < 0 ? r : set_reason(prompt, decide, body, error);
}

static int set_tell(const struct decide *decide, struct json *body, struct error *error)
{
    struct json *tell = json_array_new();
    struct json *in_tell = json_set_node(body, "tell", &tell);

    for (size_t i = 0; i < decide->n_tell; i++) {
        if (json_append_text(in_tell, slice_of_text(decide->tell[i])) < 0) {
            return error_set(error, "--tell", "is no id of an agency");
        }
    }
    return 0;
}

static enum status post(struct cli *cli, const struct client *client, const char *path,
                        const struct json *body)
{
    struct error error = ERROR_NULL;
    _cleanup_(json_free) struct json *answer = NULL;

    enum status status = client_post_json(client, path, body, &answer, &error);
    if (status != STATUS_OK) {
        return output_fail(&cli->output, status, &error);
    }
    struct json_view view = json_view(answer, &error);
    show_result(&cli->output, &view);
    show_words(&cli->output, "", &view, "words");
    return STATUS_OK;
}

enum status decide_send(struct cli *cli, const struct client *client, const char *path,
                        const struct decide *decide)
{
    struct error error = ERROR_NULL;
    const struct prompt prompt = prompt_over(cli->in, cli->output.err);
    _cleanup_(json_free) struct json *body = json_object_new();

    json_set_word(body, "action", decide->action);
    if (decide->outcome != NULL) {
        json_set_word(body, "outcome", decide->outcome);
    }
    if ((decide->record != NULL &&
         json_set_text(body, "record", slice_of_text(decide->record)) < 0) ||
        (decide->other != NULL && json_set_text(body, "other", slice_of_text(decide->other)) < 0)) {
        (void)error_set(&error, "RECORD", "is no record");
        return output_fail(&cli->output, STATUS_USAGE, &error);
    }
    if (set_person(&prompt, decide, body, &error) < 0 ||
        set_reason(&prompt, decide, body, &error) < 0 || set_tell(decide, body, &error) < 0) {
        return output_fail(&cli->output, STATUS_USAGE, &error);
    }
    return post(cli, client, path, body);
}

enum status decide_answer(struct cli *cli, const struct client *client, const char *path,
                          const struct decide *decide)
{
    struct error error = ERROR_NULL;
    const struct prompt prompt = prompt_over(cli->in, cli->output.err);
    _cleanup_(json_free) struct json *body = json_object_new();

    if (decide_who(&prompt, decide, body, &error) < 0) {
        return output_fail(&cli->output, STATUS_USAGE, &error);
    }
    return post(cli, client, path, body);
}
