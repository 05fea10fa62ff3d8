/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document offered to a snapshot, or as the start of trust: a byte for the document, one for its
 * version, one for what is wrong with the offer, and the text. Only what the root's keys signed, as
 * that document, is accepted, and a snapshot that was accepted begins again from its own bytes.
 */
#include <string.h>

#include "crypto/crypto.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/governing.h"

enum wrong {
    AT_THE_START = 1,   /* there is no snapshot yet */
    OF_NOBODY = 2,      /* the snapshot is empty */
    ROOT_ONLY = 4,      /* the snapshot holds no directory */
    BY_ANOTHER_KEY = 8, /* the second key signs, which version 1 of the root does not name */
    BY_BOTH = 16,       /* both sign */
    OF_ANOTHER = 32,    /* the note speaks of another document */
    CHANGED_SINCE = 64, /* the text lacks its last byte */
    ELSEWHERE = 128     /* the note is of another partnership */
};

static struct governing full;
static struct governing bare;
static const struct governance nothing;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct test_agency agencies[] = {{1, "gp-elm", "gp", false},
                                                  {3, "mash", "mash", false}};
    struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);

    (void)argc;
    (void)argv;
    if (crypto_init(NULL) < 0) {
        return 1;
    }
    governing_init(&bare);
    governing_init(&full);
    governing_directory_text(agencies, ARRAY_LEN(agencies), &text);
    enum govern_result result = governing_offer(&full, GOVERNANCE_DIRECTORY, 1, buf_slice(&text));
    governing_template("calendar", &text);
    enum govern_result second = governing_offer(&full, GOVERNANCE_CALENDAR, 2, buf_slice(&text));
    buf_deinit(&text);
    return result == GOVERN_ACCEPTED && second == GOVERN_ACCEPTED ? 0 : 1;
}

static void sign(const struct govern_document *offered, uint64_t version, unsigned wrong,
                 struct buf *note)
{
    size_t by = (wrong & BY_ANOTHER_KEY) != 0 ? 1 : 0;
    enum governance_document document = offered->document;

    if ((wrong & OF_ANOTHER) != 0) {
        document = document == GOVERNANCE_ROOT ? GOVERNANCE_CALENDAR : GOVERNANCE_ROOT;
    }
    if ((wrong & (BY_ANOTHER_KEY | ELSEWHERE)) == 0) {
        governing_note(&full, (wrong & BY_BOTH) != 0 ? 2 : 1, document, version, offered->text,
                       note);
        return;
    }
    const struct govern_signing signing = {
        .origin = (wrong & ELSEWHERE) != 0 ? "cairn.example.org/other" : GOVERNING_ORIGIN,
        .key = &full.keys[by],
        .signer = full.signers[by],
    };
    int r = govern_note_make(&signing, document, version, offered->text, note);
    assert(r == 0);
}

static const struct governance *held_before(unsigned wrong)
{
    if ((wrong & AT_THE_START) != 0) {
        return NULL;
    }
    if ((wrong & OF_NOBODY) != 0) {
        return &nothing;
    }
    return (wrong & ROOT_ONLY) != 0 ? bare.governance : full.governance;
}

static void check_accepted(struct governance *made, const struct govern_document *offered,
                           unsigned wrong)
{
    struct govern_document held;
    struct governance *again = NULL;
    struct error error = ERROR_NULL;

    assert((wrong & (OF_ANOTHER | CHANGED_SINCE | OF_NOBODY)) == 0);
    bool found = governance_held(made, offered->document, &held);
    assert(found && slice_equal(held.text, offered->text));
    found = governance_held(made, GOVERNANCE_ROOT, &held);
    assert(found);
    enum govern_result result = governance_next(NULL, &held, &again, &error);
    assert(result == GOVERN_ACCEPTED && again->root.threshold == made->root.threshold);
    governance_unref(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    _cleanup_(governance_unref) struct governance *made = NULL;
    struct reader reader = reader_over(slice_make(data, size));
    struct error error = ERROR_NULL;
    struct govern_document offered = {
        .document = (enum governance_document)(1 + read_u8(&reader) % GOVERNANCE_DOCUMENTS)};
    const uint64_t version = 1 + read_u8(&reader) % 4;
    const unsigned wrong = read_u8(&reader);

    offered.text = read_bytes(&reader, reader.left);
    if (!reader_ok(&reader) || offered.text.len > CAIRN_GOVERNANCE_DOC_MAX_BYTES) {
        return 0;
    }
    sign(&offered, version, wrong, &note);
    offered.note = buf_slice(&note);
    if ((wrong & CHANGED_SINCE) != 0 && offered.text.len > 0) {
        offered.text.len--;
    }
    enum govern_result result = governance_next(held_before(wrong), &offered, &made, &error);
    assert((result == GOVERN_ACCEPTED) == (made != NULL));
    assert(govern_result_text(result) != NULL);
    if (made != NULL) {
        check_accepted(made, &offered, wrong);
    }
    return 0;
}
