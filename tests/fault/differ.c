/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cairn-differ SEED CASES: sound checkpoints, proofs, cosignatures and leaves, each bent by chance,
 * some signed anew behind the change, and what C says of each. differential.py asks the oracle the
 * same. A line is KIND BASE64 ANSWER, the first "key VKEY -"; the answer is "refused" or what was
 * read.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attack/bending.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "crypto/digest.h"
#include "sim/chance.h"
#include "tree/checkpoint.h"
#include "wire/leaf.h"

#define ORIGIN       "log.example.org"
#define TREE_LEAVES  32
#define TEXT_MAX     (32 * 1024)
#define ANSWER_BYTES 256

static struct note_key key;
static struct signer *signer;
static struct verifier *verifier;
static struct hash hashes[TREE_LEAVES];
static uint8_t leaves[TREE_LEAVES][LEAF_MAX_BYTES];
static struct slice leaf_of[TREE_LEAVES];

/* --- what is sound --- */

static void make_leaf(size_t i)
{
    struct leaf leaf = {
        .type = (enum leaf_type)(1 + i % LEAF_TYPES),
        .time_ms = 1000 + (int64_t)i,
        .agency = 7,
        .id = {.agency = 7, .stream = 9, .seq = i},
        .kind = ENTRY_RECORD,
        .verdict = VERDICT_STORED,
        .number = i,
        .detail = 1,
    };

    leaf.parts = leaf.type == LEAF_TOLD ? PART_BIT(PART_CARD) : 0;
    leaf_of[i] = leaf_write(&leaf, leaves[i]);
    tree_leaf(leaf_of[i], &hashes[i]);
}

static void begin(void)
{
    _cleanup_(secret_deinit) struct secret seed = {.len = SIGN_SECRET_BYTES};
    uint8_t public_key[SIGN_PUBLIC_BYTES];

    int r = crypto_init(NULL);
    assert(r == 0);
    memset(seed.bytes, 7, seed.len);
    r = signer_new(&seed, &signer);
    assert(r == 0);
    signer_public(signer, public_key);
    bool good = note_key_init(&key, ORIGIN, NOTE_TYPE_ED25519, public_key);
    assert(good);
    r = verifier_new(public_key, &verifier);
    assert(r == 0);
    for (size_t i = 0; i < TREE_LEAVES; i++) {
        make_leaf(i);
    }
}

static void path_of(size_t index, size_t first, size_t size, struct tree_proof *ret)
{
    /* RFC 6962 section 2.1.1, from the root down; turned round below */
    ret->n = 0;
    while (size > 1) {
        size_t split = 1;
        while (split * 2 < size) {
            split *= 2;
        }
        bool left = index - first < split;
        struct hash *sibling = &ret->hashes[ret->n++];
        if (left) {
            tree_root_of(hashes + first + split, size - split, sibling);
            size = split;
        } else {
            tree_root_of(hashes + first, split, sibling);
            first += split;
            size -= split;
        }
    }
    for (size_t i = 0; i < ret->n / 2; i++) {
        struct hash other = ret->hashes[i];
        ret->hashes[i] = ret->hashes[ret->n - 1 - i];
        ret->hashes[ret->n - 1 - i] = other;
    }
}

static void checkpoint_of(size_t size, struct buf *text)
{
    struct checkpoint checkpoint = {.size = size};

    tree_root_of(hashes, size, &checkpoint.root);
    checkpoint_text(&checkpoint, ORIGIN, text);
}

/* --- what chance does to a text --- */

static void bend_text(struct slice text, struct buf *out)
{
    static const char *const pieces[] = {
        "\n", " ", "+",    "=", "0", "-", "A",        "\t",
        "\r", "/", "\xc2", "~", "1", "9", "\xc2\xa0", "\xe2\x80\x94 "};
    size_t at = text.len == 0 ? 0 : chance_below((uint32_t)text.len);
    uint32_t way = chance_below(5);
    const char *piece = pieces[chance_below(sizeof(pieces) / sizeof(pieces[0]))];

    if (way == 0 || text.len == 0) {
        bend_bytes(text, out);
        return;
    }
    const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
    size_t line_end = end == NULL ? text.len : (size_t)(end - text.data) + 1;
    buf_add(out, text.data, at);
    if (way == 1) { /* put in */
        buf_add_text(out, piece);
        buf_add(out, text.data + at, text.len - at);
    } else if (way == 2) { /* instead */
        buf_add_text(out, piece);
        buf_add(out, text.data + at + 1, text.len - at - 1);
    } else if (way == 3) { /* without the rest of the line */
        buf_add(out, text.data + line_end, text.len - line_end);
    } else { /* with the rest of the line twice */
        buf_add(out, text.data + at, line_end - at);
        buf_add(out, text.data + at, text.len - at);
    }
}

static void bend_some(struct buf *text)
{
    for (uint32_t i = chance_below(3); i > 0; i--) {
        _cleanup_(buf_deinit) struct buf bent = BUF_MAX(TEXT_MAX);
        bend_text(buf_slice(text), &bent);
        buf_reset(text);
        buf_add_slice(text, buf_slice(&bent));
    }
}

/* --- cases --- */

static void print(const char *kind, struct slice bytes, const char *answer)
{
    _cleanup_(base_free) char *text = base_alloc(BASE64_BYTES(bytes.len + 1));

    base64_encode(bytes, text);
    printf("%s %s %s\n", kind, bytes.len == 0 ? "-" : text, answer);
}

static void describe(const struct checkpoint *checkpoint, char answer[ANSWER_BYTES])
{
    char root[HEX_BYTES(CAIRN_HASH_BYTES)];

    hex_encode(SLICE_OF(checkpoint->root.bytes), root);
    (void)snprintf(answer, ANSWER_BYTES, "%" PRIu64 ":%s", checkpoint->size, root);
}

/* A signed note of a checkpoint: bent before it is signed, or after, or not at all. False when what
 * was bent cannot be signed. */
static bool make_note(size_t size, bool before, struct buf *note)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(TEXT_MAX);

    checkpoint_of(size, &text);
    if (before) {
        bend_some(&text);
    }
    if (note_sign(buf_slice(&text), &key, signer, note) < 0) {
        return false;
    }
    if (!before) {
        bend_some(note);
    }
    return true;
}

static void checkpoint_case(void)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(TEXT_MAX);
    struct checkpoint checkpoint;
    char answer[ANSWER_BYTES] = "refused";

    if (!make_note(1 + chance_below(TREE_LEAVES), chance_one_in(2), &note)) {
        return;
    }
    if (checkpoint_check(buf_slice(&note), &key, &checkpoint)) {
        describe(&checkpoint, answer);
    }
    print("checkpoint", buf_slice(&note), answer);
}

static void proof_case(void)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(TEXT_MAX);
    _cleanup_(buf_deinit) struct buf document = BUF_MAX(TEXT_MAX);
    struct checkpoint checkpoint;
    struct tree_proof path;
    char answer[ANSWER_BYTES] = "refused";
    size_t size = 1 + chance_below(TREE_LEAVES);
    size_t index = chance_below((uint32_t)size);

    path_of(index, 0, size, &path);
    if (chance_one_in(8) && path.n > 0) {
        path.hashes[chance_below((uint32_t)path.n)].bytes[3] ^= 1;
    }
    if (!make_note(size, true, &note) ||
        tlog_proof_write(chance_one_in(8) ? index + 1 : index, leaf_of[index], &path,
                         buf_slice(&note), &document) < 0) {
        return;
    }
    if (chance_one_in(2)) {
        bend_some(&document);
    }
    if (tlog_proof_check(buf_slice(&document), &key, &checkpoint)) {
        describe(&checkpoint, answer);
    }
    print("proof", buf_slice(&document), answer);
}

/* The cosignature, and the text that it is of. */
static void cosignature_case(void)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(TEXT_MAX);
    _cleanup_(buf_deinit) struct buf both = BUF_MAX(TEXT_MAX);
    uint8_t cosignature[COSIGNATURE_BYTES];

    checkpoint_of(1 + chance_below(TREE_LEAVES), &text);
    int r = cosignature_make(buf_slice(&text), 1 + chance_below(1000), signer, cosignature);
    assert(r == 0);
    if (chance_one_in(2)) {
        cosignature[chance_below(COSIGNATURE_BYTES)] ^= (uint8_t)(1U << chance_below(8));
    }
    if (chance_one_in(4)) {
        bend_some(&text);
    }
    buf_add(&both, cosignature, sizeof(cosignature));
    buf_add_slice(&both, buf_slice(&text));
    bool good = cosignature_check(buf_slice(&text), cosignature, verifier);
    print("cosignature", buf_slice(&both), good ? "good" : "refused");
}

static void leaf_case(void)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(TEXT_MAX);
    struct leaf leaf;
    char answer[ANSWER_BYTES] = "refused";

    buf_add_slice(&bytes, leaf_of[chance_below(TREE_LEAVES)]);
    for (uint32_t i = chance_below(3); i > 0 && bytes.len > 0; i--) {
        if (chance_one_in(6)) {
            _cleanup_(buf_deinit) struct buf bent = BUF_MAX(TEXT_MAX);
            bend_bytes(buf_slice(&bytes), &bent);
            buf_reset(&bytes);
            buf_add_slice(&bytes, buf_slice(&bent));
        } else { /* a small number somewhere: most fields are */
            bytes.data[chance_below((uint32_t)bytes.len)] = (uint8_t)chance_below(60);
        }
    }
    if (leaf_read(buf_slice(&bytes), &leaf)) {
        (void)snprintf(answer, sizeof(answer), "%u:%" PRId64 ":%" PRIu32, (unsigned)leaf.type,
                       leaf.time_ms, leaf.agency);
    }
    print("leaf", buf_slice(&bytes), answer);
}

int main(int argc, char **argv)
{
    static void (*const kinds[])(void) = {checkpoint_case, proof_case, cosignature_case, leaf_case};
    char vkey[NOTE_VKEY_BYTES];
    uint64_t seed = 0;
    uint64_t cases = 0;

    if (argc != 3 || !u64_parse(argv[1], UINT64_MAX, &seed) ||
        !u64_parse(argv[2], UINT64_MAX, &cases)) {
        fprintf(stderr, "usage: cairn-differ SEED CASES\n");
        return EXIT_FAILURE;
    }
    begin();
    chance_start(seed);
    note_vkey_format(&key, vkey);
    printf("key %s -\n", vkey);
    for (uint64_t i = 0; i < cases; i++) {
        kinds[i % (sizeof(kinds) / sizeof(kinds[0]))]();
    }
    signer_free(&signer);
    verifier_free(&verifier);
    crypto_deinit();
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
