/* SPDX-License-Identifier: Apache-2.0 */
#include "support/governing.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "crypto/digest.h"
#include "govern/keys.h"
#include "json/json.h"
#include "os/files.h"

static const char *const key_names[GOVERNING_KEYS] = {GOVERNING_ORIGIN "/root-1",
                                                      GOVERNING_ORIGIN "/root-2"};

void governing_seed(uint32_t agency, const char *sort, struct secret *ret)
{
    uint8_t digest[CAIRN_HASH_BYTES];
    char label[64];

    (void)snprintf(label, sizeof(label), "test key %u %s", agency, sort);
    sha256(slice_of_text(label), digest);
    secret_set(ret, digest, sizeof(digest));
}

static void public_half(uint32_t agency, const char *sort, uint8_t out[32])
{
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;

    governing_seed(agency, sort, &seed);
    if (strncmp(sort, "sign", 4) != 0) {
        int r = hpke_public(&seed, out);
        assert(r == 0);
        return;
    }
    int r = signer_new(&seed, &signer);
    assert(r == 0);
    signer_public(signer, out);
}

void governing_note(const struct governing *governing, size_t n_keys,
                    enum governance_document document, uint64_t version, struct slice text,
                    struct buf *out)
{
    struct note note;

    for (size_t i = 0; i < n_keys; i++) {
        const struct govern_signing signing = {
            .origin = GOVERNING_ORIGIN,
            .key = &governing->keys[i],
            .signer = governing->signers[i],
        };
        struct buf one = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
        int r = govern_note_make(&signing, document, version, text, &one);
        assert(r == 0);
        if (i == 0) {
            buf_add_slice(out, buf_slice(&one));
        } else {
            bool parsed = note_parse(buf_slice(&one), &note);
            assert(parsed);
            r = note_cosign_line(
                &governing->keys[i],
                slice_make(note.signatures[0].payload, note.signatures[0].payload_len), out);
            assert(r == 0);
        }
        buf_deinit(&one);
    }
    assert(buf_ok(out));
}

void governing_root_text(const struct governing *governing, size_t n_keys, size_t threshold,
                         struct buf *out)
{
    char vkey[NOTE_VKEY_BYTES];

    buf_format(out,
               "{\"format\": \"cairn-root/v1\", \"review_by\": \"2028-01-01\", \"origin\": \"%s\", "
               "\"name\": \"Test partnership\", \"live\": false, \"threshold\": %zu, \"keys\": [",
               GOVERNING_ORIGIN, threshold);
    for (size_t i = 0; i < n_keys; i++) {
        note_vkey_format(&governing->keys[i], vkey);
        buf_format(out, "%s\"%s\"", i > 0 ? ", " : "", vkey);
    }
    buf_add_text(out, "]}\n");
}

void governing_template(const char *name, struct buf *out)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/config/governance/%s.json", SOURCE_DIR, name);
    int r = file_read(path, out);
    assert(r == 0);
}

struct schema *governing_schema(const char *name)
{
    char path[512];
    struct error error = ERROR_NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);

    (void)snprintf(path, sizeof(path), "%s/config/schemas/%s.schema.json", SOURCE_DIR, name);
    int r = file_read(path, &text);
    assert(r == 0);
    struct schema *schema = schema_load(buf_slice(&text), &error);
    assert(schema != NULL);
    return schema;
}

static void add_keys(uint32_t agency, const char *sort, unsigned sets, unsigned retired,
                     struct buf *out)
{
    uint8_t key[32];
    char text[BASE64_BYTES(sizeof(key))];
    char name[KEY_NAME_BYTES];

    buf_format(out, "\"%s\": [", sort);
    for (unsigned n = 1; n <= sets; n++) {
        key_name(sort, n, name);
        public_half(agency, name, key);
        base64_encode(SLICE_OF(key), text);
        buf_format(out, "%s{\"key\": \"%s\", \"status\": \"%s\"}", n == 1 ? "" : ", ", text,
                   n <= retired ? "retired" : "active");
    }
    buf_add_text(out, "]");
}

void governing_transport_key(uint32_t agency, uint8_t out[32])
{
    public_half(agency, "curve", out);
}

static void add_linkage(uint32_t agency, unsigned set, struct buf *out)
{
    char name[KEY_NAME_BYTES];
    uint8_t open_key[HPKE_PUBLIC_BYTES];
    uint8_t sealed[HPKE_ENC_BYTES + SEAL_KEY_BYTES + HPKE_TAG_BYTES];
    char text[BASE64_BYTES(sizeof(sealed))];
    _cleanup_(secret_deinit) struct secret linkage_key = SECRET_NULL;

    governing_seed(0, "linkage", &linkage_key);
    key_name("open", set, name);
    public_half(agency, name, open_key);
    int r = agency_linkage_seal(agency, 1, open_key, &linkage_key, sealed);
    assert(r == 0);
    base64_encode(SLICE_OF(sealed), text);
    buf_format(out, "\"linkage\": {\"epoch\": 1, \"key_id\": \"%08x\", \"sealed\": \"%s\"}",
               key_id(SLICE_OF(open_key)), text);
}

static void add_agency(const struct test_agency *agency, struct buf *out)
{
    buf_format(
        out,
        "{\"number\": %u, \"id\": \"%s\", \"kind\": \"%s\", \"name\": \"Agency %u\", "
        "\"status\": \"%s\", \"duty\": {\"contact\": \"Duty\", \"phone\": \"01632 960000\"}, "
        "\"involvements\": {\"max\": 10000, \"per_day_max\": 1000},\n\"keys\": {",
        agency->number, agency->id, agency->kind, agency->number,
        agency->revoked ? "revoked" : "active");
    add_keys(agency->number, "sign", 1, 0, out);
    buf_add_text(out, ",\n");
    add_keys(agency->number, "open", 1, 0, out);
    buf_add_text(out, ",\n");
    add_keys(agency->number, "curve", 1, 0, out);
    buf_add_text(out, "},\n");
    add_linkage(agency->number, 1, out);
    buf_add_text(out, "}");
}

static void add_broker(struct buf *out)
{
    uint8_t key[32];
    char base64[BASE64_BYTES(sizeof(key))];
    char vkey[NOTE_VKEY_BYTES];
    struct note_key checkpoint_key;

    public_half(0, "curve", key);
    base64_encode(SLICE_OF(key), base64);
    public_half(0, "sign", key);
    bool good = note_key_init(&checkpoint_key, GOVERNING_ORIGIN, NOTE_TYPE_ED25519, key);
    assert(good);
    note_vkey_format(&checkpoint_key, vkey);
    buf_format(out,
               "\"broker\": {\"endpoint\": \"tcp://127.0.0.1:7440\", \"curve_key\": \"%s\", "
               "\"checkpoint_key\": \"%s\"},\n",
               base64, vkey);
}

void governing_directory_text(const struct test_agency *agencies, size_t n, struct buf *out)
{
    _cleanup_(buf_deinit) struct buf kinds = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);

    governing_template("kinds", &kinds);
    const char *list = strstr(buf_text(&kinds), "\"kinds\":");
    assert(list != NULL);
    buf_add_text(out, "{\"format\": \"cairn-directory/v1\", \"review_by\": \"2028-01-01\",\n");
    add_broker(out);
    buf_add_text(out, "\"agencies\": [\n");
    for (size_t i = 0; i < n; i++) {
        buf_add_text(out, i > 0 ? ",\n" : "");
        add_agency(&agencies[i], out);
    }
    buf_format(out, "],\n%s", list);
    assert(buf_ok(out));
}

enum govern_result governing_offer_signed(struct governing *governing,
                                          enum governance_document document, struct slice text,
                                          struct slice note)
{
    const struct govern_document offered = {.document = document, .text = text, .note = note};
    struct governance *made = NULL;

    governing->error = ERROR_NULL;
    enum govern_result result =
        governance_next(governing->governance, &offered, &made, &governing->error);
    assert((result == GOVERN_ACCEPTED) == (made != NULL));
    if (made != NULL) {
        governance_unref(&governing->governance);
        governing->governance = made;
    }
    return result;
}

enum govern_result governing_offer(struct governing *governing, enum governance_document document,
                                   uint64_t version, struct slice text)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);

    governing_note(governing, 1, document, version, text, &note);
    return governing_offer_signed(governing, document, text, buf_slice(&note));
}

enum govern_result governing_try(const struct governing *governing,
                                 enum governance_document document, uint64_t version,
                                 struct slice text, struct governance **ret, struct error *error)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);

    governing_note(governing, 1, document, version, text, &note);
    const struct govern_document offered = {
        .document = document,
        .text = text,
        .note = buf_slice(&note),
    };
    return governance_with(governing->governance, &offered, ret, error);
}

static void must_accept(struct governing *governing, enum governance_document document,
                        const struct buf *text)
{
    enum govern_result result = governing_offer(governing, document, 1, buf_slice(text));

    if (result != GOVERN_ACCEPTED) {
        (void)fprintf(stderr, "%s: %s: %s\n", govern_result_text(result), governing->error.where,
                      governing->error.what);
    }
    assert(result == GOVERN_ACCEPTED);
}

void governing_init(struct governing *governing)
{
    _cleanup_(buf_deinit) struct buf root = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);

    *governing = (struct governing){.governance = NULL};
    for (size_t i = 0; i < GOVERNING_KEYS; i++) {
        uint8_t key[SIGN_PUBLIC_BYTES];
        _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
        governing_seed((uint32_t)i, "root", &seed);
        int r = signer_new(&seed, &governing->signers[i]);
        assert(r == 0);
        signer_public(governing->signers[i], key);
        bool good = note_key_init(&governing->keys[i], key_names[i], NOTE_TYPE_ED25519, key);
        assert(good);
    }
    governing_root_text(governing, 1, 1, &root);
    must_accept(governing, GOVERNANCE_ROOT, &root);
}

void governing_deinit(struct governing *governing)
{
    governance_unref(&governing->governance);
    for (size_t i = 0; i < GOVERNING_KEYS; i++) {
        signer_free(&governing->signers[i]);
    }
}

void governing_fill(struct governing *governing, const struct test_agency *agencies, size_t n)
{
    struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);

    governing_directory_text(agencies, n, &text);
    must_accept(governing, GOVERNANCE_DIRECTORY, &text);
    for (uint32_t i = GOVERNANCE_AGREEMENTS; i <= GOVERNANCE_DOCUMENTS; i++) {
        governing_template(governance_document_text(i), &text);
        must_accept(governing, (enum governance_document)i, &text);
    }
    buf_deinit(&text);
}

struct governing_world *governing_world_new(void)
{
    struct governing_world *world = base_zalloc(1, sizeof(*world));
    int r = crypto_init(NULL);

    assert(r == 0);
    world->text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    governing_init(&world->governing);
    return world;
}

int governing_world_tear_down(void **state)
{
    struct governing_world *world = *state;

    governing_deinit(&world->governing);
    buf_deinit(&world->text);
    base_free(&world);
    crypto_deinit();
    return 0;
}

void text_replace(struct buf *text, const char *from, const char *to)
{
    _cleanup_(buf_deinit) struct buf old = BUF_MAX(text->max);

    buf_add_slice(&old, buf_slice(text));
    const char *whole = buf_text(&old);
    const char *at = strstr(whole, from);
    assert(at != NULL);
    buf_reset(text);
    buf_add(text, whole, (size_t)(at - whole));
    buf_add_text(text, to);
    buf_add_text(text, at + strlen(from));
}

static void replace_keys(uint32_t agency, const char *sort, unsigned sets, unsigned retired,
                         struct buf *text)
{
    struct buf before = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    struct buf after = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);

    add_keys(agency, sort, 1, 0, &before);
    add_keys(agency, sort, sets, retired, &after);
    text_replace(text, buf_text(&before), buf_text(&after));
    buf_deinit(&before);
    buf_deinit(&after);
}

/* Its text is as long as the one before it: only the key, and what is sealed to it, are others. */
static void replace_linkage(uint32_t agency, unsigned set, struct buf *text)
{
    struct buf before = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    struct buf after = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    size_t to_key = sizeof("\"linkage\": {\"epoch\": 1, \"key_id\": \"00000000") - 1;

    add_linkage(agency, 1, &before);
    add_linkage(agency, set, &after);
    assert(before.len == after.len);
    uint8_t *at = memmem(text->data, text->len, before.data, to_key);
    assert(at != NULL);
    memcpy(at, after.data, after.len);
    buf_deinit(&before);
    buf_deinit(&after);
}

void governing_renew(uint32_t agency, unsigned sets, unsigned retired, struct buf *text)
{
    replace_keys(agency, "sign", sets, retired, text);
    replace_keys(agency, "open", sets, retired, text);
    replace_keys(agency, "curve", sets, retired, text);
    replace_linkage(agency, sets, text);
}
