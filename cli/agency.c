/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn agency approve`, `revoke` and `list`: at the partnership, with the root key at hand for
 * the first two. Both write the next version of the directory and change nothing else; the broker
 * takes it up when it is told to read again, and every agency gets it with its next message.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/fingerprint.h"
#include "cli/partnership.h"
#include "govern/keys.h"
#include "govern/request.h"
#include "os/files.h"

#define DEFAULT_INVOLVEMENTS_MAX         20000 /* the children of a large hospital's district */
#define DEFAULT_INVOLVEMENTS_PER_DAY_MAX 5000  /* a first roll in a week */
#define LINKAGE_BYTES                    (HPKE_ENC_BYTES + SEAL_KEY_BYTES + HPKE_TAG_BYTES)

enum {
    KEY_REASON = 0x2001,
    KEY_INVOLVEMENTS,
    KEY_PER_DAY
};

struct agency_options {
    const char *dir;
    const char *subject; /* REQUEST.json or ID */
    const char *reason;
    uint64_t involvements_max;
    uint64_t involvements_per_day_max;
    int arguments; /* how many are needed */
};

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

static error_t take_number(const char *argument, uint64_t *out, struct argp_state *state)
{
    if (!u64_parse(argument, UINT32_MAX, out)) {
        argp_error(state, "%s is not a number", argument);
        return EINVAL;
    }
    return 0;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct agency_options *given = state->input;

    switch (key) {
    case KEY_REASON:
        given->reason = argument;
        return 0;
    case KEY_INVOLVEMENTS:
        return take_number(argument, &given->involvements_max, state);
    case KEY_PER_DAY:
        return take_number(argument, &given->involvements_per_day_max, state);
    case ARGP_KEY_ARG:
        return take_argument(given, argument, state);
    case ARGP_KEY_END:
        if (given->dir == NULL || (given->arguments == 2 && given->subject == NULL)) {
            argp_error(state, "arguments are missing");
            return EINVAL;
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- the next directory --- */

/* Which agency of the directory is to be replaced; n_agencies for a new one. */
static int publish_directory(struct partnership *partnership, size_t at, const struct json *agency,
                             struct error *error)
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
    struct json_view broker = json_get_object(&view, "broker");
    struct json_view kinds = json_get_array(&view, "kinds");
    json_get_copy(&view, "review_by", review_by, sizeof(review_by));
    for (size_t i = 0; i < n; i++) {
        agencies[i] = json_item(&list, i).node;
    }
    agencies[at] = agency;
    const struct directory_parts parts = {
        .review_by = review_by,
        .broker = broker.node,
        .kinds = kinds.node,
        .agencies = agencies,
        .n_agencies = at == n ? n + 1 : n,
    };
    if (directory_text(&parts, &text) < 0) {
        return error_set(error, "directory", "would be larger than %d bytes",
                         CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    }
    return partnership_publish(partnership, GOVERNANCE_DIRECTORY, buf_slice(&text), error);
}

static void say_reload(struct output *output, const struct partnership *partnership)
{
    uint64_t version = partnership->governance->versions[GOVERNANCE_DIRECTORY];

    json_set_integer(output_result(output), "directory_version", (int64_t)version);
    output_line(output, "The directory is at version %" PRIu64 ".", version);
    output_line(output, "Next: let the broker read it: systemctl reload cairn-broker, or kill -HUP "
                        "its process.");
}

static enum status open_failed(struct cli *cli, int r, const struct error *error)
{
    return output_fail(&cli->output, r == -ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED, error);
}

/* --- approve --- */

static int read_request(const char *path, struct agency_request *ret, struct error *error)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(REQUEST_MAX_BYTES);

    int r = file_read(path, &text);
    if (r < 0) {
        (void)error_set(error, path, "%s", strerrordesc_np(-r));
        return r;
    }
    return agency_request_read(buf_slice(&text), ret, error);
}

static bool has_key(const struct agency_key *keys, size_t n, const uint8_t public_key[32])
{
    for (size_t i = 0; i < n; i++) {
        if (memcmp(keys[i].public_key, public_key, 32) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_same(const struct agency *agency, const struct agency_request *request)
{
    return strcmp(agency->kind->id, request->kind) == 0 &&
           has_key(agency->sign_keys, agency->n_sign_keys, request->sign_key) &&
           has_key(agency->open_keys, agency->n_open_keys, request->open_key) &&
           has_key(agency->curve_keys, agency->n_curve_keys, request->curve_key);
}

static void set_keys(struct json *keys, const char *sort, const uint8_t public_key[32])
{
    char text[BASE64_BYTES(32)];
    struct json *list = json_array_new();
    struct json *in_list = json_set_node(keys, sort, &list);
    struct json *key = json_object_new();
    struct json *in_key = json_append_node(in_list, &key);

    base64_encode(slice_make(public_key, 32), text);
    json_set_word(in_key, "key", text);
    json_set_word(in_key, "status", "active");
}

static int set_linkage(const struct partnership *partnership, uint32_t number,
                       const struct agency_request *request, struct json *agency,
                       struct error *error)
{
    char path[FOLDER_PATH_BYTES];
    char name[32];
    char text[BASE64_BYTES(LINKAGE_BYTES)];
    char key[16];
    uint8_t sealed[LINKAGE_BYTES];
    _cleanup_(secret_deinit) struct secret linkage_key = SECRET_NULL;
    struct json *linkage = json_object_new();
    struct json *in_linkage = json_set_node(agency, "linkage", &linkage);

    folder_path(&partnership->folder, "root", path);
    (void)snprintf(name, sizeof(name), KEY_LINKAGE_FMT, PARTNERSHIP_EPOCH);
    int r = key_read(path, name, &linkage_key, error);
    if (r < 0) {
        return r;
    }
    r = agency_linkage_seal(number, PARTNERSHIP_EPOCH, request->open_key, &linkage_key, sealed);
    if (r < 0) {
        (void)error_set(error, "/keys/open", "is not a usable X25519 key");
        return r;
    }
    base64_encode(SLICE_OF(sealed), text);
    (void)snprintf(key, sizeof(key), "%08x", key_id(SLICE_OF(request->open_key)));
    json_set_integer(in_linkage, "epoch", PARTNERSHIP_EPOCH);
    json_set_word(in_linkage, "key_id", key);
    json_set_word(in_linkage, "sealed", text);
    return 0;
}

/* The directory's entry for this request. */
static struct json *new_agency(uint32_t number, const struct agency_request *request,
                               const struct agency_options *given)
{
    struct json *agency = json_object_new();
    struct json *keys = json_object_new();
    struct json *duty = json_object_new();
    struct json *involvements = json_object_new();
    struct json *in_keys = json_set_node(agency, "keys", &keys);
    struct json *in_duty = json_set_node(agency, "duty", &duty);
    struct json *in_involvements = json_set_node(agency, "involvements", &involvements);

    json_set_integer(agency, "number", number);
    json_set_word(agency, "id", request->id);
    json_set_word(agency, "kind", request->kind);
    json_set_word(agency, "name", request->name);
    json_set_word(agency, "status", "active");
    set_keys(in_keys, "sign", request->sign_key);
    set_keys(in_keys, "open", request->open_key);
    set_keys(in_keys, "curve", request->curve_key);
    json_set_word(in_duty, "contact", request->duty_contact);
    json_set_word(in_duty, "phone", request->duty_phone);
    json_set_integer(in_involvements, "max", (int64_t)given->involvements_max);
    json_set_integer(in_involvements, "per_day_max", (int64_t)given->involvements_per_day_max);
    return agency;
}

/* Numbers are never used twice, because agencies are never dropped. */
static uint32_t next_number(const struct directory *directory)
{
    return directory->n_agencies == 0 ? 1
                                      : directory->agencies[directory->n_agencies - 1].number + 1;
}

static void say_agency(struct output *output, const struct agency *agency, bool changed)
{
    struct json *result = output_result(output);
    char key[FINGERPRINT_BYTES];

    fingerprint(SLICE_OF(agency->sign_keys[0].public_key), key);
    json_set_integer(result, "number", agency->number);
    json_set_word(result, "id", agency->id);
    json_set_word(result, "key_fingerprint", key);
    json_set_bool(result, "changed", changed);
}

static enum status approve_new(struct cli *cli, struct partnership *partnership,
                               const struct agency_request *request,
                               const struct agency_options *given)
{
    struct error error = ERROR_NULL;
    const struct directory *directory = &partnership->governance->directory;
    uint32_t number = next_number(directory);
    char key[FINGERPRINT_BYTES];
    _cleanup_(json_free) struct json *agency = new_agency(number, request, given);

    int r = set_linkage(partnership, number, request, agency, &error);
    r = r < 0 ? r : publish_directory(partnership, directory->n_agencies, agency, &error);
    if (r < 0) {
        return output_fail(&cli->output, STATUS_FAILED, &error);
    }
    say_agency(&cli->output, directory_agency(&partnership->governance->directory, number), true);
    fingerprint(SLICE_OF(request->sign_key), key);
    output_line(&cli->output,
                "%s is agency %u now. Compare its key by telephone, and revoke at once if it "
                "differs:\n  %s",
                request->id, number, key);
    say_reload(&cli->output, partnership);
    return STATUS_OK;
}

static enum status approve(struct cli *cli, struct partnership *partnership,
                           const struct agency_request *request, const struct agency_options *given)
{
    struct output *output = &cli->output;
    const struct directory *directory = &partnership->governance->directory;
    const struct agency *known = directory_agency_by_id(directory, request->id);

    if (strcmp(request->origin, partnership->governance->root.origin) != 0) {
        return output_refuse(output, STATUS_CONFLICT, given->subject,
                             "asks another partnership, %s", request->origin);
    }
    if (known == NULL) {
        return approve_new(cli, partnership, request, given);
    }
    if (!known->active) {
        return output_refuse(output, STATUS_CONFLICT, given->subject,
                             "%s was revoked as agency %u: it joins again under a new id",
                             known->id, known->number);
    }
    if (!is_same(known, request)) {
        return output_refuse(output, STATUS_CONFLICT, given->subject,
                             "the id %s is taken by agency %u, of other keys or another kind",
                             known->id, known->number);
    }
    say_agency(output, known, false);
    output_line(output, "%s is agency %u already, with these keys: nothing to do.", known->id,
                known->number);
    return STATUS_OK;
}

enum status command_agency_approve(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"involvements-max", KEY_INVOLVEMENTS, "N", 0, "children it may say that it knows (20000)",
         0},
        {"involvements-per-day", KEY_PER_DAY, "N", 0, "and how many in a day (5000)", 0},
        {0},
    };
    static const struct command_line line = {
        .options = options,
        .parser = parse_option,
        .arguments = "PARTNERSHIP_DIR REQUEST.json",
        .help = "Takes the agency that made the request into the directory.",
    };
    struct agency_options given = {
        .arguments = 2,
        .involvements_max = DEFAULT_INVOLVEMENTS_MAX,
        .involvements_per_day_max = DEFAULT_INVOLVEMENTS_PER_DAY_MAX,
    };
    const struct command_call call = {argc, argv};
    struct partnership partnership = PARTNERSHIP_NULL;
    struct agency_request request;
    struct error error = ERROR_NULL;
    enum status status = STATUS_OK;

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    int r = read_request(given.subject, &request, &error);
    r = r < 0 ? r : partnership_open_with_key(given.dir, &partnership, &error);
    if (r < 0) {
        return open_failed(cli, r, &error);
    }
    status = approve(cli, &partnership, &request, &given);
    partnership_close(&partnership);
    return status;
}

/* --- revoke --- */

static int revoke_in_directory(struct partnership *partnership, const struct agency *agency,
                               const char *reason, struct error *error)
{
    struct govern_document held;
    size_t at = (size_t)(agency - partnership->governance->directory.agencies);

    bool there = governance_held(partnership->governance, GOVERNANCE_DIRECTORY, &held);
    assert(there);
    _cleanup_(json_free) struct json *document = json_parse(held.text, error);
    assert(document != NULL);
    struct json_view view = json_view(document, error);
    struct json_view list = json_get_array(&view, "agencies");
    _cleanup_(json_free) struct json *entry = json_clone(json_item(&list, at).node);
    json_set_word(entry, "status", "revoked");
    if (reason != NULL && json_set_text(entry, "reason", slice_of_text(reason)) < 0) {
        return error_set(error, "--reason", "is not plain text in UTF-8");
    }
    return publish_directory(partnership, at, entry, error);
}

static enum status revoke(struct cli *cli, struct partnership *partnership,
                          const struct agency_options *given)
{
    struct output *output = &cli->output;
    struct error error = ERROR_NULL;
    const struct agency *agency =
        directory_agency_by_id(&partnership->governance->directory, given->subject);

    if (agency == NULL) {
        return output_refuse(output, STATUS_NOT_FOUND, given->subject,
                             "is no agency of this partnership");
    }
    if (!agency->active) {
        say_agency(output, agency, false);
        output_line(output, "%s is revoked already: nothing to do.", agency->id);
        return STATUS_OK;
    }
    uint32_t number = agency->number;
    if (revoke_in_directory(partnership, agency, given->reason, &error) < 0) {
        return output_fail(output, STATUS_FAILED, &error);
    }
    say_agency(output, directory_agency(&partnership->governance->directory, number), true);
    output_line(output,
                "%s is revoked: nothing of it is accepted and nothing goes to it, once the "
                "broker has read this.",
                given->subject);
    say_reload(output, partnership);
    return STATUS_OK;
}

enum status command_agency_revoke(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"reason", KEY_REASON, "TEXT", 0,
         "why; every agency can read it, so nothing about a child or a patient", 0},
        {0},
    };
    static const struct command_line line = {
        .options = options,
        .parser = parse_option,
        .arguments = "PARTNERSHIP_DIR ID",
        .help = "Revokes an agency. Its number and id are never given to another.",
    };
    struct agency_options given = {.arguments = 2};
    const struct command_call call = {argc, argv};
    struct partnership partnership = PARTNERSHIP_NULL;
    struct error error = ERROR_NULL;
    enum status status = STATUS_OK;

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    int r = partnership_open_with_key(given.dir, &partnership, &error);
    if (r < 0) {
        return open_failed(cli, r, &error);
    }
    status = revoke(cli, &partnership, &given);
    partnership_close(&partnership);
    return status;
}

/* --- list --- */

static void list_one(struct output *output, struct json *list, const struct agency *agency)
{
    char key[FINGERPRINT_BYTES];
    struct json *entry = json_object_new();
    struct json *in_list = json_append_node(list, &entry);

    fingerprint(SLICE_OF(agency->sign_keys[0].public_key), key);
    json_set_integer(in_list, "number", agency->number);
    json_set_word(in_list, "id", agency->id);
    json_set_word(in_list, "kind", agency->kind->id);
    json_set_word(in_list, "name", agency->name);
    json_set_word(in_list, "status", agency->active ? "active" : "revoked");
    json_set_word(in_list, "key_fingerprint", key);
    json_set_word(in_list, "duty_contact", agency->duty_contact);
    json_set_word(in_list, "duty_phone", agency->duty_phone);
    output_line(output, "%6u  %-24s %-16s %-8s %s\n        %s, %s", agency->number, agency->id,
                agency->kind->id, agency->active ? "active" : "revoked", agency->name,
                agency->duty_contact, agency->duty_phone);
}

enum status command_agency_list(struct cli *cli, int argc, char **argv)
{
    static const struct command_line line = {
        .parser = parse_option,
        .arguments = "PARTNERSHIP_DIR",
        .help = "Lists the agencies: number, id, kind, status, name, and whom to telephone.",
    };
    struct agency_options given = {.arguments = 1};
    const struct command_call call = {argc, argv};
    struct partnership partnership = PARTNERSHIP_NULL;
    struct error error = ERROR_NULL;
    enum status status = STATUS_OK;

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    int r = partnership_open(given.dir, &partnership, &error);
    if (r < 0) {
        return open_failed(cli, r, &error);
    }
    struct json *list = json_array_new();
    struct json *in_result = json_set_node(output_result(&cli->output), "agencies", &list);
    const struct directory *directory = &partnership.governance->directory;
    json_set_integer(output_result(&cli->output), "directory_version",
                     (int64_t)partnership.governance->versions[GOVERNANCE_DIRECTORY]);
    for (size_t i = 0; i < directory->n_agencies; i++) {
        list_one(&cli->output, in_result, &directory->agencies[i]);
    }
    if (directory->n_agencies == 0) {
        output_line(&cli->output, "No agency has joined yet.");
    }
    partnership_close(&partnership);
    return STATUS_OK;
}
