/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/agency.h"

#include <errno.h>
#include <inttypes.h>

#include "base/text.h"
#include "cli/fingerprint.h"

static error_t take_argument(struct agency_options *given, char *argument, struct argp_state *state)
{
    if (given->dir == NULL) {
        given->dir = argument;
        return 0;
    }
    if (given->subject == NULL && given->arguments == 2) {
        given->subject = argument;
        return 0;
    }
    argp_error(state, "too many arguments");
    return EINVAL;
}

/* An agency that could say of no child that it knows one would be told of none. */
static error_t take_number(const char *argument, uint64_t *out, struct argp_state *state)
{
    if (!u64_parse(argument, UINT32_MAX, out) || *out == 0) {
        argp_error(state, "%s is not a whole number of children, from 1", argument);
        return EINVAL;
    }
    return 0;
}

error_t agency_option(int key, char *argument, struct argp_state *state)
{
    struct agency_options *given = state->input;

    switch (key) {
    case AGENCY_REASON:
        given->reason = argument;
        return 0;
    case AGENCY_INVOLVEMENTS:
        return take_number(argument, &given->involvements_max, state);
    case AGENCY_STOLEN:
        given->stolen = true;
        return 0;
    case AGENCY_CONTACT:
        given->contact = argument;
        return 0;
    case AGENCY_PHONE:
        given->phone = argument;
        return 0;
    case AGENCY_PER_DAY:
        return take_number(argument, &given->involvements_per_day_max, state);
    case ARGP_KEY_ARG:
        return take_argument(given, argument, state);
    case ARGP_KEY_END:
        if (given->dir == NULL || (given->arguments == 2 && given->subject == NULL)) {
            argp_error(state, "arguments are missing");
            return EINVAL;
        }
        if (given->needs_reason && (given->reason == NULL || given->reason[0] == '\0')) {
            argp_error(state, "--reason is needed: this cannot be undone, and every agency can "
                              "read why");
            return EINVAL;
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct agency_key *agency_key_in_use(const struct agency *agency)
{
    for (size_t i = agency->n_sign_keys; i > 0; i--) {
        if (agency->sign_keys[i - 1].status == KEY_ACTIVE) {
            return &agency->sign_keys[i - 1];
        }
    }
    return &agency->sign_keys[agency->n_sign_keys - 1];
}

static void set_keys(struct json *object, const char *sort, const struct agency_key *keys, size_t n)
{
    static const char *const statuses[] = {
        [KEY_ACTIVE] = "active", [KEY_RETIRED] = "retired", [KEY_REVOKED] = "revoked"};
    char text[BASE64_BYTES(32)];
    struct json *list = json_array_new();
    struct json *in_list = json_set_node(object, sort, &list);

    for (size_t i = 0; i < n; i++) {
        struct json *key = json_object_new();
        struct json *in_key = json_append_node(in_list, &key);
        base64_encode(SLICE_OF(keys[i].public_key), text);
        json_set_word(in_key, "key", text);
        json_set_word(in_key, "status", statuses[keys[i].status]);
    }
}

struct json *agency_entry(const struct partnership *partnership, const struct agency *agency)
{
    struct govern_document held;
    struct error error = ERROR_NULL;
    const struct directory *directory = &partnership->governance->directory;
    size_t at = (size_t)(directory_agency(directory, agency->number) - directory->agencies);

    bool there = governance_held(partnership->governance, GOVERNANCE_DIRECTORY, &held);
    assert(there);
    _cleanup_(json_free) struct json *document = json_parse(held.text, &error);
    assert(document != NULL);
    struct json_view view = json_view(document, &error);
    struct json_view list = json_get_array(&view, "agencies");
    struct json *entry = json_clone(json_item(&list, at).node);
    struct json *keys = json_object_new();
    struct json *in_keys = json_set_node(entry, "keys", &keys);
    set_keys(in_keys, "sign", agency->sign_keys, agency->n_sign_keys);
    set_keys(in_keys, "open", agency->open_keys, agency->n_open_keys);
    set_keys(in_keys, "curve", agency->curve_keys, agency->n_curve_keys);
    return entry;
}

/* With another entry for the broker, or for the agency in place `at`; NULL: as it is. */
static int publish(struct partnership *partnership, const struct json *broker, size_t at,
                   const struct json *agency, struct error *error)
{
    struct govern_document held;
    char review_by[16];
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    size_t n = partnership->governance->directory.n_agencies;
    _cleanup_(base_free) void *storage = base_zalloc(n + 1, sizeof(struct json *));
    const struct json **agencies = storage;

    bool there = governance_held(partnership->governance, GOVERNANCE_DIRECTORY, &held);
    assert(there && at <= n);
    _cleanup_(json_free) struct json *document = json_parse(held.text, error);
    assert(document != NULL);
    struct json_view view = json_view(document, error);
    struct json_view list = json_get_array(&view, "agencies");
    struct json_view held_broker = json_get_object(&view, "broker");
    struct json_view kinds = json_get_array(&view, "kinds");
    json_get_copy(&view, "review_by", review_by, sizeof(review_by));
    for (size_t i = 0; i < n; i++) {
        agencies[i] = json_item(&list, i).node;
    }
    if (agency != NULL) {
        agencies[at] = agency;
    }
    const struct directory_parts parts = {
        .review_by = review_by,
        .broker = broker != NULL ? broker : held_broker.node,
        .kinds = kinds.node,
        .agencies = agencies,
        .n_agencies = agency != NULL && at == n ? n + 1 : n,
    };
    if (directory_text(&parts, &text) < 0) {
        return error_set(error, "directory", "would be larger than %d bytes",
                         CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    }
    return partnership_publish(partnership, GOVERNANCE_DIRECTORY, buf_slice(&text), error);
}

int agency_publish(struct partnership *partnership, size_t at, const struct json *agency,
                   struct error *error)
{
    return publish(partnership, NULL, at, agency, error);
}

int agency_publish_broker(struct partnership *partnership, const struct json *broker,
                          struct error *error)
{
    return publish(partnership, broker, 0, NULL, error);
}

void agency_say_reload(struct output *output, const struct partnership *partnership)
{
    uint64_t version = partnership->governance->versions[GOVERNANCE_DIRECTORY];

    json_set_integer(output_result(output), "directory_version", (int64_t)version);
    output_line(output, "The directory is at version %" PRIu64 ".", version);
    output_line(output, "Next: let the broker read it: systemctl reload cairn-broker, or kill -HUP "
                        "its process.");
}

enum status agency_open_failed(struct cli *cli, int r, const struct error *error)
{
    return output_fail(&cli->output, r == -ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED, error);
}

void agency_say(struct output *output, const struct agency *agency, bool changed)
{
    struct json *result = output_result(output);
    char key[FINGERPRINT_BYTES];

    fingerprint(SLICE_OF(agency_key_in_use(agency)->public_key), key);
    json_set_integer(result, "number", agency->number);
    json_set_word(result, "id", agency->id);
    json_set_word(result, "key_fingerprint", key);
    json_set_bool(result, "changed", changed);
}

enum status agency_run(struct cli *cli, const struct command_line *line, struct command_call call,
                       struct agency_options *given,
                       enum status (*work)(struct cli *, struct partnership *,
                                           const struct agency_options *))
{
    struct partnership partnership = PARTNERSHIP_NULL;
    struct error error = ERROR_NULL;
    enum status status = STATUS_OK;

    if (!command_parse(cli, line, call, given, &status)) {
        return status;
    }
    int r = partnership_open_with_key(given->dir, &partnership, &error);
    if (r < 0) {
        return agency_open_failed(cli, r, &error);
    }
    status = work(cli, &partnership, given);
    partnership_close(&partnership);
    return status;
}
