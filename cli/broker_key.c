/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn broker renew` and `cairn broker switch`: the broker has another transport key, and nobody
 * loses touch with it. An agency knows the broker by its key, from the directory that it holds; so
 * the next key is announced there while the present one is in use, for as long as it takes until
 * every agency has been connected once. Then the directory names it as the broker's, and the broker
 * starts with it. Who had only the announcement tries both.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/agency.h"
#include "govern/joining.h"
#include "govern/keys.h"
#include "net/curve.h"
#include "os/files.h"

#define KEY_TEXT_BYTES BASE64_BYTES(CURVE_KEY_BYTES)

/* The directory's broker, with these keys; "" no next one. */
static struct json *broker_entry(const struct json_view *broker, const char *key, const char *next)
{
    char endpoint[128];
    char checkpoint[NOTE_NAME_MAX_BYTES + 64];
    struct json *entry = json_object_new();

    json_get_copy(broker, "endpoint", endpoint, sizeof(endpoint));
    json_get_copy(broker, "checkpoint_key", checkpoint, sizeof(checkpoint));
    json_set_word(entry, "endpoint", endpoint);
    json_set_word(entry, "curve_key", key);
    if (next[0] != '\0') {
        json_set_word(entry, "next_curve_key", next);
    }
    json_set_word(entry, "checkpoint_key", checkpoint);
    return entry;
}

static int publish(struct partnership *partnership, const char *key, const char *next,
                   struct error *error)
{
    struct govern_document held;
    bool there = governance_held(partnership->governance, GOVERNANCE_DIRECTORY, &held);
    assert(there);
    _cleanup_(json_free) struct json *document = json_parse(held.text, error);
    assert(document != NULL);
    struct json_view view = json_view(document, error);
    struct json_view broker = json_get_object(&view, "broker");
    _cleanup_(json_free) struct json *entry = broker_entry(&broker, key, next);
    return agency_publish_broker(partnership, entry, error);
}

/* --- renew --- */

/* Writes it under the first name that is free. */
static int make_key(const struct partnership *partnership, uint8_t ret_public[CURVE_KEY_BYTES],
                    char ret_name[KEY_NAME_BYTES], struct error *error)
{
    char path[FOLDER_PATH_BYTES];
    unsigned n = 1;
    _cleanup_(secret_deinit) struct secret key = SECRET_NULL;

    folder_path(&partnership->folder, "broker/keys", path);
    do {
        key_name(KEY_TRANSPORT, n++, ret_name);
    } while (key_is_there(path, ret_name) && n <= KEY_SETS_MAX);
    int r = curve_keypair(&key, ret_public);
    return r < 0 ? error_set(error, KEY_TRANSPORT, "cannot be made")
                 : key_write(path, ret_name, &key, error);
}

static enum status renew(struct cli *cli, struct partnership *partnership,
                         const struct agency_options *given)
{
    (void)given;
    struct output *output = &cli->output;
    const struct directory *directory = &partnership->governance->directory;
    struct error error = ERROR_NULL;
    uint8_t public_key[CURVE_KEY_BYTES];
    char name[KEY_NAME_BYTES];
    char key[KEY_TEXT_BYTES];
    char next[KEY_TEXT_BYTES];

    if (directory->has_next_curve_key) {
        return output_refuse(output, STATUS_CONFLICT, partnership->folder.path,
                             "a next key is announced already: cairn broker switch");
    }
    if (make_key(partnership, public_key, name, &error) < 0) {
        return output_fail(output, STATUS_FAILED, &error);
    }
    base64_encode(SLICE_OF(directory->broker_curve_key), key);
    base64_encode(SLICE_OF(public_key), next);
    if (publish(partnership, key, next, &error) < 0) {
        return output_fail(output, STATUS_FAILED, &error);
    }
    json_set_word(output_result(output), "key", name);
    output_line(
        output,
        "The broker's next transport key is broker/keys/%s, and the directory announces it: "
        "put it beside the\nbroker's other keys. Once every agency has been connected "
        "since: cairn broker switch %s",
        name, partnership->folder.path);
    agency_say_reload(output, partnership);
    return STATUS_OK;
}

/* --- switch --- */

/* Whoever joins from now on is given the new key. 1 when the file had to be written for that, 0
 * when it says so already; -EINVAL and the error when it cannot be. */
static int write_joining(const struct partnership *partnership, struct error *error)
{
    char path[FOLDER_PATH_BYTES];
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(JOINING_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf there = BUF_MAX(JOINING_MAX_BYTES);

    folder_path(&partnership->folder, "joining.json", path);
    int r = joining_write(partnership->governance, &text);
    if (r == 0 && file_read(path, &there) == 0 &&
        slice_equal(buf_slice(&there), buf_slice(&text))) {
        return 0;
    }
    r = r < 0 ? r : file_write_atomic(path, buf_slice(&text), FOLDER_PUBLIC);
    return r < 0 ? error_set(error, path, "%s", strerrordesc_np(-r)) : 1;
}

/* The directory first: a joining file ahead of it would name a key that the broker does not have.
 * So a switch that ended between the two is finished by the next. */
static enum status switch_over(struct cli *cli, struct partnership *partnership,
                               const struct agency_options *given)
{
    (void)given;
    struct output *output = &cli->output;
    const struct directory *directory = &partnership->governance->directory;
    const bool announced = directory->has_next_curve_key;
    struct error error = ERROR_NULL;
    char key[KEY_TEXT_BYTES];

    base64_encode(SLICE_OF(directory->broker_next_curve_key), key);
    int r = announced ? publish(partnership, key, "", &error) : 0;
    r = r < 0 ? r : write_joining(partnership, &error);
    if (r < 0) {
        return output_fail(output, STATUS_FAILED, &error);
    }
    if (!announced && r == 0) {
        return output_refuse(output, STATUS_CONFLICT, partnership->folder.path,
                             "no next key is announced: cairn broker renew");
    }
    json_set_integer(output_result(output), "directory_version",
                     (int64_t)partnership->governance->versions[GOVERNANCE_DIRECTORY]);
    output_line(output, "%s",
                announced ? "The directory names the broker's new transport key, and so does "
                            "joining.json: whoever joins is given the new file."
                          : "The directory names the broker's transport key already. joining.json "
                            "did not, and does now: whoever joins is given the new file.");
    output_line(output, "Next: copy governance/ to the broker and restart it; then destroy the "
                        "transport key before it.");
    return STATUS_OK;
}

enum status command_broker_renew(struct cli *cli, int argc, char **argv)
{
    static const struct command_line line = {
        .parser = agency_option,
        .arguments = "PARTNERSHIP_DIR",
        .help = "Makes the broker's next transport key and announces it in the directory.",
    };
    struct agency_options given = {.arguments = 1};

    return agency_run(cli, &line, (struct command_call){argc, argv}, &given, renew);
}

enum status command_broker_switch(struct cli *cli, int argc, char **argv)
{
    static const struct command_line line = {
        .parser = agency_option,
        .arguments = "PARTNERSHIP_DIR",
        .help = "From now on the broker has the transport key that was announced.",
    };
    struct agency_options given = {.arguments = 1};

    return agency_run(cli, &line, (struct command_call){argc, argv}, &given, switch_over);
}
