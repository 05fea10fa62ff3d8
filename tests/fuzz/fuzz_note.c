/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signed note. What parses has one form: rendered again it is the same bytes, unless it holds a
 * signature of a type that is too long for us. And only Peter's published signature is good.
 */
#include "crypto/crypto.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/vectors_note.h"
#include "tree/note.h"

static struct note_key keys[2];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct error error = ERROR_NULL;

    (void)argc;
    (void)argv;
    return crypto_init(&error) == 0 && note_vkey_parse(VECTOR_PETER_VKEY, &keys[0]) &&
                   note_vkey_parse(VECTOR_C2SP_VKEY, &keys[1])
               ? 0
               : 1;
}

static void expect_canonical(struct slice bytes, const struct note *note)
{
    _cleanup_(buf_deinit) struct buf again = BUF_MAX(CAIRN_NOTE_MAX_BYTES);

    buf_add_slice(&again, note->text);
    buf_add_text(&again, "\n");
    for (size_t i = 0; i < note->n_signatures; i++) {
        const struct note_signature *signature = &note->signatures[i];
        struct note_key key = {.id = signature->key_id};
        if (signature->payload_len == 0 || signature->name.len >= sizeof(key.name)) {
            return;
        }
        struct writer name = writer_over(key.name, sizeof(key.name) - 1);
        write_slice(&name, signature->name);
        struct slice payload = slice_make(signature->payload, signature->payload_len);
        int r = note_cosign_line(&key, payload, &again);
        assert(r == 0);
    }
    assert(slice_equal(bytes, buf_slice(&again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice bytes = slice_make(data, size);
    struct note note;

    if (note_parse(bytes, &note)) {
        assert(note.n_signatures > 0 && note.text.data[note.text.len - 1] == '\n');
        expect_canonical(bytes, &note);
        if (note_count_good(&note, keys, ARRAY_LEN(keys)) > 0) {
            assert(slice_is_text(note.text, VECTOR_NOTE_TEXT));
        }
    }
    return 0;
}
