/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/init.h"
#include "govern/joining.h"
#include "govern/keys.h"
#include "governance_templates.h"
#include "net/curve.h"

#define TEMPLATE_REVIEW_BY "2027-11-30"
#define TEMPLATE_APPROVERS                                                                         \
    "\"approved_by\": [\"Example: chair of the partnership\", "                                    \
    "\"Example: designated doctor for safeguarding\"],\n"

/* --- folders and keys --- */

static int make_folders(const struct folder *folder, struct error *error)
{
    static const char *const names[] = {"root", "governance", "broker", "broker/keys",
                                        "broker/data"};
    int r = 0;

    for (size_t i = 0; i < ARRAY_LEN(names) && r == 0; i++) {
        r = folder_make(folder, names[i], error);
    }
    return r;
}

struct broker_keys {
    uint8_t curve[CURVE_KEY_BYTES];
    struct note_key checkpoint;
};

static int make_broker_keys(const struct folder *folder, const char *origin,
                            struct broker_keys *ret, struct error *error)
{
    char path[FOLDER_PATH_BYTES];
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    _cleanup_(signer_free) struct signer *checkpoint = NULL;
    _cleanup_(secret_deinit) struct secret curve = SECRET_NULL;

    folder_path(folder, "broker/keys", path);
    int r = curve_keypair(&curve, ret->curve);
    if (r < 0) {
        (void)error_set(error, KEY_TRANSPORT, "cannot be made");
        return r;
    }
    r = key_write(path, KEY_TRANSPORT, &curve, error);
    r = r < 0 ? r : key_new_signing(path, KEY_CHECKPOINT, &checkpoint, error);
    r = r < 0 ? r : key_new(path, KEY_PEPPER, error);
    if (r < 0) {
        return r;
    }
    signer_public(checkpoint, public_key);
    bool good = note_key_init(&ret->checkpoint, origin, NOTE_TYPE_ED25519, public_key);
    assert(good); /* the longer name of the root key was good */
    return 0;
}

static int make_root_keys(struct partnership *made, const char *origin, struct error *error)
{
    char name[32];
    char path[FOLDER_PATH_BYTES];
    uint8_t public_key[SIGN_PUBLIC_BYTES];

    folder_path(&made->folder, "root", path);
    int r = key_new_signing(path, KEY_ROOT, &made->signer, error);
    if (r < 0) {
        return r;
    }
    signer_public(made->signer, public_key);
    bool good = partnership_key_of(origin, public_key, &made->key);
    assert(good); /* see check_options */
    (void)snprintf(name, sizeof(name), KEY_LINKAGE_FMT, PARTNERSHIP_EPOCH);
    return key_new(path, name, error);
}

/* --- documents --- */

static int write_root(struct partnership *made, const struct init_options *given,
                      struct error *error)
{
    char path[FOLDER_PATH_BYTES];
    char vkey[NOTE_VKEY_BYTES];
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    _cleanup_(json_free) struct json *document = json_object_new();
    struct json *keys = json_array_new();
    struct json *in_keys = json_set_node(document, "keys", &keys);
    const struct govern_signing signing = {
        .origin = given->origin,
        .key = &made->key,
        .signer = made->signer,
    };

    note_vkey_format(&made->key, vkey);
    json_append_word(in_keys, vkey);
    json_set_word(document, "format", "cairn-root/v1");
    json_set_word(document, "review_by", given->review_by);
    json_set_integer(document, "threshold", 1);
    json_set_bool(document, "live", given->live);
    json_set_word(document, "origin", given->origin);
    json_set_word(document, "name", given->name);
    int r = json_write(document, JSON_STYLE_INDENTED, &text);
    buf_add_text(&text, "\n");
    r = r < 0 ? r : govern_note_make(&signing, GOVERNANCE_ROOT, 1, buf_slice(&text), &note);
    if (r < 0) {
        return error_set(error, "root", "cannot be signed");
    }
    const struct govern_document root = {
        .document = GOVERNANCE_ROOT,
        .text = buf_slice(&text),
        .note = buf_slice(&note),
    };
    if (governance_start(&root, &made->governance, error) != GOVERN_ACCEPTED) {
        return -EINVAL;
    }
    folder_path(&made->folder, "governance", path);
    return govern_write(path, &root, error);
}

static int write_directory(struct partnership *made, const struct init_options *given,
                           const struct broker_keys *keys, struct error *error)
{
    char vkey[NOTE_VKEY_BYTES];
    char curve_key[BASE64_BYTES(CURVE_KEY_BYTES)];
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    _cleanup_(json_free) struct json *broker = json_object_new();
    _cleanup_(json_free) struct json *kinds =
        json_parse(governance_templates_file("kinds.json"), error);

    assert(kinds != NULL);
    base64_encode(SLICE_OF(keys->curve), curve_key);
    note_vkey_format(&keys->checkpoint, vkey);
    json_set_word(broker, "curve_key", curve_key);
    json_set_word(broker, "checkpoint_key", vkey);
    json_set_word(broker, "endpoint", given->endpoint);
    struct json_view view = json_view(kinds, error);
    struct json_view list = json_get_array(&view, "kinds");
    const struct directory_parts parts = {
        .review_by = given->review_by,
        .broker = broker,
        .kinds = list.node,
    };
    int r = directory_text(&parts, &text);
    if (r < 0) {
        return error_set(error, "directory", "is too large");
    }
    return partnership_publish(made, GOVERNANCE_DIRECTORY, buf_slice(&text), error);
}

struct change {
    const char *from;
    const char *to;
};

/* Wherever it stands; what is to be replaced is ours and stands in the template (asserted). */
static void replace(struct buf *text, const struct change *change)
{
    struct buf made = BUF_MAX(text->max);
    const char *whole = buf_text(text);
    const char *at = strstr(whole, change->from);

    assert(at != NULL);
    for (; at != NULL; at = strstr(whole, change->from)) {
        buf_add(&made, whole, (size_t)(at - whole));
        buf_add_text(&made, change->to);
        whole = at + strlen(change->from);
    }
    buf_add_text(&made, whole);
    buf_deinit(text);
    *text = made;
}

static int write_template(struct partnership *made, enum governance_document document,
                          const struct change *changes, size_t n, struct error *error)
{
    char name[64];
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);

    (void)snprintf(name, sizeof(name), "%s.json", governance_document_text(document));
    buf_add_slice(&text, governance_templates_file(name));
    for (size_t i = 0; i < n; i++) {
        replace(&text, &changes[i]);
    }
    return partnership_publish(made, document, buf_slice(&text), error);
}

/* Patterns of the template are live so that a partnership for tests shows something. Their
 * approvers are invented: for real children two people of the partnership turn each on (`cairn
 * pattern sign`). */
static int write_patterns(struct partnership *made, const struct init_options *given,
                          struct error *error)
{
    const struct change changes[] = {
        {TEMPLATE_REVIEW_BY, given->review_by},
        {"\"state\": \"live\"", "\"state\": \"shadow\""},
        {TEMPLATE_APPROVERS, ""},
    };

    return write_template(made, GOVERNANCE_PATTERNS, changes, given->live ? ARRAY_LEN(changes) : 1,
                          error);
}

static int write_documents(struct partnership *made, const struct init_options *given,
                           const struct broker_keys *keys, struct error *error)
{
    const struct change changes[] = {
        {TEMPLATE_REVIEW_BY, given->review_by},
        {INIT_DUTY_PHONE, given->duty_phone},
        {INIT_OUT_OF_HOURS_PHONE, given->out_of_hours_phone},
    };

    int r = write_root(made, given, error);
    r = r < 0 ? r : write_directory(made, given, keys, error);
    r = r < 0 ? r : write_template(made, GOVERNANCE_AGREEMENTS, changes, 1, error);
    r = r < 0 ? r : write_patterns(made, given, error);
    return r < 0 ? r
                 : write_template(made, GOVERNANCE_CALENDAR, changes, ARRAY_LEN(changes), error);
}

/* --- files that repeat what was made --- */

static int write_broker_ini(const struct partnership *made, const char *endpoint,
                            struct error *error)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(64 * 1024);

    buf_format(
        &text,
        "; The broker of this partnership: cairn-broker --config BROKER.INI\n"
        "; `cairn-broker --print-config` shows every option and what is in force.\n"
        "[broker]\n"
        "\n"
        "; The store: journal, state and log. A local disk; it grows and is backed up.\n"
        "dir = %1$s/broker/data\n"
        "\n"
        "; The signed documents. Read again at SIGHUP.\n"
        "governance = %1$s/governance\n"
        "\n"
        "; transport-key, checkpoint-key and pepper. Never in the same backup as the store.\n"
        "keys = %1$s/broker/keys\n"
        "\n"
        "; Where agencies connect. They know it from the directory.\n"
        "endpoint = %2$s\n"
        "\n"
        "; The largest log head ever signed; better on another disk than the store.\n"
        "highwater = %1$s/broker/highwater\n"
        "\n"
        "; The broker starts a signer of its own, which keeps the last head that it signed here;\n"
        "; on a broker's own machine, cairn-signer has a user of its own: signer = its socket.\n"
        "signed = %1$s/broker/signed\n"
        "\n"
        "; Threads that check signatures.\n"
        ";workers = 2\n"
        "\n"
        "; What one agency may send in a minute; urgent records are exempt.\n"
        ";quota_records = %3$d\n"
        ";quota_bytes = %4$dM\n"
        "\n"
        "; The broker refuses to start when its worst case needs more; 0 takes the limit that the\n"
        "; system sets.\n"
        ";memory_limit = 0\n",
        made->folder.path, endpoint, CAIRN_QUOTA_RECORDS_PER_MIN,
        CAIRN_QUOTA_BYTES_PER_MIN / (1024 * 1024));
    return folder_write(&made->folder, "broker/broker.ini", &text, FOLDER_PRIVATE, error);
}

static int write_joining(const struct partnership *made, char ret_fingerprint[FINGERPRINT_BYTES],
                         struct error *error)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(JOINING_MAX_BYTES);

    int r = joining_write(made->governance, &text);
    if (r < 0) {
        return error_set(error, "joining.json", "is too large");
    }
    fingerprint(buf_slice(&text), ret_fingerprint);
    return folder_write(&made->folder, "joining.json", &text, FOLDER_PUBLIC, error);
}

int init_make(struct partnership *made, const struct init_options *given,
              char ret_fingerprint[FINGERPRINT_BYTES], struct error *error)
{
    struct broker_keys keys;

    int r = make_folders(&made->folder, error);
    r = r < 0 ? r : make_root_keys(made, given->origin, error);
    r = r < 0 ? r : make_broker_keys(&made->folder, given->origin, &keys, error);
    r = r < 0 ? r : write_documents(made, given, &keys, error);
    r = r < 0 ? r : write_broker_ini(made, given->endpoint, error);
    return r < 0 ? r : write_joining(made, ret_fingerprint, error);
}
