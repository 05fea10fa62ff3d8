/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn agency approve`: the agency that made a request becomes one of the directory's; one that
 * is there already, and whose key signs for its new ones, has those beside the earlier.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/agency.h"
#include "cli/fingerprint.h"
#include "govern/keys.h"
#include "govern/phone.h"
#include "govern/request.h"
#include "os/files.h"

#define DEFAULT_INVOLVEMENTS_MAX         20000 /* the children of a large hospital's district */
#define DEFAULT_INVOLVEMENTS_PER_DAY_MAX 5000  /* a first roll in a week */
#define LINKAGE_BYTES                    (HPKE_ENC_BYTES + SEAL_KEY_BYTES + HPKE_TAG_BYTES)

static int read_request(const char *path, struct agency_request *ret, struct error *error)
{
    struct error inner = ERROR_NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(REQUEST_MAX_BYTES);

    int r = file_read(path, &text);
    if (r < 0) {
        (void)error_set(error, path, "%s", strerrordesc_np(-r));
        return r;
    }
    r = agency_request_read(buf_slice(&text), ret, &inner);
    if (r == -EINVAL) {
        (void)error_set(error, path, "is not a request to join%s%s: %s",
                        inner.where[0] == '\0' ? "" : ", at ", inner.where, inner.what);
    } else if (r < 0) {
        (void)error_set(error, path, "%s %s", inner.where, inner.what);
    }
    return r;
}

/* STATUS_OK when the directory has this kind; else says which it has. */
static enum status check_kind(struct output *output, const struct directory *directory,
                              const struct agency_request *request)
{
    char known[KINDS_MAX * (KIND_ID_MAX_BYTES + 2)] = "";
    struct writer writer = writer_over(known, sizeof(known) - 1);

    for (size_t i = 0; i < directory->n_kinds; i++) {
        if (strcmp(directory->kinds[i].id, request->kind) == 0) {
            return STATUS_OK;
        }
        write_format(&writer, "%s%s", i == 0 ? "" : ", ", directory->kinds[i].id);
    }
    return output_refuse(output, STATUS_FAILED, request->id, "its kind is none of: %s", known);
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
    r = r < 0 ? r : agency_publish(partnership, directory->n_agencies, agency, &error);
    if (r < 0) {
        return output_fail(&cli->output, STATUS_FAILED, &error);
    }
    agency_say(&cli->output, directory_agency(&partnership->governance->directory, number), true);
    fingerprint(SLICE_OF(request->sign_key), key);
    output_line(&cli->output,
                "%s is agency %u now. Compare its key by telephone, and revoke at once if it "
                "differs:\n  %s",
                request->id, number, key);
    agency_say_reload(&cli->output, partnership);
    return STATUS_OK;
}

static void add_key(struct agency_key *keys, size_t *n, const uint8_t public_key[32])
{
    struct agency_key *key = &keys[(*n)++];

    *key = (struct agency_key){.status = KEY_ACTIVE};
    memcpy(key->public_key, public_key, sizeof(key->public_key));
}

/* The entry with the new keys, and the linkage key sealed to the new opening key. */
static int publish_renewal(struct partnership *partnership, const struct agency *known,
                           const struct agency_request *request, struct error *error)
{
    const struct directory *directory = &partnership->governance->directory;
    struct agency renewed = *known;

    add_key(renewed.sign_keys, &renewed.n_sign_keys, request->sign_key);
    add_key(renewed.open_keys, &renewed.n_open_keys, request->open_key);
    add_key(renewed.curve_keys, &renewed.n_curve_keys, request->curve_key);
    _cleanup_(json_free) struct json *entry = agency_entry(partnership, &renewed);
    int r = set_linkage(partnership, known->number, request, entry, error);
    return r < 0 ? r
                 : agency_publish(partnership, (size_t)(known - directory->agencies), entry, error);
}

static bool has_room(const struct agency *agency)
{
    return agency->n_sign_keys < AGENCY_KEYS_MAX && agency->n_open_keys < AGENCY_KEYS_MAX &&
           agency->n_curve_keys < AGENCY_KEYS_MAX;
}

static enum status approve_renewal(struct cli *cli, struct partnership *partnership,
                                   const struct agency *known, const struct agency_request *request)
{
    struct output *output = &cli->output;
    struct error error = ERROR_NULL;
    uint32_t number = known->number;
    const struct agency_key *earlier =
        agency_sign_key(known, key_id(SLICE_OF(request->earlier_key)));

    if (earlier == NULL || earlier->status != KEY_ACTIVE ||
        memcmp(earlier->public_key, request->earlier_key, sizeof(earlier->public_key)) != 0) {
        return output_refuse(
            output, STATUS_CONFLICT, request->id,
            "the key that signs for the new ones is none that it uses: is there a request "
            "that was made before this one?");
    }
    if (!has_room(known)) {
        return output_refuse(output, STATUS_CONFLICT, request->id,
                             "has had %d keys of a sort, and no more can be listed: it joins "
                             "again under a new id",
                             AGENCY_KEYS_MAX);
    }
    if (publish_renewal(partnership, known, request, &error) < 0) {
        return output_fail(output, STATUS_FAILED, &error);
    }
    agency_say(output, directory_agency(&partnership->governance->directory, number), true);
    output_line(output,
                "%s has new keys beside the earlier. Once its agent uses them: cairn agency "
                "retire %s %s",
                request->id, partnership->folder.path, request->id);
    agency_say_reload(output, partnership);
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
        const char *fault = phone_fault(request->duty_phone, partnership->governance->root.live);
        if (fault != NULL) {
            return output_refuse(output, STATUS_FAILED, given->subject,
                                 "its duty telephone (%s) %s: ask %s for another request",
                                 request->duty_phone, fault, request->id);
        }
        enum status status = check_kind(output, directory, request);
        return status != STATUS_OK ? status : approve_new(cli, partnership, request, given);
    }
    if (!known->active) {
        return output_refuse(output, STATUS_CONFLICT, given->subject,
                             "%s was revoked as agency %u: it joins again under a new id",
                             known->id, known->number);
    }
    if (!is_same(known, request) && request->renews &&
        strcmp(known->kind->id, request->kind) == 0) {
        return approve_renewal(cli, partnership, known, request);
    }
    if (!is_same(known, request)) {
        return output_refuse(output, STATUS_CONFLICT, given->subject,
                             "the id %s is taken by agency %u, of other keys or another kind",
                             known->id, known->number);
    }
    agency_say(output, known, false);
    output_line(output, "%s is agency %u already, with these keys: nothing to do.", known->id,
                known->number);
    return STATUS_OK;
}

enum status command_agency_approve(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"involvements-max", AGENCY_INVOLVEMENTS, "N", 0,
         "children it may say that it knows (20000)", 0},
        {"involvements-per-day", AGENCY_PER_DAY, "N", 0, "and how many in a day (5000)", 0},
        {0},
    };
    static const struct command_line line = {
        .options = options,
        .parser = agency_option,
        .arguments = "PARTNERSHIP_DIR REQUEST.json",
        .help = "Takes the agency that made the request into the directory, or the new keys of one "
                "that is there.",
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
        return agency_open_failed(cli, r, &error);
    }
    status = approve(cli, &partnership, &request, &given);
    partnership_close(&partnership);
    return status;
}
