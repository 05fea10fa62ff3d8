/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn agreement explain`: why this agency may or may not see that record. It asks what agent and
 * broker ask, and says which rule answered, where the rule comes from, which rules gave way to it,
 * and what another role would change.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "cli/agreement.h"

#define COVERING_MAX 16

struct question {
    struct agency origin; /* stands in for a kind when no agency was named */
    struct agency recipient;
    struct disclosure what;
    const struct agreements *agreements;
    bool roles_known; /* from what the agent knows of the child's circle */
};

/* --- asking --- */

static bool find_party(const struct directory *directory, const char *word, uint32_t number,
                       struct agency *ret)
{
    const struct agency *agency = directory_agency_by_id(directory, word);

    if (agency != NULL) {
        *ret = *agency;
        return true;
    }
    for (size_t i = 0; i < directory->n_kinds; i++) {
        const struct agency_kind *kind = &directory->kinds[i];
        if (strcmp(kind->id, word) == 0) {
            *ret = (struct agency){
                .number = number, .kind = kind, .active = true, .sensitive = kind->sensitive};
            (void)snprintf(ret->id, sizeof(ret->id), "%s", kind->id);
            (void)snprintf(ret->name, sizeof(ret->name), "%s", kind->name);
            return true;
        }
    }
    return false;
}

static enum status prepare(struct cli *cli, const struct agreement_options *given,
                           const struct agreement_desk *desk, struct question *ret)
{
    static const char *const unknown = "is neither an agency nor a kind of agency here";
    const struct directory *directory = &desk->partnership.governance->directory;
    uint32_t record = agreed_record_member(given->record);

    if (!find_party(directory, given->origin, UINT32_MAX - 1, &ret->origin)) {
        return output_refuse(&cli->output, STATUS_NOT_FOUND, given->origin, "%s", unknown);
    }
    if (!find_party(directory, given->recipient, UINT32_MAX, &ret->recipient)) {
        return output_refuse(&cli->output, STATUS_NOT_FOUND, given->recipient, "%s", unknown);
    }
    ret->agreements = desk->looked_at[0];
    ret->what = (struct disclosure){
        .origin = &ret->origin,
        .recipient = &ret->recipient,
        .kind = agreed_record_kind(record),
        .code = agreed_record_code(record),
        .level = given->level,
        .urgency = (enum urgency)given->urgency,
        .roles = given->roles,
        .purpose = given->purpose,
        .day = desk->day,
    };
    return STATUS_OK;
}

/* --- a record that there is --- */

/* What the agent says of it, where a kind of record would be given. */
struct known {
    char origin[CAIRN_AGENCY_ID_MAX_BYTES];
    char own[CAIRN_AGENCY_ID_MAX_BYTES];
    char word[KIND_ID_MAX_BYTES];
    bool roles; /* what the recipient is to its child was found */
};

static enum status find_record(const struct client *client, const char *record, struct json **ret,
                               struct error *error)
{
    char path[CLIENT_PATH_BYTES];

    (void)snprintf(path, sizeof(path), CAIRN_PATH_RECORDS "/%s", record);
    enum status status = client_get(client, path, ret, error);
    if (status == STATUS_NOT_FOUND) {
        (void)snprintf(path, sizeof(path), CAIRN_PATH_RECEIVED "/%s", record);
        status = client_get(client, path, ret, error);
    }
    return status;
}

static enum status find_own(const struct client *client, struct known *known, struct error *error)
{
    _cleanup_(json_free) struct json *health = NULL;
    enum status status = client_get(client, CAIRN_PATH_HEALTH, &health, error);

    if (status == STATUS_OK) {
        struct json_view view = json_view(health, error);
        struct json_view agency = json_opt_object(&view, "agency");
        json_opt_copy(&agency, "agency", known->own, sizeof(known->own));
    }
    return status;
}

/* False for what is no record, or has not been sealed yet. */
static bool read_known(const struct json *record, struct agreement_options *given,
                       struct known *known)
{
    struct error error = ERROR_NULL;
    char urgency[KIND_ID_MAX_BYTES] = "";
    struct json_view view = json_view(record, &error);
    struct json_view from = json_opt_object(&view, "from");
    struct json_view header = json_opt_object(&view, "header");

    json_opt_copy(&from, "agency", known->origin, sizeof(known->origin));
    if (known->origin[0] == '\0') {
        memcpy(known->origin, known->own, sizeof(known->origin));
    }
    json_opt_copy(&header, "code", known->word, sizeof(known->word));
    if (known->word[0] == '\0') {
        json_opt_copy(&header, "record_kind", known->word, sizeof(known->word));
    }
    json_opt_copy(&header, "urgency", urgency, sizeof(urgency));
    given->level = (uint32_t)json_opt_integer(&header, "level", 0, CAIRN_LEVEL_MAX, 0);
    given->urgency = urgency_number(urgency);
    return error.what[0] == '\0' && known->word[0] != '\0' && given->urgency != 0;
}

/* What the recipient is to the record's child, as far as the agent knows: unless --role says it. */
static void take_roles(const struct json *record, struct agreement_options *given,
                       struct known *known)
{
    struct error ignored = ERROR_NULL;
    struct json_view view = json_view(record, &ignored);
    struct json_view circle = json_opt_array(&view, "circle");

    for (size_t i = 0; given->roles == 0 && i < json_length(&circle); i++) {
        struct json_view member = json_item(&circle, i);
        struct json_view roles = json_opt_array(&member, "roles");
        char agency[CAIRN_AGENCY_ID_MAX_BYTES] = "";
        json_opt_copy(&member, "agency", agency, sizeof(agency));
        if (strcmp(agency, given->recipient) != 0) {
            continue;
        }
        for (size_t j = 0; j < json_length(&roles); j++) {
            char word[KIND_ID_MAX_BYTES] = "";
            struct json_view role = json_item(&roles, j);
            uint32_t number =
                text_copy(word, sizeof(word), json_as_text(&role)) ? role_number(word) : 0;
            given->roles |= number == 0 ? 0 : ROLE_BIT(number);
        }
        known->roles = given->roles != 0;
    }
}

/* `--record` named one of the agent's: the question is about that; of another agency's, whether we
 * may see it. */
static enum status ask_record(struct cli *cli, struct agreement_options *given, struct known *known)
{
    struct error error = ERROR_NULL;
    _cleanup_(json_free) struct json *record = NULL;
    enum status status = find_record(&given->client, given->record, &record, &error);

    if (status == STATUS_OK) {
        status = find_own(&given->client, known, &error);
    }
    if (status != STATUS_OK) {
        return output_fail(&cli->output, status, &error);
    }
    if (!read_known(record, given, known)) {
        return output_refuse(&cli->output, STATUS_NOT_FOUND, given->record,
                             "is no record, or has not left this agency yet");
    }
    given->record = known->word;
    given->origin = known->origin;
    if (given->recipient == NULL && strcmp(known->origin, known->own) != 0) {
        given->recipient = known->own;
    }
    if (given->recipient != NULL) {
        take_roles(record, given, known);
    }
    return STATUS_OK;
}

/* --- answering --- */

/* What holds whatever was agreed; NULL for a rule of the agreements. */
static const char *law_words(const char *rule)
{
    static const struct {
        const char *rule;
        const char *words;
    } laws[] = {
        {"no-match", "no rule speaks of this; what no rule names is not shared"},
        {"expired", "the agreements should have been reviewed: after that day nothing is shared"},
        {"not-loaded", "there are no agreements; nothing is shared"},
        {"revoked", "the agency was revoked; nothing goes to it"},
        {"own", "it is its own"},
        {"sensitive", "that a child is known to a sensitive service is told to nobody"},
        {"danger", "an immediate record, or a referral, goes to every front door, whatever is "
                   "agreed"},
    };

    for (size_t i = 0; i < ARRAY_LEN(laws); i++) {
        if (strcmp(laws[i].rule, rule) == 0) {
            return laws[i].words;
        }
    }
    return NULL;
}

static void say_roles(uint32_t roles, char *out, size_t out_bytes)
{
    size_t len = 0;

    out[0] = '\0';
    for (uint32_t role = 1; role <= ROLES; role++) {
        if ((roles & ROLE_BIT(role)) != 0 && len < out_bytes) {
            int n =
                snprintf(out + len, out_bytes - len, "%s%s", len > 0 ? ", " : "", role_text(role));
            len += n > 0 ? (size_t)n : 0;
        }
    }
}

static void say_question(struct output *output, const struct question *question, const char *record)
{
    const struct disclosure *what = &question->what;
    char day[DATE_TEXT_BYTES];
    char level[32] = "without a level";
    char roles[160];

    date_format(what->day, day);
    say_roles(what->roles, roles, sizeof(roles));
    if (what->level > 0) {
        (void)snprintf(level, sizeof(level), "level %u", what->level);
    }
    output_line(output, "%s (%s) has: %s, %s, %s, on %s.", what->origin->name,
                what->origin->kind->id, record, level, urgency_text(what->urgency), day);
    bool door = agency_is_front_door(what->recipient);
    const char *before = "";
    const char *behind = "";
    if (door) {
        before = "a front door";
    } else if (roles[0] == '\0') {
        before = "if it has no role for the child";
        behind = " Say --role ROLE if it has one.";
    } else {
        before = "for the child ";
        behind = question->roles_known ? " So says the circle that the agent knows." : "";
    }
    output_line(output, "May %s (%s), %s%s, see it?%s", what->recipient->name,
                what->recipient->kind->id, before, door ? "" : roles, behind);
}

static void say_rule(struct output *output, const struct question *question,
                     struct decision decision)
{
    struct json *result = output_result(output);
    char history[AGREEMENT_HISTORY_BYTES];
    const char *law = law_words(decision.rule);
    const char *source = agreements_source(question->agreements, decision.rule);

    json_set_word(result, "effect", effect_text(decision.effect));
    json_set_word(result, "mode", decision.mode == MODE_CONTENT ? "content" : "existence");
    json_set_word(result, "rule", decision.rule);
    json_set_bool(result, "counts", decision.count);
    json_set_word(result, "sees", agreement_words(decision.effect, decision.mode));
    json_set_integer(result, "history_days", decision.history_days);
    output_line(output, "  It %s%s.", agreement_words(decision.effect, decision.mode),
                agreement_history(decision, history));
    if (law != NULL) {
        json_set_word(result, "because", law);
        output_line(output, "  Because %s.", law);
        return;
    }
    output_line(output, "  By the rule %s.", decision.rule);
    if (source != NULL) {
        json_set_word(result, "source", source);
        output_line(output, "  %s.", source);
    }
}

static void say_given_way(struct output *output, const struct question *question,
                          struct decision decision)
{
    const char *ids[COVERING_MAX];
    struct json *list = json_array_new();
    struct json *in_list = json_set_node(output_result(output), "gives_way", &list);
    size_t n = agreements_covering(question->agreements, &question->what, ids, COVERING_MAX);

    for (size_t i = 0; i < n && i < COVERING_MAX; i++) {
        if (strcmp(ids[i], decision.rule) != 0) {
            json_append_word(in_list, ids[i]);
            output_line(output, "  %s speaks of it too, and gives way.", ids[i]);
        }
    }
}

static void say_other_roles(struct output *output, const struct question *question,
                            struct decision decision)
{
    struct disclosure what = question->what;
    struct json *list = json_array_new();
    struct json *in_list = json_set_node(output_result(output), "other_roles", &list);

    for (uint32_t role = 1; role <= ROLES; role++) {
        what.roles = ROLE_BIT(role);
        struct decision other = agreements_decide(question->agreements, &what);
        if (question->what.roles == what.roles ||
            (other.effect == decision.effect && other.mode == decision.mode)) {
            continue;
        }
        struct json *item = json_object_new();
        struct json *in_item = json_append_node(in_list, &item);
        json_set_word(in_item, "role", role_text(role));
        json_set_word(in_item, "effect", effect_text(other.effect));
        json_set_word(in_item, "mode", other.mode == MODE_CONTENT ? "content" : "existence");
        json_set_word(in_item, "rule", other.rule);
        output_line(output, "  As %s it %s (%s).", role_text(role),
                    agreement_words(other.effect, other.mode), other.rule);
    }
}

static void answer(struct output *output, const struct question *question, const char *record)
{
    struct decision decision = agreements_decide(question->agreements, &question->what);
    char review_by[DATE_TEXT_BYTES];

    date_format(agreements_review_by(question->agreements), review_by);
    say_question(output, question, record);
    say_rule(output, question, decision);
    say_given_way(output, question, decision);
    say_other_roles(output, question, decision);
    json_set_integer(output_result(output), "agreements_version", (int64_t)decision.version);
    json_set_word(output_result(output), "review_by", review_by);
    if (decision.version == 0) {
        output_line(output, "  By agreements that are not signed, to be reviewed by %s.",
                    review_by);
    } else {
        output_line(output, "  By version %" PRIu64 " of the agreements, to be reviewed by %s.",
                    decision.version, review_by);
    }
}

static enum status explain(struct cli *cli, struct agreement_options *given)
{
    struct known known = {.origin = ""};
    struct agreement_desk desk;
    struct question question = {.agreements = NULL};
    enum status status = STATUS_OK;

    if (given->record != NULL && client_is_record(given->record)) {
        status = ask_record(cli, given, &known);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (given->record != NULL && agreed_record_member(given->record) == AGREED_MEMBERS_MAX) {
        return output_refuse(&cli->output, STATUS_NOT_FOUND, given->record,
                             "is neither a kind nor a code of records (such as concern or "
                             "was-not-brought), nor involvement, nor the id of a record");
    }
    if (given->origin == NULL || given->recipient == NULL || given->record == NULL) {
        return output_refuse(&cli->output, STATUS_USAGE, "",
                             "--origin, --recipient and --record are needed");
    }
    status = agreement_desk_open(cli, given, 1, &desk);
    if (status != STATUS_OK) {
        return status;
    }
    status = prepare(cli, given, &desk, &question);
    if (status == STATUS_OK) {
        question.roles_known = known.roles;
        answer(&cli->output, &question, given->record);
    }
    agreement_desk_close(&desk);
    return status;
}

enum status command_agreement_explain(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"origin", AGREEMENT_ORIGIN, "AGENCY|KIND", 0, "whose record it is", 0},
        {"recipient", AGREEMENT_RECIPIENT, "AGENCY|KIND", 0, "who would see it", 0},
        {"record", AGREEMENT_RECORD, "WORD", 0,
         "a kind or a code of records, such as concern or was-not-brought; or involvement; or a "
         "record that the agent has, by its id",
         0},
        {"level", AGREEMENT_LEVEL, "N", 0, "of need, 1 to 4 (0: not said)", 0},
        {"urgency", AGREEMENT_URGENCY, "WORD", 0, "routine, same-day or immediate (routine)", 0},
        {"role", AGREEMENT_ROLE, "ROLE", 0,
         "that the recipient holds for the child; may be repeated", 0},
        {"purpose", AGREEMENT_PURPOSE, "PURPOSE", 0, "when it asks: what for", 0},
        {"day", AGREEMENT_DAY, "DATE", 0, "as of that day (today)", 0},
        CLIENT_OPTION,
        {0},
    };
    static const struct command_line line = {
        .options = options,
        .parser = agreement_option,
        .arguments = "[DIR [FILE]]",
        .help = "Says whether the recipient may see such a record, by which rule, and why: of an "
                "--origin, a --recipient and a --record. Without DIR: by what the agent holds; "
                "the id of a record that it has says whose it is.",
    };
    struct agreement_options given = {
        .client = client_default(), .max_files = 1, .urgency = URGENCY_ROUTINE};
    const struct command_call call = {argc, argv};
    enum status status = STATUS_OK;

    return command_parse(cli, &line, call, &given, &status) ? explain(cli, &given) : status;
}
