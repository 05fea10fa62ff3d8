/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   text      lines, each ending in a newline; may itself hold empty lines
 *   newline   the last empty line of the note separates
 *   lines     E2 80 94 20 || name || 20 || base64(key id u32 || payload) || 0A
 */
#include "tree/note.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "crypto/digest.h"

#define SIGNATURE_START "\xe2\x80\x94 "
#define KEY_ID_BYTES    4
/* type || public key, as in a vkey and under a key id */
#define KEY_BYTES (1 + SIGN_PUBLIC_BYTES)

bool note_line(struct slice *rest, struct slice *ret)
{
    const uint8_t *end = rest->len > 0 ? memchr(rest->data, '\n', rest->len) : NULL;

    if (end == NULL) {
        return false;
    }
    size_t len = (size_t)(end - rest->data);
    *ret = slice_make(rest->data, len);
    *rest = slice_make(end + 1, rest->len - len - 1);
    return true;
}

/* UTF-8 without control characters but newline. */
static bool is_note_text(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 && text.data[i] != '\n') {
            return false;
        }
    }
    return utf8_valid(text);
}

static bool is_name(struct slice name)
{
    /* Unicode's White_Space beyond ASCII */
    static const char *const spaces[] = {
        "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
        "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
        "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
    };

    if (name.len == 0 || !utf8_valid(name)) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] <= ' ' || name.data[i] == '+') {
            return false;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(spaces); i++) {
        if (memmem(name.data, name.len, spaces[i], strlen(spaces[i])) != NULL) {
            return false;
        }
    }
    return true;
}

bool note_key_init(struct note_key *key, const char *name, uint8_t type,
                   const uint8_t public_key[SIGN_PUBLIC_BYTES])
{
    struct slice text = slice_of_text(name);

    if (text.len >= NOTE_NAME_MAX_BYTES || !is_name(text)) {
        return false;
    }
    uint8_t separator_and_type[] = {'\n', type};
    const struct slice parts[] = {
        text,
        SLICE_OF(separator_and_type),
        slice_make(public_key, SIGN_PUBLIC_BYTES),
    };
    uint8_t digest[CAIRN_HASH_BYTES];
    sha256_many(parts, ARRAY_LEN(parts), digest);
    struct reader reader = reader_over(slice_make(digest, KEY_ID_BYTES));

    *key = (struct note_key){.type = type, .id = read_u32(&reader)};
    memcpy(key->name, text.data, text.len);
    memcpy(key->public_key, public_key, SIGN_PUBLIC_BYTES);
    return true;
}

void note_vkey_format(const struct note_key *key, char out[NOTE_VKEY_BYTES])
{
    uint8_t bytes[KEY_BYTES];
    char text[BASE64_BYTES(KEY_BYTES)];
    struct writer writer = writer_over(out, NOTE_VKEY_BYTES);

    bytes[0] = key->type;
    memcpy(bytes + 1, key->public_key, SIGN_PUBLIC_BYTES);
    base64_encode(SLICE_OF(bytes), text);
    write_format(&writer, "%s+%08x+%s", key->name, key->id, text);
    write_u8(&writer, '\0');
    assert(writer_ok(&writer));
}

bool note_vkey_parse(const char *text, struct note_key *ret)
{
    const char *first = strchr(text, '+');
    const char *second = first != NULL ? strchr(first + 1, '+') : NULL;
    if (second == NULL || second - first != 1 + 2 * KEY_ID_BYTES ||
        first - text >= NOTE_NAME_MAX_BYTES) {
        return false;
    }
    char name[NOTE_NAME_MAX_BYTES] = "";
    char hex[HEX_BYTES(KEY_ID_BYTES)] = "";
    memcpy(name, text, (size_t)(first - text));
    memcpy(hex, first + 1, 2 * KEY_ID_BYTES);

    uint8_t id[KEY_ID_BYTES];
    uint8_t bytes[KEY_BYTES];
    size_t len = 0;
    if (!hex_decode(hex, id, sizeof(id)) ||
        !base64_decode(slice_of_text(second + 1), bytes, sizeof(bytes), &len) ||
        len != sizeof(bytes)) {
        return false;
    }
    if (bytes[0] != NOTE_TYPE_ED25519 && bytes[0] != NOTE_TYPE_COSIGNATURE) {
        return false;
    }
    struct note_key key;
    struct reader reader = reader_over(SLICE_OF(id));
    if (!note_key_init(&key, name, bytes[0], bytes + 1) || key.id != read_u32(&reader)) {
        return false;
    }
    *ret = key;
    return true;
}

static bool parse_signature(struct slice line, struct note_signature *ret)
{
    const size_t start = sizeof(SIGNATURE_START) - 1;
    if (line.len < start || memcmp(line.data, SIGNATURE_START, start) != 0) {
        return false;
    }
    struct slice rest = slice_make(line.data + start, line.len - start);
    const uint8_t *space = rest.len > 0 ? memchr(rest.data, ' ', rest.len) : NULL;
    if (space == NULL) {
        return false;
    }
    struct slice name = slice_make(rest.data, (size_t)(space - rest.data));
    struct slice base64 = slice_make(space + 1, rest.len - name.len - 1);

    uint8_t bytes[CAIRN_NOTE_MAX_BYTES];
    size_t len = 0;
    if (!is_name(name) || !base64_decode(base64, bytes, sizeof(bytes), &len) ||
        len <= KEY_ID_BYTES) {
        return false;
    }
    struct reader reader = reader_over(slice_make(bytes, len));
    *ret = (struct note_signature){.name = name, .key_id = read_u32(&reader)};
    if (reader.left <= sizeof(ret->payload)) {
        ret->payload_len = reader.left;
        read_into(&reader, ret->payload, ret->payload_len);
    }
    return true;
}

/* Offset of the last empty line, which may not be the first line. */
static bool find_separator(struct slice bytes, size_t *ret)
{
    for (size_t at = bytes.len; at-- > 1;) {
        if (bytes.data[at] == '\n' && bytes.data[at - 1] == '\n') {
            *ret = at;
            return true;
        }
    }
    return false;
}

bool note_parse(struct slice bytes, struct note *ret)
{
    size_t separator = 0;

    if (bytes.len > CAIRN_NOTE_MAX_BYTES || !is_note_text(bytes) ||
        !find_separator(bytes, &separator)) {
        return false;
    }
    struct note note = {.text = slice_make(bytes.data, separator)};
    struct slice rest = slice_make(bytes.data + separator + 1, bytes.len - separator - 1);
    while (rest.len > 0) {
        struct slice line;
        if (note.n_signatures == CAIRN_NOTE_SIGNATURES_MAX || !note_line(&rest, &line) ||
            !parse_signature(line, &note.signatures[note.n_signatures])) {
            return false;
        }
        note.n_signatures++;
    }
    if (note.n_signatures == 0) {
        return false;
    }
    *ret = note;
    return true;
}

bool note_signed_by(const struct note_signature *signature, const struct note_key *key)
{
    return signature->key_id == key->id && slice_is_text(signature->name, key->name);
}

static bool signature_holds(const struct note *note, const struct note_signature *signature,
                            const struct note_key *key)
{
    _cleanup_(verifier_free) struct verifier *verifier = NULL;

    return verifier_new(key->public_key, &verifier) == 0 &&
           verifier_check(verifier, SIGN_NOTE, note->text,
                          slice_make(signature->payload, signature->payload_len));
}

/* 1 when the key signed, 0 when it did not, -1 when a signature in its name is bad. */
static int check_key(const struct note *note, const struct note_key *key)
{
    int good = 0;

    for (size_t i = 0; i < note->n_signatures; i++) {
        const struct note_signature *signature = &note->signatures[i];
        if (key->type != NOTE_TYPE_ED25519 || !note_signed_by(signature, key)) {
            continue;
        }
        if (!signature_holds(note, signature, key)) {
            return -1;
        }
        good = 1;
    }
    return good;
}

/* One key under two names is one signer: a threshold must not be reached by renaming. */
static bool counted_before(const struct note *note, const struct note_key *keys, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (memcmp(keys[i].public_key, keys[at].public_key, SIGN_PUBLIC_BYTES) == 0 &&
            check_key(note, &keys[i]) == 1) {
            return true;
        }
    }
    return false;
}

int note_count_good(const struct note *note, const struct note_key *keys, size_t n_keys)
{
    int count = 0;

    for (size_t i = 0; i < n_keys; i++) {
        int good = check_key(note, &keys[i]);
        if (good < 0) {
            return -1;
        }
        if (good == 1 && !counted_before(note, keys, i)) {
            count++;
        }
    }
    return count;
}

int note_cosign_line(const struct note_key *key, struct slice payload, struct buf *out)
{
    uint8_t bytes[KEY_ID_BYTES + sizeof(((struct note_signature *)0)->payload)];
    char text[BASE64_BYTES(sizeof(bytes))];

    if (payload.len == 0 || payload.len > sizeof(bytes) - KEY_ID_BYTES) {
        return -EINVAL;
    }
    struct writer writer = writer_over(bytes, sizeof(bytes));
    write_u32(&writer, key->id);
    write_slice(&writer, payload);
    base64_encode(writer_slice(&writer), text);
    buf_format(out, SIGNATURE_START "%s %s\n", key->name, text);
    return buf_ok(out) ? 0 : -EMSGSIZE;
}

int note_sign(struct slice text, const struct note_key *key, const struct signer *signer,
              struct buf *out)
{
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    uint8_t signature[SIGN_SIGNATURE_BYTES];

    signer_public(signer, public_key);
    if (text.len == 0 || text.data[text.len - 1] != '\n' || !is_note_text(text) ||
        key->type != NOTE_TYPE_ED25519 ||
        memcmp(public_key, key->public_key, sizeof(public_key)) != 0) {
        return -EINVAL;
    }
    int r = signer_sign(signer, SIGN_NOTE, text, signature);
    if (r < 0) {
        return r;
    }
    buf_add_slice(out, text);
    buf_add_text(out, "\n");
    return note_cosign_line(key, SLICE_OF(signature), out);
}
