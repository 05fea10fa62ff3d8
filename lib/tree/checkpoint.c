/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything here is parsed strictly: one byte string per meaning, so that two verifiers cannot
 * disagree about a document that both accept.
 */
#include "tree/checkpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"

#define SIZE_MAX_LEAVES   ((uint64_t)INT64_MAX)
#define NUMBER_TEXT_BYTES 20 /* 2^63-1 has 19 digits; and NUL */
#define HASH_TEXT_BYTES   BASE64_BYTES(CAIRN_HASH_BYTES)
#define PROOF_TITLE       "c2sp.org/tlog-proof@v1"
#define PROOF_EXTRA       "extra "
#define PROOF_INDEX       "index "
#define COSIGNATURE_TITLE "cosignature/v1"

static bool parse_number(struct slice text, uint64_t *ret)
{
    char digits[NUMBER_TEXT_BYTES] = "";

    if (text.len >= sizeof(digits) || memchr(text.data, '\0', text.len) != NULL) {
        return false;
    }
    memcpy(digits, text.data, text.len);
    return u64_parse(digits, SIZE_MAX_LEAVES, ret);
}

static bool parse_hash(struct slice text, struct hash *ret)
{
    size_t len = 0;

    return text.len == HASH_TEXT_BYTES - 1 &&
           base64_decode(text, ret->bytes, sizeof(ret->bytes), &len) && len == sizeof(ret->bytes);
}

static void add_hash(struct buf *out, const struct hash *hash)
{
    char text[HASH_TEXT_BYTES];

    base64_encode(SLICE_OF(hash->bytes), text);
    buf_format(out, "%s\n", text);
}

/* The rest of a line after its keyword; without the keyword the line stays. */
static bool take_field(struct slice *rest, const char *keyword, struct slice *ret)
{
    size_t len = strlen(keyword);
    struct slice after = *rest;
    struct slice line;

    if (!note_line(&after, &line) || line.len < len || memcmp(line.data, keyword, len) != 0) {
        return false;
    }
    *ret = slice_make(line.data + len, line.len - len);
    *rest = after;
    return true;
}

void checkpoint_text(const struct checkpoint *checkpoint, const char *origin, struct buf *out)
{
    buf_format(out, "%s\n%" PRIu64 "\n", origin, checkpoint->size);
    add_hash(out, &checkpoint->root);
}

int checkpoint_sign(const struct checkpoint *checkpoint, const struct note_key *key,
                    const struct signer *signer, struct buf *out)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_NOTE_MAX_BYTES);

    checkpoint_text(checkpoint, key->name, &text);
    assert(buf_ok(&text));
    return note_sign(buf_slice(&text), key, signer, out);
}

static bool parse_text(struct slice text, const char *origin, struct checkpoint *ret)
{
    struct slice rest = text;
    struct slice name;
    struct slice size;
    struct slice root;

    return note_line(&rest, &name) && note_line(&rest, &size) && note_line(&rest, &root) &&
           rest.len == 0 && slice_is_text(name, origin) && parse_number(size, &ret->size) &&
           parse_hash(root, &ret->root);
}

bool checkpoint_check(struct slice note, const struct note_key *key, struct checkpoint *ret)
{
    struct note parsed;
    struct checkpoint checkpoint;

    if (!note_parse(note, &parsed) || !parse_text(parsed.text, key->name, &checkpoint) ||
        note_count_good(&parsed, key, 1) != 1) {
        return false;
    }
    *ret = checkpoint;
    return true;
}

static void cosignature_text(struct slice checkpoint_text, uint64_t time_s, struct buf *out)
{
    buf_format(out, COSIGNATURE_TITLE "\ntime %" PRIu64 "\n", time_s);
    buf_add_slice(out, checkpoint_text);
}

int cosignature_make(struct slice checkpoint_text, uint64_t time_s, const struct signer *signer,
                     uint8_t ret[COSIGNATURE_BYTES])
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    uint8_t signature[SIGN_SIGNATURE_BYTES];

    if (time_s > INT64_MAX) {
        return -ERANGE;
    }
    cosignature_text(checkpoint_text, time_s, &text);
    if (!buf_ok(&text)) {
        return -EMSGSIZE;
    }
    int r = signer_sign(signer, SIGN_NOTE, buf_slice(&text), signature);
    if (r < 0) {
        return r;
    }
    struct writer writer = writer_over(ret, COSIGNATURE_BYTES);
    write_u64(&writer, time_s);
    write_bytes(&writer, signature, sizeof(signature));
    assert(writer_ok(&writer) && writer.len == COSIGNATURE_BYTES);
    return 0;
}

bool cosignature_check(struct slice checkpoint_text, const uint8_t cosignature[COSIGNATURE_BYTES],
                       const struct verifier *verifier)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    struct reader reader = reader_over(slice_make(cosignature, COSIGNATURE_BYTES));

    uint64_t time_s = read_u64(&reader);
    struct slice signature = read_bytes(&reader, SIGN_SIGNATURE_BYTES);
    cosignature_text(checkpoint_text, time_s, &text);
    return time_s <= INT64_MAX && buf_ok(&text) &&
           verifier_check(verifier, SIGN_NOTE, buf_slice(&text), signature);
}

int checkpoint_cosigned_write(const struct checkpoint *checkpoint, const char *origin,
                              const struct note_key *key,
                              const uint8_t cosignature[COSIGNATURE_BYTES], struct buf *out)
{
    checkpoint_text(checkpoint, origin, out);
    buf_add_text(out, "\n");
    return note_cosign_line(key, slice_make(cosignature, COSIGNATURE_BYTES), out);
}

static bool is_cosigned(const struct note *note, const struct note_key *key)
{
    _cleanup_(verifier_free) struct verifier *verifier = NULL;
    bool good = false;

    if (key->type != NOTE_TYPE_COSIGNATURE || verifier_new(key->public_key, &verifier) != 0) {
        return false;
    }
    for (size_t i = 0; i < note->n_signatures; i++) {
        const struct note_signature *signature = &note->signatures[i];
        if (note_signed_by(signature, key)) {
            good = signature->payload_len == COSIGNATURE_BYTES &&
                   cosignature_check(note->text, signature->payload, verifier);
        }
    }
    return good;
}

bool checkpoint_check_cosigned(struct slice note, const char *origin, const struct note_key *key,
                               struct checkpoint *ret)
{
    struct note parsed;
    struct checkpoint checkpoint;

    if (!note_parse(note, &parsed) || !parse_text(parsed.text, origin, &checkpoint) ||
        !is_cosigned(&parsed, key)) {
        return false;
    }
    *ret = checkpoint;
    return true;
}

int tlog_proof_write(uint64_t index, struct slice leaf_data, const struct tree_proof *proof,
                     struct slice checkpoint_note, struct buf *out)
{
    char extra[BASE64_BYTES(sizeof(((struct tlog_proof *)0)->leaf_data))];

    if (leaf_data.len > sizeof(((struct tlog_proof *)0)->leaf_data) || index > SIZE_MAX_LEAVES) {
        return -EINVAL;
    }
    assert(proof->n <= CAIRN_PROOF_MAX_HASHES);
    buf_add_text(out, PROOF_TITLE "\n");
    if (leaf_data.len > 0) {
        base64_encode(leaf_data, extra);
        buf_format(out, PROOF_EXTRA "%s\n", extra);
    }
    buf_format(out, PROOF_INDEX "%" PRIu64 "\n", index);
    for (size_t i = 0; i < proof->n; i++) {
        add_hash(out, &proof->hashes[i]);
    }
    buf_add_text(out, "\n");
    buf_add_slice(out, checkpoint_note);
    return buf_ok(out) ? 0 : -EMSGSIZE;
}

/* The optional line; what is there holds data. */
static bool parse_extra(struct slice *rest, struct tlog_proof *ret)
{
    struct slice extra;

    ret->leaf_len = 0;
    return !take_field(rest, PROOF_EXTRA, &extra) ||
           (base64_decode(extra, ret->leaf_data, sizeof(ret->leaf_data), &ret->leaf_len) &&
            ret->leaf_len > 0);
}

/* Hash lines up to the empty line. */
static bool parse_path(struct slice *rest, struct tree_proof *ret)
{
    struct slice line;

    ret->n = 0;
    while (note_line(rest, &line)) {
        if (line.len == 0) {
            return true;
        }
        if (ret->n == CAIRN_PROOF_MAX_HASHES || !parse_hash(line, &ret->hashes[ret->n])) {
            return false;
        }
        ret->n++;
    }
    return false;
}

bool tlog_proof_parse(struct slice document, struct tlog_proof *ret)
{
    struct tlog_proof proof;
    struct slice rest = document;
    struct slice title;
    struct slice index;

    if (!note_line(&rest, &title) || !slice_is_text(title, PROOF_TITLE) ||
        !parse_extra(&rest, &proof) || !take_field(&rest, PROOF_INDEX, &index) ||
        !parse_number(index, &proof.index) || !parse_path(&rest, &proof.proof) ||
        rest.len > CAIRN_NOTE_MAX_BYTES) {
        return false;
    }
    proof.checkpoint_note = rest;
    *ret = proof;
    return true;
}

bool tlog_proof_check(struct slice document, const struct note_key *key, struct checkpoint *ret)
{
    struct tlog_proof proof;
    struct checkpoint checkpoint;
    struct hash leaf;

    if (!tlog_proof_parse(document, &proof) ||
        !checkpoint_check(proof.checkpoint_note, key, &checkpoint)) {
        return false;
    }
    tree_leaf(slice_make(proof.leaf_data, proof.leaf_len), &leaf);
    const struct tree_inclusion claim = {
        .index = proof.index,
        .size = checkpoint.size,
        .leaf = &leaf,
        .root = &checkpoint.root,
    };
    if (!tree_check_inclusion(&claim, &proof.proof)) {
        return false;
    }
    *ret = checkpoint;
    return true;
}
