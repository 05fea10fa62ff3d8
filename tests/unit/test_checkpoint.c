/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "tree/checkpoint.h"
#include "unit/vectors_note.h"

#define ORIGIN "cairn.example/partnership"
#define LEAVES 11

/* A log of eleven leaves, its key, and a checkpoint of it. */
struct world {
    struct signer *signer;
    struct verifier *verifier;
    struct note_key key;
    struct hash leaves[LEAVES];
    struct checkpoint checkpoint;
};

static struct world world;

static struct slice leaf_data(size_t index)
{
    static char text[16];

    (void)snprintf(text, sizeof(text), "leaf %zu", index);
    return slice_of_text(text);
}

static int setup(void **state)
{
    (void)state;
    struct error error = ERROR_NULL;
    uint8_t seed[SIGN_SECRET_BYTES];
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    _cleanup_(secret_deinit) struct secret secret = SECRET_NULL;

    if (crypto_init(&error) < 0 || !hex_decode(VECTOR_PETER_SEED, seed, sizeof(seed))) {
        return -1;
    }
    secret_set(&secret, seed, sizeof(seed));
    if (signer_new(&secret, &world.signer) < 0) {
        return -1;
    }
    signer_public(world.signer, public_key);
    for (size_t i = 0; i < LEAVES; i++) {
        tree_leaf(leaf_data(i), &world.leaves[i]);
    }
    world.checkpoint.size = LEAVES;
    tree_root_of(world.leaves, LEAVES, &world.checkpoint.root);
    return note_key_init(&world.key, ORIGIN, NOTE_TYPE_ED25519, public_key)
               ? verifier_new(public_key, &world.verifier)
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    signer_free(&world.signer);
    verifier_free(&world.verifier);
    crypto_deinit();
    return 0;
}

static void sign_text(const char *text, struct buf *out)
{
    buf_reset(out);
    assert_int_equal(note_sign(slice_of_text(text), &world.key, world.signer, out), 0);
}

static void write_proof(size_t index, struct buf *out)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    struct tree_leaves all = {world.leaves, LEAVES};
    const struct tree_source source = tree_source_of(&all);
    struct tree_proof proof;

    assert_int_equal(checkpoint_sign(&world.checkpoint, &world.key, world.signer, &note), 0);
    assert_int_equal(tree_prove_inclusion(&source, index, LEAVES, &proof), 0);
    assert_int_equal(tlog_proof_write(index, leaf_data(index), &proof, buf_slice(&note), out), 0);
}

static void a_signed_checkpoint_checks_and_says_the_same(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    struct checkpoint checked;
    assert_int_equal(checkpoint_sign(&world.checkpoint, &world.key, world.signer, &note), 0);

    assert_true(checkpoint_check(buf_slice(&note), &world.key, &checked));

    assert_int_equal(checked.size, world.checkpoint.size);
    assert_true(hash_equal(&checked.root, &world.checkpoint.root));
}

static void the_text_is_origin_size_and_root(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    struct checkpoint example = {.size = 20852163};
    size_t len = 0;
    struct slice root = slice_of_text("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=");
    assert_true(base64_decode(root, example.root.bytes, sizeof(example.root.bytes), &len));

    checkpoint_text(&example, "example.com/behind-the-sofa", &text);

    assert_string_equal(buf_text(&text), VECTOR_COSIGNED_TEXT);
}

static void a_checkpoint_survives_the_lines_of_its_witnesses(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    uint8_t cosignature[COSIGNATURE_BYTES];
    struct note_key witness;
    struct checkpoint checked;
    struct note parsed;
    assert_true(note_key_init(&witness, "w.example", NOTE_TYPE_COSIGNATURE, world.key.public_key));
    checkpoint_text(&world.checkpoint, ORIGIN, &text);
    assert_int_equal(checkpoint_sign(&world.checkpoint, &world.key, world.signer, &note), 0);
    assert_int_equal(cosignature_make(buf_slice(&text), 1, world.signer, cosignature), 0);

    assert_int_equal(note_cosign_line(&witness, SLICE_OF(cosignature), &note), 0);

    assert_true(checkpoint_check(buf_slice(&note), &world.key, &checked));
    assert_true(note_parse(buf_slice(&note), &parsed));
    assert_int_equal(parsed.n_signatures, 2);
    assert_true(note_signed_by(&parsed.signatures[1], &witness));
    assert_int_equal(parsed.signatures[1].payload_len, COSIGNATURE_BYTES);
    assert_true(cosignature_check(parsed.text, parsed.signatures[1].payload, world.verifier));
}

static void what_was_cosigned_is_a_note_of_its_own(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    uint8_t cosignature[COSIGNATURE_BYTES];
    struct note_key witness;
    struct note_key other;
    struct checkpoint checked;
    assert_true(note_key_init(&witness, "hospital", NOTE_TYPE_COSIGNATURE, world.key.public_key));
    assert_true(note_key_init(&other, "school", NOTE_TYPE_COSIGNATURE, world.key.public_key));
    checkpoint_text(&world.checkpoint, ORIGIN, &text);
    assert_int_equal(cosignature_make(buf_slice(&text), 1, world.signer, cosignature), 0);

    assert_int_equal(
        checkpoint_cosigned_write(&world.checkpoint, ORIGIN, &witness, cosignature, &note), 0);

    struct slice bytes = buf_slice(&note);
    assert_true(checkpoint_check_cosigned(bytes, ORIGIN, &witness, &checked));
    assert_int_equal(checked.size, world.checkpoint.size);
    assert_true(hash_equal(&checked.root, &world.checkpoint.root));
    assert_false(checkpoint_check_cosigned(bytes, "other.example", &witness, &checked));
    assert_false(checkpoint_check_cosigned(bytes, ORIGIN, &other, &checked));
    assert_false(checkpoint_check_cosigned(bytes, ORIGIN, &world.key, &checked));
    assert_false(checkpoint_check(bytes, &world.key, &checked));
}

static void a_note_of_another_head_or_time_was_not_cosigned(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    uint8_t cosignature[COSIGNATURE_BYTES];
    struct note_key witness;
    struct checkpoint checked;
    struct checkpoint another = world.checkpoint;
    another.root.bytes[0] ^= 1;
    assert_true(note_key_init(&witness, "hospital", NOTE_TYPE_COSIGNATURE, world.key.public_key));
    checkpoint_text(&world.checkpoint, ORIGIN, &text);
    assert_int_equal(cosignature_make(buf_slice(&text), 1, world.signer, cosignature), 0);

    for (size_t i = 0; i < 2; i++) {
        _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
        cosignature[7] ^= (uint8_t)i;
        assert_int_equal(checkpoint_cosigned_write(i == 0 ? &another : &world.checkpoint, ORIGIN,
                                                   &witness, cosignature, &note),
                         0);
        assert_false(checkpoint_check_cosigned(buf_slice(&note), ORIGIN, &witness, &checked));
    }
}

static void well_signed_texts_that_are_no_checkpoints_are_refused(void **state)
{
    (void)state;
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    static const char *const bad[] = {
        ORIGIN "\n",
        ORIGIN "\n5\n",
        "other.example\n5\n" ROOT "\n",
        ORIGIN "x\n5\n" ROOT "\n",
        ORIGIN "\n05\n" ROOT "\n",
        ORIGIN "\n+5\n" ROOT "\n",
        ORIGIN "\n-5\n" ROOT "\n",
        ORIGIN "\n5 \n" ROOT "\n",
        ORIGIN "\n\n" ROOT "\n",
        ORIGIN "\n0x5\n" ROOT "\n",
        ORIGIN "\n9223372036854775808\n" ROOT "\n",
        ORIGIN "\n92233720368547758070\n" ROOT "\n",
        ORIGIN "\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n",
        ORIGIN "\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
        ORIGIN "\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
        ORIGIN "\n5\n" ROOT "AAAA\n",
        ORIGIN "\n5\n" ROOT "\nextension\n",
        ORIGIN "\n5\n" ROOT "\n\n",
        "\n" ORIGIN "\n5\n" ROOT "\n",
    };
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    struct checkpoint checked;

    sign_text(ORIGIN "\n9223372036854775807\n" ROOT "\n", &note);
    assert_true(checkpoint_check(buf_slice(&note), &world.key, &checked));
    sign_text(ORIGIN "\n0\n" ROOT "\n", &note);
    assert_true(checkpoint_check(buf_slice(&note), &world.key, &checked));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        sign_text(bad[i], &note);
        if (checkpoint_check(buf_slice(&note), &world.key, &checked)) {
            fail_msg("row %zu was accepted", i);
        }
    }
#undef ROOT
}

static void a_changed_or_foreign_checkpoint_is_refused(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    struct checkpoint checked;
    struct note_key peter;
    assert_true(note_vkey_parse(VECTOR_PETER_VKEY, &peter));
    assert_int_equal(checkpoint_sign(&world.checkpoint, &world.key, world.signer, &note), 0);

    for (size_t i = 0; i < note.len; i++) {
        note.data[i] ^= 1;
        assert_false(checkpoint_check(buf_slice(&note), &world.key, &checked));
        note.data[i] ^= 1;
    }
    assert_false(checkpoint_check(buf_slice(&note), &peter, &checked));
    assert_false(checkpoint_check(slice_make(note.data, note.len - 1), &world.key, &checked));
    assert_true(checkpoint_check(buf_slice(&note), &world.key, &checked));
}

static void a_cosignature_is_byte_for_byte_the_independent_one(void **state)
{
    (void)state;
    uint8_t cosignature[COSIGNATURE_BYTES];
    char hex[HEX_BYTES(COSIGNATURE_BYTES)];

    int r = cosignature_make(slice_of_text(VECTOR_COSIGNED_TEXT), VECTOR_COSIGNED_TIME_S,
                             world.signer, cosignature);

    assert_int_equal(r, 0);
    hex_encode(SLICE_OF(cosignature), hex);
    assert_string_equal(hex, VECTOR_COSIGNATURE);
}

static void a_cosignature_covers_its_time_and_every_byte_of_the_text(void **state)
{
    (void)state;
    char text[] = VECTOR_COSIGNED_TEXT;
    struct slice slice = slice_of_text(text);
    uint8_t cosignature[COSIGNATURE_BYTES];
    assert_true(hex_decode(VECTOR_COSIGNATURE, cosignature, sizeof(cosignature)));
    assert_true(cosignature_check(slice, cosignature, world.verifier));

    for (size_t i = 0; i < COSIGNATURE_BYTES; i++) {
        cosignature[i] ^= 0x10;
        assert_false(cosignature_check(slice, cosignature, world.verifier));
        cosignature[i] ^= 0x10;
    }
    for (size_t i = 0; i < slice.len; i++) {
        text[i] ^= 1;
        assert_false(cosignature_check(slice, cosignature, world.verifier));
        text[i] ^= 1;
    }
}

static void a_cosignature_is_not_a_signature_of_the_note(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    uint8_t cosignature[COSIGNATURE_BYTES];
    struct checkpoint checked;
    checkpoint_text(&world.checkpoint, ORIGIN, &note);
    assert_int_equal(cosignature_make(buf_slice(&note), 0, world.signer, cosignature), 0);
    buf_add_text(&note, "\n");

    struct slice signature = slice_make(cosignature + 8, SIGN_SIGNATURE_BYTES);
    assert_int_equal(note_cosign_line(&world.key, signature, &note), 0);

    assert_false(checkpoint_check(buf_slice(&note), &world.key, &checked));
}

static void a_cosignature_has_a_latest_time_and_a_longest_text(void **state)
{
    (void)state;
    static uint8_t endless[CAIRN_NOTE_MAX_BYTES];
    struct slice text = slice_of_text(VECTOR_COSIGNED_TEXT);
    uint8_t cosignature[COSIGNATURE_BYTES];
    const uint64_t last = INT64_MAX;

    assert_int_equal(cosignature_make(text, last + 1, world.signer, cosignature), -ERANGE);
    assert_int_equal(cosignature_make(SLICE_OF(endless), 0, world.signer, cosignature), -EMSGSIZE);
    assert_int_equal(cosignature_make(text, last, world.signer, cosignature), 0);
    assert_true(cosignature_check(text, cosignature, world.verifier));
    assert_false(cosignature_check(SLICE_OF(endless), cosignature, world.verifier));
}

static void a_proof_document_proves_each_leaf(void **state)
{
    (void)state;

    for (size_t i = 0; i < LEAVES; i++) {
        _cleanup_(buf_deinit) struct buf document = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
        struct checkpoint checked;
        struct tlog_proof parsed;
        write_proof(i, &document);
        assert_true(tlog_proof_check(buf_slice(&document), &world.key, &checked));
        assert_int_equal(checked.size, LEAVES);
        assert_true(tlog_proof_parse(buf_slice(&document), &parsed));
        assert_int_equal(parsed.index, i);
        assert_true(slice_equal(slice_make(parsed.leaf_data, parsed.leaf_len), leaf_data(i)));
    }
}

static void no_changed_byte_of_a_proof_document_goes_unnoticed(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf document = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    struct checkpoint checked;
    write_proof(6, &document);

    for (size_t i = 0; i < document.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            document.data[i] ^= (uint8_t)(1U << bit);
            assert_false(tlog_proof_check(buf_slice(&document), &world.key, &checked));
            document.data[i] ^= (uint8_t)(1U << bit);
        }
    }
    for (size_t len = 0; len < document.len; len++) {
        assert_false(tlog_proof_check(slice_make(document.data, len), &world.key, &checked));
    }
    assert_true(tlog_proof_check(buf_slice(&document), &world.key, &checked));
}

static void malformed_proof_documents_are_refused(void **state)
{
    (void)state;
#define TITLE "c2sp.org/tlog-proof@v1\n"
#define HASH  "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    static const char *const bad[] = {
        "",
        TITLE,
        TITLE "index 0\n",
        TITLE "index 0\n" HASH,
        "c2sp.org/tlog-proof@v2\nextra AA==\nindex 0\n\nnote\n",
        TITLE "extra AA==\n\nnote\n",
        TITLE "extra\nindex 0\n\nnote\n",
        TITLE "extra \nindex 0\n\nnote\n",
        TITLE "extra AA=\nindex 0\n\nnote\n",
        TITLE "extra AB==\nindex 0\n\nnote\n",
        TITLE "extra AA==\nextra AA==\nindex 0\n\nnote\n",
        TITLE "index 0\nextra AA==\n\nnote\n",
        TITLE "index 00\n\nnote\n",
        TITLE "index -5\n\nnote\n",
        TITLE "index one\n\nnote\n",
        TITLE "index  1\n\nnote\n",
        TITLE "index\n\nnote\n",
        TITLE "index 18446744073709551616\n\nnote\n",
        TITLE "index 0\n!!notbase64!!\n\nnote\n",
        TITLE "index 0\nAAAA\n\nnote\n",
        TITLE "index 0\n" HASH " " HASH "\nnote\n",
    };
    struct tlog_proof parsed;

    assert_true(tlog_proof_parse(slice_of_text(TITLE "extra AA==\nindex 0\n\nnote\n"), &parsed));
    assert_true(tlog_proof_parse(slice_of_text(TITLE "index 5\n" HASH "\nnote\n"), &parsed));
    assert_int_equal(parsed.leaf_len, 0);
    assert_int_equal(parsed.proof.n, 1);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (tlog_proof_parse(slice_of_text(bad[i]), &parsed)) {
            fail_msg("row %zu was accepted", i);
        }
    }
}

static void a_proof_document_has_a_longest_path_and_note(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf document = BUF_MAX(4 * CAIRN_NOTE_MAX_BYTES);
    struct tlog_proof parsed;
    static uint8_t note[CAIRN_NOTE_MAX_BYTES];

    buf_add_text(&document, TITLE "index 0\n");
    for (size_t i = 0; i < CAIRN_PROOF_MAX_HASHES; i++) {
        buf_add_text(&document, HASH);
    }
    size_t path_end = document.len;
    buf_add_text(&document, "\n");
    buf_add(&document, note, sizeof(note));
    assert_true(tlog_proof_parse(buf_slice(&document), &parsed));
    buf_add(&document, note, 1);
    assert_false(tlog_proof_parse(buf_slice(&document), &parsed));
    document.len = path_end;
    buf_add_text(&document, HASH "\nnote\n");
    assert_false(tlog_proof_parse(buf_slice(&document), &parsed));
#undef HASH
#undef TITLE
}

static void a_leaf_without_data_has_no_extra_line(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf document = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    const struct tree_proof proof = {.n = 0};
    struct checkpoint single = {.size = 1};
    struct checkpoint checked;
    tree_leaf(SLICE_NULL, &single.root);
    assert_int_equal(checkpoint_sign(&single, &world.key, world.signer, &note), 0);

    assert_int_equal(tlog_proof_write(0, SLICE_NULL, &proof, buf_slice(&note), &document), 0);

    assert_null(strstr(buf_text(&document), "extra"));
    assert_true(tlog_proof_check(buf_slice(&document), &world.key, &checked));
}

static void what_does_not_fit_a_proof_document_is_not_written(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf document = BUF_MAX(100);
    static uint8_t data[1025];
    const struct tree_proof proof = {.n = 0};
    struct slice note = slice_of_text("note\n");

    assert_int_equal(tlog_proof_write(0, SLICE_OF(data), &proof, note, &document), -EINVAL);
    assert_int_equal(tlog_proof_write(UINT64_MAX, SLICE_NULL, &proof, note, &document), -EINVAL);
    assert_int_equal(tlog_proof_write(0, slice_make(data, 1024), &proof, note, &document),
                     -EMSGSIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signed_checkpoint_checks_and_says_the_same),
        cmocka_unit_test(the_text_is_origin_size_and_root),
        cmocka_unit_test(a_checkpoint_survives_the_lines_of_its_witnesses),
        cmocka_unit_test(well_signed_texts_that_are_no_checkpoints_are_refused),
        cmocka_unit_test(a_changed_or_foreign_checkpoint_is_refused),
        cmocka_unit_test(what_was_cosigned_is_a_note_of_its_own),
        cmocka_unit_test(a_note_of_another_head_or_time_was_not_cosigned),
        cmocka_unit_test(a_cosignature_is_byte_for_byte_the_independent_one),
        cmocka_unit_test(a_cosignature_covers_its_time_and_every_byte_of_the_text),
        cmocka_unit_test(a_cosignature_is_not_a_signature_of_the_note),
        cmocka_unit_test(a_cosignature_has_a_latest_time_and_a_longest_text),
        cmocka_unit_test(a_proof_document_proves_each_leaf),
        cmocka_unit_test(no_changed_byte_of_a_proof_document_goes_unnoticed),
        cmocka_unit_test(malformed_proof_documents_are_refused),
        cmocka_unit_test(a_proof_document_has_a_longest_path_and_note),
        cmocka_unit_test(a_leaf_without_data_has_no_extra_line),
        cmocka_unit_test(what_does_not_fit_a_proof_document_is_not_written),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
