/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn agency renew`: at a member, another set of keys beside those in use, and the request to
 * take them into the directory. The agent holds all sets after its next start and uses the new one
 * from the moment that the directory lists it: nothing has to happen at the same time.
 *
 * Each set's request is signed by the set before it, so requests are approved in that order. One
 * that is not there (the disk was full, or it was lost) is written again before another set is
 * made: otherwise the next would be signed by a key that nobody knows, for ever.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/fingerprint.h"
#include "cli/folder.h"
#include "govern/keys.h"
#include "govern/request.h"
#include "net/curve.h"
#include "os/files.h"

#define FILE_BYTES 32

struct renewal {
    struct folder folder;
    char keys[FOLDER_PATH_BYTES];
    unsigned signing; /* the set that signs; 0 none */
    unsigned set;     /* the one that is asked for */
    bool is_made;     /* it was there already, without its request */
    struct agency_request request;
    struct secret keys_of_set[KEY_SORTS];
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    const char **dir = state->input;

    if (key == ARGP_KEY_ARG && *dir == NULL) {
        *dir = argument;
        return 0;
    }
    if (key == ARGP_KEY_ARG || (key == ARGP_KEY_END && *dir == NULL)) {
        argp_error(state, "one DIR is needed");
        return EINVAL;
    }
    return key == ARGP_KEY_END ? 0 : ARGP_ERR_UNKNOWN;
}

static size_t count_keys(const struct renewal *renewal, unsigned n)
{
    char name[KEY_NAME_BYTES];
    size_t there = 0;

    for (size_t i = 0; i < KEY_SORTS; i++) {
        key_name(key_sort_names[i], n, name);
        there += key_is_there(renewal->keys, name) ? 1 : 0;
    }
    return there;
}

static void file_of(unsigned n, char ret[FILE_BYTES])
{
    (void)snprintf(ret, FILE_BYTES, "renewal-%u.json", n);
}

static bool has_request(const struct renewal *renewal, unsigned n)
{
    char file[FILE_BYTES];
    char path[FOLDER_PATH_BYTES];

    file_of(n, file);
    folder_path(&renewal->folder, file, path);
    return access(path, F_OK) == 0;
}

/* The first set that has an earlier one and no request; or the next of which nothing is there. */
static void look_for_sets(struct renewal *renewal)
{
    renewal->set = 1;
    for (unsigned n = 1; n <= AGENCY_KEYS_MAX; n++) {
        size_t there = count_keys(renewal, n);
        if (there == KEY_SORTS && renewal->signing > 0 && !has_request(renewal, n)) {
            renewal->set = n;
            renewal->is_made = true;
            return;
        }
        if (there == KEY_SORTS) {
            renewal->signing = n;
        }
        if (there > 0) {
            renewal->set = n + 1;
        }
    }
}

/* What it said of itself when it asked to join. */
static int read_request(struct renewal *renewal, struct error *error)
{
    char path[FOLDER_PATH_BYTES];
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(REQUEST_MAX_BYTES);

    folder_path(&renewal->folder, "request.json", path);
    int r = file_read(path, &text);
    if (r < 0) {
        (void)error_set(error, path, "%s", strerrordesc_np(-r));
        return r;
    }
    return agency_request_read(buf_slice(&text), &renewal->request, error);
}

static int read_signer(const struct renewal *renewal, struct signer **ret, struct error *error)
{
    char name[KEY_NAME_BYTES];
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;

    key_name(KEY_SIGNING, renewal->signing, name);
    int r = key_read(renewal->keys, name, &seed, error);
    return r < 0 ? r : signer_new(&seed, ret);
}

static int read_keys(struct renewal *renewal, struct error *error)
{
    struct secret *keys = renewal->keys_of_set;
    char name[KEY_NAME_BYTES];
    int r = 0;

    for (size_t i = 0; r == 0 && i < KEY_SORTS; i++) {
        key_name(key_sort_names[i], renewal->set, name);
        r = key_read(renewal->keys, name, &keys[i], error);
    }
    if (r < 0) {
        return r;
    }
    r = hpke_public(&keys[KEY_SORT_OPENING], renewal->request.open_key);
    r = r < 0 ? r : curve_public(&keys[KEY_SORT_TRANSPORT], renewal->request.curve_key);
    return r < 0 ? error_set(error, renewal->keys, "holds a key that is not usable") : 0;
}

static int make_keys(struct renewal *renewal, struct error *error)
{
    struct secret *keys = renewal->keys_of_set;
    char name[KEY_NAME_BYTES];

    int r = hpke_keypair(&keys[KEY_SORT_OPENING], renewal->request.open_key);
    r = r < 0 ? r : curve_keypair(&keys[KEY_SORT_TRANSPORT], renewal->request.curve_key);
    r = r < 0 ? r : secret_random(&keys[KEY_SORT_SIGNING], SIGN_SECRET_BYTES);
    if (r < 0) {
        return error_set(error, renewal->keys, "keys cannot be made");
    }
    for (size_t i = 0; r == 0 && i < KEY_SORTS; i++) {
        key_name(key_sort_names[i], renewal->set, name);
        r = key_write(renewal->keys, name, &keys[i], error);
    }
    return r;
}

static int sign_request(struct renewal *renewal, struct buf *ret_text, struct error *error)
{
    _cleanup_(signer_free) struct signer *earlier = NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;
    struct agency_request *request = &renewal->request;

    int r = read_signer(renewal, &earlier, error);
    if (r < 0) {
        return r;
    }
    r = signer_new(&renewal->keys_of_set[KEY_SORT_SIGNING], &signer);
    if (r < 0) {
        return error_set(error, renewal->keys, "holds a key that is not usable");
    }
    signer_public(signer, request->sign_key);
    r = agency_request_renew(request, earlier);
    r = r < 0 ? r : agency_request_write(request, signer, ret_text);
    return r < 0 ? error_set(error, renewal->keys, "the request cannot be signed") : 0;
}

static void say(struct output *output, const struct renewal *renewal, const char *file)
{
    struct json *result = output_result(output);
    char key[FINGERPRINT_BYTES];

    fingerprint(SLICE_OF(renewal->request.sign_key), key);
    json_set_word(result, "dir", renewal->folder.path);
    json_set_word(result, "id", renewal->request.id);
    json_set_word(result, "request", file);
    json_set_integer(result, "set", renewal->set);
    json_set_bool(result, "made", !renewal->is_made);
    json_set_word(result, "key_fingerprint", key);
    if (renewal->is_made) {
        output_line(output,
                    "Set %u of the keys of %s was there without its request, which was written "
                    "again.",
                    renewal->set, renewal->request.id);
    } else {
        output_line(output, "Made set %u of the keys of %s, beside those in use.", renewal->set,
                    renewal->request.id);
    }
    if (renewal->signing > 1) {
        output_line(output,
                    "Set %u signs for it: if the partnership has not approved that one yet, send "
                    "renewal-%u.json first.",
                    renewal->signing, renewal->signing);
    }
    output_line(output,
                "\nFirst restart the agent: from then on it holds both. Then send the partnership "
                "%s,\nwhich holds no secret, and compare the new key by telephone:\n  %s",
                file, key);
    output_line(output, "\nPut a copy of keys/ in a safe. The earlier opening keys stay: what was "
                        "sealed to them is read with them.");
}

static enum status renew(struct cli *cli, const char *dir, struct renewal *renewal)
{
    struct error error = ERROR_NULL;
    char file[FILE_BYTES];
    char path[FOLDER_PATH_BYTES];
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(REQUEST_MAX_BYTES);

    if (folder_open(dir, &renewal->folder, &error) < 0) {
        return output_fail(&cli->output, STATUS_FAILED, &error);
    }
    folder_path(&renewal->folder, "keys", renewal->keys);
    look_for_sets(renewal);
    if (renewal->signing == 0) {
        return output_refuse(&cli->output, STATUS_NOT_FOUND, renewal->keys,
                             "holds no agency's keys");
    }
    if (renewal->set > AGENCY_KEYS_MAX) {
        return output_refuse(&cli->output, STATUS_CONFLICT, renewal->keys,
                             "holds %d sets, and a directory lists no more", AGENCY_KEYS_MAX);
    }
    file_of(renewal->set, file);
    folder_path(&renewal->folder, file, path);
    int r = read_request(renewal, &error);
    if (r == 0) {
        r = renewal->is_made ? read_keys(renewal, &error) : make_keys(renewal, &error);
    }
    r = r < 0 ? r : sign_request(renewal, &text, &error);
    r = r < 0 ? r : folder_write(&renewal->folder, file, &text, FOLDER_PUBLIC, &error);
    if (r < 0) {
        return output_fail(&cli->output, STATUS_FAILED, &error);
    }
    say(&cli->output, renewal, path);
    return STATUS_OK;
}

enum status command_agency_renew(struct cli *cli, int argc, char **argv)
{
    static const struct command_line line = {
        .parser = parse_option,
        .arguments = "DIR",
        .help =
            "Makes another set of keys in the agency's folder DIR, and the request to use them, "
            "which the keys in use sign.",
    };
    const char *dir = NULL;
    const struct command_call call = {argc, argv};
    struct renewal renewal = {.signing = 0};
    enum status status = STATUS_OK;

    if (!command_parse(cli, &line, call, &dir, &status)) {
        return status;
    }
    status = renew(cli, dir, &renewal);
    for (size_t i = 0; i < KEY_SORTS; i++) {
        secret_deinit(&renewal.keys_of_set[i]);
    }
    return status;
}
