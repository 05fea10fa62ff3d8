/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "tree/note.h"
#include "unit/vectors_note.h"

#define DASH        "\xe2\x80\x94 "
#define GOOD_NOTE   VECTOR_NOTE_TEXT "\n" VECTOR_PETER_LINE
#define SIGNED_NOTE GOOD_NOTE VECTOR_ENOCH_LINE

/* Two keys whose owners signed the published note, and Peter's signer. */
struct world {
    struct note_key keys[2];
    struct signer *peter;
};

static struct world world;

#define PETER 0
#define ENOCH 1

static int setup(void **state)
{
    (void)state;
    struct error error = ERROR_NULL;
    uint8_t seed[SIGN_SECRET_BYTES];
    _cleanup_(secret_deinit) struct secret secret = SECRET_NULL;

    if (crypto_init(&error) < 0 || !hex_decode(VECTOR_PETER_SEED, seed, sizeof(seed)) ||
        !note_vkey_parse(VECTOR_PETER_VKEY, &world.keys[PETER]) ||
        !note_vkey_parse(VECTOR_ENOCH_VKEY, &world.keys[ENOCH])) {
        return -1;
    }
    secret_set(&secret, seed, sizeof(seed));
    return signer_new(&secret, &world.peter);
}

static int teardown(void **state)
{
    (void)state;
    signer_free(&world.peter);
    crypto_deinit();
    return 0;
}

static bool parses(const char *text)
{
    struct note note;

    return note_parse(slice_of_text(text), &note);
}

static int count_good(const char *text, const struct note_key *keys, size_t n)
{
    struct note note;

    assert_true(note_parse(slice_of_text(text), &note));
    return note_count_good(&note, keys, n);
}

static void add_lines(struct buf *out, const char *line, size_t n)
{
    buf_add_text(out, VECTOR_NOTE_TEXT "\n");
    for (size_t i = 0; i < n; i++) {
        buf_add_text(out, line);
    }
}

static void published_keys_survive_parsing_and_formatting(void **state)
{
    (void)state;
    static const char *const vkeys[] = {VECTOR_C2SP_VKEY, VECTOR_WITNESS_VKEY, VECTOR_PETER_VKEY,
                                        VECTOR_ENOCH_VKEY};

    for (size_t i = 0; i < ARRAY_LEN(vkeys); i++) {
        struct note_key key;
        char text[NOTE_VKEY_BYTES];
        assert_true(note_vkey_parse(vkeys[i], &key));
        note_vkey_format(&key, text);
        assert_string_equal(text, vkeys[i]);
    }
}

static void every_part_of_a_key_and_every_changed_key_is_refused(void **state)
{
    (void)state;
    const char *vkey = VECTOR_PETER_VKEY;
    const size_t len = strlen(vkey);
    struct note_key key;
    char text[NOTE_VKEY_BYTES];

    for (size_t from = 0; from < len; from++) {
        for (size_t to = from + 1; to <= len; to++) {
            memcpy(text, vkey + from, to - from);
            text[to - from] = '\0';
            assert_int_equal(note_vkey_parse(text, &key), from == 0 && to == len);
        }
    }
    for (size_t i = 0; i < len; i++) {
        memcpy(text, vkey, len + 1);
        text[i]++;
        assert_false(note_vkey_parse(text, &key));
    }
    assert_false(note_vkey_parse(VECTOR_LONG_VKEY, &key));
    assert_false(note_vkey_parse(VECTOR_UNKNOWN_TYPE_VKEY, &key));
    assert_false(note_vkey_parse("", &key));
}

static void a_key_name_has_no_spaces_and_no_plus(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "a b",
        "a+b",
        "a\tb",
        "a\nb",
        " a",
        "a\xc2\xa0"
        "b", /* no-break space */
        "a\xe2\x80\xa8"
        "b", /* line separator */
        "a\xe3\x80\x80"
        "b",    /* ideographic space */
        "\xff", /* not UTF-8 */
    };
    const uint8_t *public_key = world.keys[PETER].public_key;
    struct note_key key;
    char name[NOTE_NAME_MAX_BYTES + 1];

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(note_key_init(&key, bad[i], NOTE_TYPE_ED25519, public_key));
    }
    memset(name, 'n', sizeof(name));
    name[NOTE_NAME_MAX_BYTES] = '\0';
    assert_false(note_key_init(&key, name, NOTE_TYPE_ED25519, public_key));
    name[NOTE_NAME_MAX_BYTES - 1] = '\0';
    assert_true(note_key_init(&key, name, NOTE_TYPE_ED25519, public_key));
    assert_true(note_key_init(&key, "caf\xc3\xa9.example/log", NOTE_TYPE_ED25519, public_key));
}

static void the_longest_name_fits_its_formatted_key(void **state)
{
    (void)state;
    char name[NOTE_NAME_MAX_BYTES];
    char text[NOTE_VKEY_BYTES];
    struct note_key key;
    struct note_key parsed;
    memset(name, 'n', sizeof(name));
    name[NOTE_NAME_MAX_BYTES - 1] = '\0';
    assert_true(note_key_init(&key, name, NOTE_TYPE_ED25519, world.keys[PETER].public_key));

    note_vkey_format(&key, text);

    assert_true(note_vkey_parse(text, &parsed));
    assert_string_equal(parsed.name, name);
    assert_int_equal(parsed.id, key.id);
}

static void a_signed_note_is_byte_for_byte_the_published_one(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf out = BUF_MAX(CAIRN_NOTE_MAX_BYTES);

    int r = note_sign(slice_of_text(VECTOR_NOTE_TEXT), &world.keys[PETER], world.peter, &out);

    assert_int_equal(r, 0);
    assert_string_equal(buf_text(&out), GOOD_NOTE);
}

static void published_signatures_hold(void **state)
{
    (void)state;

    assert_int_equal(count_good(SIGNED_NOTE, world.keys, 2), 2);
}

static void signatures_of_unknown_keys_are_ignored(void **state)
{
    (void)state;
    struct note_key renamed;
    assert_true(
        note_key_init(&renamed, "CarmenSandiego", NOTE_TYPE_ED25519, world.keys[PETER].public_key));

    assert_int_equal(count_good(SIGNED_NOTE, &world.keys[ENOCH], 1), 1);
    assert_int_equal(count_good(GOOD_NOTE, &world.keys[ENOCH], 1), 0);
    assert_int_equal(count_good(GOOD_NOTE, &renamed, 1), 0);
    assert_int_equal(count_good(GOOD_NOTE, NULL, 0), 0);
}

static void a_bad_signature_of_a_known_key_refuses_the_whole_note(void **state)
{
    (void)state;
    const char *changed = "You" VECTOR_NOTE_TEXT "\n" VECTOR_PETER_LINE VECTOR_ENOCH_LINE;
    /* Three bytes more than a signature has. */
    const char *padded = VECTOR_NOTE_TEXT "\n" VECTOR_ENOCH_LINE DASH "PeterNeumann "
                                          "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInABCD"
                                          "NIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    assert_int_equal(count_good(changed, world.keys, 2), -1);
    assert_int_equal(count_good(padded, world.keys, 2), -1);
    assert_int_equal(count_good(padded, &world.keys[ENOCH], 1), 1);
}

static void a_key_counts_once_however_often_and_under_whatever_names_it_signed(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf out = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    struct note_key keys[3] = {world.keys[PETER]};
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    struct slice text = slice_of_text(VECTOR_NOTE_TEXT);
    assert_true(note_key_init(&keys[1], "PetersOtherName", NOTE_TYPE_ED25519, keys[0].public_key));
    keys[2] = keys[0];
    assert_int_equal(signer_sign(world.peter, SIGN_NOTE, text, signature), 0);
    assert_int_equal(note_sign(text, &keys[0], world.peter, &out), 0);
    assert_int_equal(note_cosign_line(&keys[0], SLICE_OF(signature), &out), 0);
    assert_int_equal(note_cosign_line(&keys[1], SLICE_OF(signature), &out), 0);

    assert_int_equal(count_good(buf_text(&out), keys, 3), 1);
    assert_int_equal(count_good(buf_text(&out), &keys[1], 1), 1);
}

static void a_cosigning_key_does_not_count_as_a_signer(void **state)
{
    (void)state;
    struct note_key key;
    assert_true(
        note_key_init(&key, "PeterNeumann", NOTE_TYPE_COSIGNATURE, world.keys[PETER].public_key));
    key.id = world.keys[PETER].id;

    assert_int_equal(count_good(GOOD_NOTE, &key, 1), 0);
}

static void the_last_empty_line_separates(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf out = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    const char *text = "first\n\nsecond\n\n" DASH "not a signature of this note\n\n";
    struct note note;
    assert_int_equal(note_sign(slice_of_text(text), &world.keys[PETER], world.peter, &out), 0);

    assert_true(note_parse(buf_slice(&out), &note));

    assert_true(slice_is_text(note.text, text));
    assert_int_equal(note.n_signatures, 1);
    assert_int_equal(note_count_good(&note, &world.keys[PETER], 1), 1);
}

static void malformed_notes_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "\n",
        "\n\n",
        VECTOR_NOTE_TEXT,
        VECTOR_NOTE_TEXT "\n",
        VECTOR_NOTE_TEXT VECTOR_PETER_LINE,
        "\x01" GOOD_NOTE,
        "\t" GOOD_NOTE,
        "\xff" GOOD_NOTE,
        GOOD_NOTE "Unexpected line.\n",
        GOOD_NOTE "\n",
        GOOD_NOTE DASH "NoNewline AAAAAAA=",
        VECTOR_NOTE_TEXT "\n" DASH "Bad Name AAAAAAA=\n",
        VECTOR_NOTE_TEXT "\n" DASH "Bad+Name AAAAAAA=\n",
        VECTOR_NOTE_TEXT "\n" DASH "\xc2\xa0 AAAAAAA=\n",
        VECTOR_NOTE_TEXT "\n" DASH " AAAAAAA=\n",
        VECTOR_NOTE_TEXT "\n" DASH "NoPayload AAAAAA==\n",
        VECTOR_NOTE_TEXT "\n" DASH "NoBase64\n",
        VECTOR_NOTE_TEXT "\n" DASH "NotBase64 AAAA*AA=\n",
        VECTOR_NOTE_TEXT "\n" DASH "NotCanonical AAAAAAB=\n",
        VECTOR_NOTE_TEXT "\n- AsciiDash AAAAAAA=\n",
        VECTOR_NOTE_TEXT "\n\xe2\x80\x94NoSpace AAAAAAA=\n",
    };

    assert_true(parses(VECTOR_NOTE_TEXT "\n" DASH "Shortest AAAAAAA=\n"));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (parses(bad[i])) {
            fail_msg("row %zu was accepted", i);
        }
    }
}

static void a_zero_byte_is_refused(void **state)
{
    (void)state;
    static const char note_text[] = "a\0b\n\n" DASH "Shortest AAAAAAA=\n";
    struct note note;

    assert_false(note_parse(slice_make(note_text, sizeof(note_text) - 1), &note));
}

static void sixteen_signatures_are_accepted_and_no_more(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf most = BUF_MAX(2 * CAIRN_NOTE_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf more = BUF_MAX(2 * CAIRN_NOTE_MAX_BYTES);

    add_lines(&most, VECTOR_PETER_LINE, CAIRN_NOTE_SIGNATURES_MAX);
    add_lines(&more, VECTOR_PETER_LINE, CAIRN_NOTE_SIGNATURES_MAX + 1);

    assert_int_equal(count_good(buf_text(&most), &world.keys[PETER], 1), 1);
    assert_false(parses(buf_text(&more)));
}

static void a_note_has_a_largest_size(void **state)
{
    (void)state;
    static char text[CAIRN_NOTE_MAX_BYTES + 2];
    const char *tail = "\n\n" DASH "Shortest AAAAAAA=\n";

    memset(text, 'x', sizeof(text));
    memcpy(text + CAIRN_NOTE_MAX_BYTES - strlen(tail), tail, strlen(tail) + 1);
    assert_true(parses(text));
    memset(text, 'x', sizeof(text));
    memcpy(text + CAIRN_NOTE_MAX_BYTES + 1 - strlen(tail), tail, strlen(tail) + 1);
    assert_false(parses(text));
}

static void a_signature_of_an_unknown_long_type_does_not_hide_ours(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf out = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    static uint8_t bytes[2420 + 12]; /* as long as an ML-DSA-44 cosignature */
    static char base64[BASE64_BYTES(sizeof(bytes))];
    struct note note;
    base64_encode(SLICE_OF(bytes), base64);
    buf_format(&out, "%s" DASH "mldsa.example %s\n", GOOD_NOTE, base64);

    assert_true(note_parse(buf_slice(&out), &note));

    assert_int_equal(note.n_signatures, 2);
    assert_int_equal(note.signatures[1].payload_len, 0);
    assert_int_equal(note_count_good(&note, world.keys, 2), 1);
}

static void published_cosigned_checkpoint_is_taken_apart(void **state)
{
    (void)state;
    struct note note;

    assert_true(note_parse(slice_of_text(VECTOR_COSIGNED_NOTE), &note));

    assert_true(slice_is_text(note.text, VECTOR_COSIGNED_TEXT));
    assert_int_equal(note.n_signatures, 2);
    assert_int_equal(note.signatures[0].payload_len, 64);
    assert_true(slice_is_text(note.signatures[1].name, "witness.example.com/w1"));
    assert_int_equal(note.signatures[1].payload_len, 72);
    assert_int_equal(note.signatures[1].key_id, 0x8d66cf3f);
}

static void what_would_not_parse_is_not_signed(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "no newline", "a\tb\n", "a\rb\n", "\x1b[31m red\n", "\xc3\x28\n", "\x7f\xff\n",
    };
    _cleanup_(buf_deinit) struct buf out = BUF_MAX(CAIRN_NOTE_MAX_BYTES);

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct slice text = slice_of_text(bad[i]);
        assert_int_equal(note_sign(text, &world.keys[PETER], world.peter, &out), -EINVAL);
    }
    assert_int_equal(out.len, 0);
}

static void a_signer_signs_in_no_other_name(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf out = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    struct note_key witness;
    struct slice text = slice_of_text(VECTOR_NOTE_TEXT);
    assert_true(note_key_init(&witness, "PeterNeumann", NOTE_TYPE_COSIGNATURE,
                              world.keys[PETER].public_key));

    assert_int_equal(note_sign(text, &world.keys[ENOCH], world.peter, &out), -EINVAL);
    assert_int_equal(note_sign(text, &witness, world.peter, &out), -EINVAL);
    assert_int_equal(out.len, 0);
}

static void a_full_buffer_is_reported(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf out = BUF_MAX(sizeof(VECTOR_NOTE_TEXT) + 20);
    uint8_t payload[77]; /* one more than any payload */
    memset(payload, 0, sizeof(payload));

    int r = note_sign(slice_of_text(VECTOR_NOTE_TEXT), &world.keys[PETER], world.peter, &out);

    assert_int_equal(r, -EMSGSIZE);
    buf_reset(&out);
    assert_int_equal(note_cosign_line(&world.keys[PETER], SLICE_OF(payload), &out), -EINVAL);
    assert_int_equal(note_cosign_line(&world.keys[PETER], SLICE_NULL, &out), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_keys_survive_parsing_and_formatting),
        cmocka_unit_test(every_part_of_a_key_and_every_changed_key_is_refused),
        cmocka_unit_test(a_key_name_has_no_spaces_and_no_plus),
        cmocka_unit_test(the_longest_name_fits_its_formatted_key),
        cmocka_unit_test(a_signed_note_is_byte_for_byte_the_published_one),
        cmocka_unit_test(published_signatures_hold),
        cmocka_unit_test(signatures_of_unknown_keys_are_ignored),
        cmocka_unit_test(a_bad_signature_of_a_known_key_refuses_the_whole_note),
        cmocka_unit_test(a_key_counts_once_however_often_and_under_whatever_names_it_signed),
        cmocka_unit_test(a_cosigning_key_does_not_count_as_a_signer),
        cmocka_unit_test(the_last_empty_line_separates),
        cmocka_unit_test(malformed_notes_are_refused),
        cmocka_unit_test(a_zero_byte_is_refused),
        cmocka_unit_test(sixteen_signatures_are_accepted_and_no_more),
        cmocka_unit_test(a_note_has_a_largest_size),
        cmocka_unit_test(a_signature_of_an_unknown_long_type_does_not_hide_ours),
        cmocka_unit_test(published_cosigned_checkpoint_is_taken_apart),
        cmocka_unit_test(what_would_not_parse_is_not_signed),
        cmocka_unit_test(a_signer_signs_in_no_other_name),
        cmocka_unit_test(a_full_buffer_is_reported),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
