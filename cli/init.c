/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn init`: from nothing to a partnership whose broker can be started. Keys first, then the
 * documents in the order in which a receiver takes them, then the files that only repeat what was
 * made. A run that fails leaves the folder as far as it came; it is refused as existing the next
 * time, so that no key is ever made over another.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/fingerprint.h"
#include "cli/partnership.h"
#include "govern/joining.h"
#include "govern/keys.h"
#include "governance_templates.h"
#include "net/curve.h"

#define DEFAULT_ENDPOINT           "tcp://127.0.0.1:7440"
#define DEFAULT_DUTY_PHONE         "01632 960100" /* as in the template; nobody has these numbers */
#define DEFAULT_OUT_OF_HOURS_PHONE "01632 960199"
#define TEMPLATE_REVIEW_BY         "2027-11-30"
#define REVIEW_MONTHS              12

enum {
    KEY_NAME = 0x2001,
    KEY_ORIGIN,
    KEY_ENDPOINT,
    KEY_LIVE,
    KEY_DUTY,
    KEY_OUT_OF_HOURS
};

struct init_options {
    const char *dir;
    const char *name;
    const char *origin;
    const char *endpoint;
    const char *duty_phone;
    const char *out_of_hours_phone;
    bool live;
    char review_by[DATE_TEXT_BYTES]; /* of every document */
};

static const struct argp_option options[] = {
    {"name", KEY_NAME, "NAME", 0, "the partnership's name, for people", 0},
    {"origin", KEY_ORIGIN, "ORIGIN", 0,
     "its name in every signature, for ever: like a host name and a path, cairn.example.org/north",
     0},
    {"endpoint", KEY_ENDPOINT, "URL", 0, "where agencies reach the broker (" DEFAULT_ENDPOINT ")",
     0},
    {"duty-phone", KEY_DUTY, "NUMBER", 0,
     "the MASH duty desk's telephone (" DEFAULT_DUTY_PHONE ", which nobody has)", 0},
    {"out-of-hours-phone", KEY_OUT_OF_HOURS, "NUMBER", 0,
     "the emergency duty team's telephone (" DEFAULT_OUT_OF_HOURS_PHONE ", which nobody has)", 0},
    {"live", KEY_LIVE, NULL, 0,
     "for real children: only real NHS numbers are accepted, and real telephone numbers are asked "
     "for",
     0},
    {0},
};

/* A telephone number goes into JSON as it is. */
static bool is_phone(const char *text)
{
    size_t len = strlen(text);

    return len >= 3 && len < CAIRN_PHONE_MAX_BYTES &&
           text[strspn(text, "0123456789 +()-x")] == '\0';
}

static bool is_name(const char *text)
{
    char copy[CAIRN_NAME_MAX_BYTES];

    return text[0] != '\0' && text_copy(copy, sizeof(copy), slice_of_text(text)) &&
           strpbrk(text, "\n\t") == NULL;
}

static bool is_origin(const char *text)
{
    static const uint8_t any_key[SIGN_PUBLIC_BYTES];
    struct note_key key;

    return partnership_key_of(text, any_key, &key);
}

/* An endpoint goes into an INI file as it is. */
static bool is_endpoint(const char *text)
{
    return utf8_valid(slice_of_text(text)) && strncmp(text, "tcp://", strlen("tcp://")) == 0 &&
           strchr(text, '*') == NULL && text[strcspn(text, " \t\n;#")] == '\0' &&
           strlen(text) < 128;
}

static error_t check_options(const struct init_options *given, struct argp_state *state)
{
    if (given->dir == NULL || given->name == NULL || given->origin == NULL) {
        argp_error(state, "DIR, --name and --origin are needed");
        return EINVAL;
    }
    if (given->live && (given->duty_phone == NULL || given->out_of_hours_phone == NULL)) {
        argp_error(state, "a live partnership needs --duty-phone and --out-of-hours-phone");
        return EINVAL;
    }
    if ((given->duty_phone != NULL && !is_phone(given->duty_phone)) ||
        (given->out_of_hours_phone != NULL && !is_phone(given->out_of_hours_phone))) {
        argp_error(state, "a telephone number has digits, blanks, +, -, ( and )");
        return EINVAL;
    }
    if (!is_name(given->name) || !is_origin(given->origin)) {
        argp_error(state, "--name is a line of text; --origin is one without blanks and '+'");
        return EINVAL;
    }
    if (!is_endpoint(given->endpoint)) {
        argp_error(state, "--endpoint is tcp://HOST:PORT, as agencies reach it");
        return EINVAL;
    }
    return 0;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct init_options *given = state->input;

    switch (key) {
    case KEY_NAME:
        given->name = argument;
        return 0;
    case KEY_ORIGIN:
        given->origin = argument;
        return 0;
    case KEY_ENDPOINT:
        given->endpoint = argument;
        return 0;
    case KEY_DUTY:
        given->duty_phone = argument;
        return 0;
    case KEY_OUT_OF_HOURS:
        given->out_of_hours_phone = argument;
        return 0;
    case KEY_LIVE:
        given->live = true;
        return 0;
    case ARGP_KEY_ARG:
        if (given->dir != NULL) {
            argp_error(state, "one folder only");
            return EINVAL;
        }
        given->dir = argument;
        return 0;
    case ARGP_KEY_END:
        return check_options(given, state);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

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

/* What is to be replaced is ours and stands once in the template (asserted). */
static void replace(struct buf *text, const struct change *change)
{
    struct buf made = BUF_MAX(text->max);
    const char *whole = buf_text(text);
    const char *at = strstr(whole, change->from);

    assert(at != NULL);
    buf_add(&made, whole, (size_t)(at - whole));
    buf_add_text(&made, change->to);
    buf_add_text(&made, at + strlen(change->from));
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

static int write_documents(struct partnership *made, const struct init_options *given,
                           const struct broker_keys *keys, struct error *error)
{
    const struct change changes[] = {
        {TEMPLATE_REVIEW_BY, given->review_by},
        {DEFAULT_DUTY_PHONE, given->duty_phone},
        {DEFAULT_OUT_OF_HOURS_PHONE, given->out_of_hours_phone},
    };

    int r = write_root(made, given, error);
    r = r < 0 ? r : write_directory(made, given, keys, error);
    r = r < 0 ? r : write_template(made, GOVERNANCE_AGREEMENTS, changes, 1, error);
    r = r < 0 ? r : write_template(made, GOVERNANCE_PATTERNS, changes, 1, error);
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
        "; Threads that check signatures.\n"
        ";workers = 2\n"
        "\n"
        "; What one agency may send in a minute; urgent records are exempt.\n"
        ";quota_records = %3$d\n"
        ";quota_bytes = %4$dM\n"
        "\n"
        "; The broker refuses to start when its worst case does not fit.\n"
        ";memory_limit = 1G\n",
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

static int make_partnership(struct partnership *made, const struct init_options *given,
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

/* --- the command --- */

static void say_result(struct json *result, const struct partnership *made, const char *joining)
{
    const struct governance *governance = made->governance;

    json_set_word(result, "dir", made->folder.path);
    json_set_word(result, "name", governance->root.name);
    json_set_word(result, "origin", governance->root.origin);
    json_set_bool(result, "live", governance->root.live);
    json_set_word(result, "endpoint", governance->directory.broker_endpoint);
    json_set_word(result, "joining_fingerprint", joining);
}

static void say(struct cli *cli, const struct partnership *made, const char *joining)
{
    const struct root *root = &made->governance->root;
    struct output *output = &cli->output;

    say_result(output_result(output), made, joining);
    output_line(output, "Made the partnership \"%s\" (%s) in %s%s.", root->name, root->origin,
                made->folder.path,
                root->live ? "" : ", for tests: only test NHS numbers are accepted");
    output_line(output,
                "\n  root/         the root key and the linkage key: approving and revoking "
                "need them.\n"
                "                Keep it offline, with a copy in another safe.\n"
                "  governance/   directory, agreements, patterns and calendar, signed. The "
                "broker serves them.\n"
                "  broker/       broker.ini, keys/ and data/: moves to the broker's "
                "machine.\n"
                "                keys/ is not to lie in the same backup as data/.\n"
                "  joining.json  for every agency. Its fingerprint, to be read out over the "
                "telephone:\n"
                "                %s",
                joining);
    output_line(output,
                "\nAgreements, patterns and calendar are Cairn's defaults: read them before real "
                "use.\n"
                "Next: cairn-broker --config %s/broker/broker.ini\n"
                "and at each agency: cairn agency request FOLDER --id ID --name NAME --kind KIND "
                "--joining joining.json",
                made->folder.path);
}

static void complete(struct init_options *given, const struct clock *clock)
{
    int32_t today = instant_london_day(clock_real_ms(clock));

    date_format(date_add_months(today, REVIEW_MONTHS), given->review_by);
    if (given->duty_phone == NULL) {
        given->duty_phone = DEFAULT_DUTY_PHONE;
    }
    if (given->out_of_hours_phone == NULL) {
        given->out_of_hours_phone = DEFAULT_OUT_OF_HOURS_PHONE;
    }
}

enum status command_init(struct cli *cli, int argc, char **argv)
{
    static const struct command_line line = {
        .options = options,
        .parser = parse_option,
        .arguments = "DIR",
        .help = "Makes a new partnership in the folder DIR, which must not exist.",
    };
    struct init_options given = {.endpoint = DEFAULT_ENDPOINT};
    const struct command_call call = {argc, argv};
    struct partnership made = PARTNERSHIP_NULL;
    struct error error = ERROR_NULL;
    enum status status = STATUS_OK;
    char joining[FINGERPRINT_BYTES];

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    complete(&given, cli->clock);
    status = folder_new(cli, given.dir, &made.folder);
    if (status != STATUS_OK) {
        return status;
    }
    if (make_partnership(&made, &given, joining, &error) < 0) {
        status = output_fail(&cli->output, STATUS_FAILED, &error);
    } else {
        say(cli, &made, joining);
    }
    partnership_close(&made);
    return status;
}
