/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn agency renew`: at a member, another set of keys beside those in use, and the request to
 * take them into the directory. The agent holds all sets after its next start and uses the new one
 * from the moment that the directory lists it: nothing has to happen at the same time.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/fingerprint.h"
#include "cli/folder.h"
#include "govern/keys.h"
#include "govern/request.h"
#include "net/curve.h"
#include "os/files.h"

static const char *const sorts[] = {KEY_OPENING, KEY_TRANSPORT, KEY_SIGNING};

struct renewal {
    struct folder folder;
    char keys[FOLDER_PATH_BYTES];
    unsigned newest; /* set that is there whole; 0 none */
    unsigned next;   /* set of which nothing is there */
    struct agency_request request;
    struct secret made[ARRAY_LEN(sorts)]; /* in that order */
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

    for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
        key_name(sorts[i], n, name);
        there += key_is_there(renewal->keys, name) ? 1 : 0;
    }
    return there;
}

static void look_for_sets(struct renewal *renewal)
{
    renewal->next = 1;
    for (unsigned n = 1; n <= AGENCY_KEYS_MAX; n++) {
        size_t there = count_keys(renewal, n);
        if (there == ARRAY_LEN(sorts)) {
            renewal->newest = n;
        }
        if (there > 0) {
            renewal->next = n + 1;
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

    key_name(KEY_SIGNING, renewal->newest, name);
    int r = key_read(renewal->keys, name, &seed, error);
    return r < 0 ? r : signer_new(&seed, ret);
}

static int make_keys(struct renewal *renewal, struct buf *ret_text, struct error *error)
{
    _cleanup_(signer_free) struct signer *earlier = NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;
    struct agency_request *request = &renewal->request;

    int r = read_signer(renewal, &earlier, error);
    r = r < 0 ? r : hpke_keypair(&renewal->made[0], request->open_key);
    r = r < 0 ? r : curve_keypair(&renewal->made[1], request->curve_key);
    r = r < 0 ? r : secret_random(&renewal->made[2], SIGN_SECRET_BYTES);
    r = r < 0 ? r : signer_new(&renewal->made[2], &signer);
    if (r < 0) {
        return error_set(error, renewal->keys, "keys cannot be made");
    }
    signer_public(signer, request->sign_key);
    r = agency_request_renew(request, earlier);
    r = r < 0 ? r : agency_request_write(request, signer, ret_text);
    return r < 0 ? error_set(error, renewal->keys, "the request cannot be signed") : 0;
}

/* The signing key last: by it the agent knows that a set is there. */
static int write_keys(const struct renewal *renewal, struct error *error)
{
    char name[KEY_NAME_BYTES];
    int r = 0;

    for (size_t i = 0; r == 0 && i < ARRAY_LEN(sorts); i++) {
        key_name(sorts[i], renewal->next, name);
        r = key_write(renewal->keys, name, &renewal->made[i], error);
    }
    return r;
}

static void say(struct output *output, const struct renewal *renewal, const char *file)
{
    struct json *result = output_result(output);
    char key[FINGERPRINT_BYTES];

    fingerprint(SLICE_OF(renewal->request.sign_key), key);
    json_set_word(result, "dir", renewal->folder.path);
    json_set_word(result, "id", renewal->request.id);
    json_set_word(result, "request", file);
    json_set_integer(result, "set", renewal->next);
    json_set_word(result, "key_fingerprint", key);
    output_line(output, "Made set %u of the keys of %s, beside those in use.", renewal->next,
                renewal->request.id);
    output_line(output,
                "\nFirst restart the agent: from then on it holds both. Then send the partnership "
                "%s,\nwhich holds no secret, and compare the new key by telephone:\n  %s",
                file, key);
    output_line(output,
                "\nPut a copy of keys/ in a safe. The earlier keys stay: what was sealed to "
                "them is read with them.");
}

static enum status renew(struct cli *cli, const char *dir, struct renewal *renewal)
{
    struct error error = ERROR_NULL;
    char file[32];
    char path[FOLDER_PATH_BYTES];
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(REQUEST_MAX_BYTES);

    if (folder_open(dir, &renewal->folder, &error) < 0) {
        return output_fail(&cli->output, STATUS_FAILED, &error);
    }
    folder_path(&renewal->folder, "keys", renewal->keys);
    look_for_sets(renewal);
    if (renewal->newest == 0) {
        return output_refuse(&cli->output, STATUS_NOT_FOUND, renewal->keys,
                             "holds no agency's keys");
    }
    if (renewal->next > AGENCY_KEYS_MAX) {
        return output_refuse(&cli->output, STATUS_CONFLICT, renewal->keys,
                             "holds %d sets, and a directory lists no more", AGENCY_KEYS_MAX);
    }
    (void)snprintf(file, sizeof(file), "renewal-%u.json", renewal->next);
    folder_path(&renewal->folder, file, path);
    int r = read_request(renewal, &error);
    r = r < 0 ? r : make_keys(renewal, &text, &error);
    r = r < 0 ? r : write_keys(renewal, &error);
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
    struct renewal renewal = {.newest = 0};
    enum status status = STATUS_OK;

    if (!command_parse(cli, &line, call, &dir, &status)) {
        return status;
    }
    status = renew(cli, dir, &renewal);
    for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
        secret_deinit(&renewal.made[i]);
    }
    return status;
}
