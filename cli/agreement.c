/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/agreement.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "cli/input.h"

/* --- the line --- */

static error_t take_argument(struct agreement_options *given, const char *argument,
                             struct argp_state *state)
{
    if (given->dir == NULL) {
        given->dir = argument;
        return 0;
    }
    if (given->n_files < given->max_files) {
        given->files[given->n_files++] = argument;
        return 0;
    }
    argp_error(state, "too many arguments");
    return EINVAL;
}

static error_t take_word(const char *argument, uint32_t number, uint32_t *out,
                         struct argp_state *state)
{
    if (number == 0) {
        argp_error(state, "%s is not one of the words that there are", argument);
        return EINVAL;
    }
    *out = number;
    return 0;
}

static error_t take_level(const char *argument, uint32_t *out, struct argp_state *state)
{
    uint64_t level = 0;

    if (!u64_parse(argument, CAIRN_LEVEL_MAX, &level)) {
        argp_error(state, "a level is a number up to %d", CAIRN_LEVEL_MAX);
        return EINVAL;
    }
    *out = (uint32_t)level;
    return 0;
}

static error_t take_role(const char *argument, uint32_t *roles, struct argp_state *state)
{
    static const char known[] =
#define X(name, number, text) " " text
        CAIRN_ROLES(X);
#undef X
    uint32_t role = role_number(argument);

    if (role == 0) {
        argp_error(state, "%s is none of the roles, which are:%s", argument, known);
        return EINVAL;
    }
    *roles |= ROLE_BIT(role);
    return 0;
}

static error_t take_day(struct agreement_options *given, const char *argument,
                        struct argp_state *state)
{
    if (!date_parse(slice_of_text(argument), &given->day)) {
        argp_error(state, "a day is YYYY-MM-DD");
        return EINVAL;
    }
    given->has_day = true;
    return 0;
}

error_t agreement_option(int key, char *argument, struct argp_state *state)
{
    struct agreement_options *given = state->input;

    switch (key) {
    case AGREEMENT_ORIGIN:
        given->origin = argument;
        return 0;
    case AGREEMENT_RECIPIENT:
        given->recipient = argument;
        return 0;
    case AGREEMENT_RECORD:
        given->record = argument;
        return 0;
    case AGREEMENT_LEVEL:
        return take_level(argument, &given->level, state);
    case AGREEMENT_URGENCY:
        return take_word(argument, urgency_number(argument), &given->urgency, state);
    case AGREEMENT_ROLE:
        return take_role(argument, &given->roles, state);
    case AGREEMENT_PURPOSE:
        return take_word(argument, purpose_number(argument), &given->purpose, state);
    case AGREEMENT_DAY:
        return take_day(given, argument, state);
    case ARGP_KEY_ARG:
        return take_argument(given, argument, state);
    case ARGP_KEY_END:
        if (given->n_files < given->min_files) {
            argp_error(state, "arguments are missing");
            return EINVAL;
        }
        return 0;
    default:
        return client_option(&given->client, key, argument);
    }
}

/* --- what is looked at --- */

/* An agency has the signed documents and not the partnership's folder. */
static int open_documents(const char *dir, struct partnership *ret, struct error *error)
{
    struct error ignored = ERROR_NULL;
    struct governance *governance = NULL;
    int r = partnership_open(dir, ret, error);

    if (r != -ENOENT || governance_load(dir, &governance, &ignored) < 0) {
        return r;
    }
    if (governance->versions[GOVERNANCE_DIRECTORY] == 0) {
        governance_unref(&governance);
        return r;
    }
    *ret = PARTNERSHIP_NULL;
    ret->governance = governance;
    return 0;
}

static enum status take_held(const struct client *client, enum governance_document document,
                             struct governance **governance, struct error *error)
{
    const char *name = governance_document_text(document);
    char path[CLIENT_PATH_BYTES];
    struct governance *next = NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);

    (void)snprintf(path, sizeof(path), CAIRN_PATH_GOVERNANCE "/%s.json", name);
    enum status status = client_text(client, path, &text, error);
    if (status == STATUS_OK) {
        (void)snprintf(path, sizeof(path), CAIRN_PATH_GOVERNANCE "/%s.note", name);
        status = client_text(client, path, &note, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct govern_document held = {document, buf_slice(&text), buf_slice(&note)};
    if (governance_next(*governance, &held, &next, error) != GOVERN_ACCEPTED) {
        return STATUS_FAILED; /* a newer one came between text and note: again will do */
    }
    governance_unref(governance);
    *governance = next;
    return STATUS_OK;
}

/* An agency has no folder with documents: its agent holds them. */
static enum status ask_agent(const struct client *client, struct partnership *ret,
                             struct error *error)
{
    static const enum governance_document wanted[] = {GOVERNANCE_ROOT, GOVERNANCE_DIRECTORY,
                                                      GOVERNANCE_AGREEMENTS};
    _cleanup_(governance_unref) struct governance *governance = NULL;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < ARRAY_LEN(wanted) && status == STATUS_OK; i++) {
        status = take_held(client, wanted[i], &governance, error);
    }
    if (status == STATUS_OK) {
        *ret = PARTNERSHIP_NULL;
        ret->governance = governance;
        governance = NULL;
    }
    return status;
}

static enum status open_desk(const struct agreement_options *given, struct partnership *ret,
                             struct error *error)
{
    if (given->dir == NULL) {
        return ask_agent(&given->client, ret, error);
    }
    int r = open_documents(given->dir, ret, error);
    if (r < 0) {
        return r == -ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED;
    }
    return STATUS_OK;
}

static enum status read_file(struct cli *cli, const char *path, struct agreement_desk *desk,
                             struct agreements **ret)
{
    struct error error = ERROR_NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);

    enum status status = input_read(cli, path, &text);
    if (status != STATUS_OK) {
        return status;
    }
    if (agreements_compile(buf_slice(&text), &desk->partnership.governance->directory, ret,
                           &error) < 0) {
        return output_refuse(&cli->output, STATUS_FAILED, input_name(path), "%s%s%s", error.where,
                             error.where[0] != '\0' ? ": " : "", error.what);
    }
    return STATUS_OK;
}

static enum status read_all(struct cli *cli, const struct agreement_options *given, size_t wanted,
                            struct agreement_desk *desk)
{
    const struct agreements *in_force = desk->partnership.governance->agreements;
    size_t from_force = wanted > given->n_files ? wanted - given->n_files : 0;

    assert(wanted <= ARRAY_LEN(desk->looked_at) && given->n_files <= wanted);
    for (size_t i = 0; i < wanted; i++) {
        if (i < from_force && in_force == NULL) {
            return output_refuse(&cli->output, STATUS_NOT_FOUND,
                                 given->dir != NULL ? given->dir : "agent",
                                 "holds no agreements that are in force");
        }
        if (i < from_force) {
            desk->looked_at[i] = in_force;
            continue;
        }
        enum status status = read_file(cli, given->files[i - from_force], desk, &desk->owned[i]);
        if (status != STATUS_OK) {
            return status;
        }
        desk->looked_at[i] = desk->owned[i];
    }
    return STATUS_OK;
}

enum status agreement_desk_open(struct cli *cli, const struct agreement_options *given,
                                size_t wanted, struct agreement_desk *ret)
{
    struct error error = ERROR_NULL;
    struct agreement_desk desk = {
        .partnership = PARTNERSHIP_NULL,
        .day = given->has_day ? given->day : instant_london_day(clock_real_ms(cli->clock)),
    };

    enum status status = open_desk(given, &desk.partnership, &error);
    if (status != STATUS_OK) {
        return output_fail(&cli->output, status, &error);
    }
    status = read_all(cli, given, wanted, &desk);
    if (status != STATUS_OK) {
        agreement_desk_close(&desk);
        return status;
    }
    *ret = desk;
    return STATUS_OK;
}

void agreement_desk_close(struct agreement_desk *desk)
{
    for (size_t i = 0; i < ARRAY_LEN(desk->owned); i++) {
        agreements_free(&desk->owned[i]);
    }
    partnership_close(&desk->partnership);
}

enum status agreement_too_many(struct cli *cli)
{
    return output_refuse(
        &cli->output, STATUS_FAILED, "agreements",
        "name more agencies than can be looked at together: use kinds and classes");
}

/* --- words --- */

const char *agreement_words(enum effect effect, enum mode mode)
{
    bool content = mode == MODE_CONTENT;

    switch (effect) {
    case EFFECT_SHARE:
        return content ? "gets it at once" : "is told at once that there is one";
    case EFFECT_HOLD:
        return content ? "gets it once there is a pattern; kept until then"
                       : "is told that there is one, once there is a pattern; kept until then";
    case EFFECT_ASK:
        return "is told that there is one, and may ask for it";
    case EFFECT_DENY:
        return "is told nothing";
    }
    return "";
}

const char *agreement_history(struct decision decision, char out[AGREEMENT_HISTORY_BYTES])
{
    out[0] = '\0';
    if (decision.history_days > 0) {
        (void)snprintf(out, AGREEMENT_HISTORY_BYTES,
                       ", and hears, as headlines, of the %u %s before the role began",
                       (unsigned)decision.history_days,
                       text_plural(decision.history_days, "day", "days"));
    }
    return out;
}

enum status agreement_report(struct cli *cli, const struct agreements *agreements,
                             const struct agreement_desk *desk, size_t *ret_problems)
{
    struct agreed_findings findings = {.n = 0};
    struct json *list = json_array_new();
    struct json *in_result = json_set_node(output_result(&cli->output), "findings", &list);

    if (agreed_check(agreements, &desk->partnership.governance->directory, desk->day, &findings) <
        0) {
        return agreement_too_many(cli);
    }
    for (size_t i = 0; i < findings.n; i++) {
        const struct agreed_finding *finding = &findings.items[i];
        struct json *item = json_object_new();
        struct json *in_list = json_append_node(in_result, &item);
        json_set_word(in_list, "rule", finding->rule);
        json_set_word(in_list, "what", finding->what);
        json_set_bool(in_list, "warning", finding->warning);
        output_line(&cli->output, "%s  %s%s%s", finding->warning ? "warning" : "problem",
                    finding->rule, finding->rule[0] != '\0' ? ": " : "", finding->what);
    }
    *ret_problems = findings.problems;
    agreed_findings_deinit(&findings);
    return STATUS_OK;
}
