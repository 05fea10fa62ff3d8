/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docs/protocol.md says what the code does: its tables and examples are rendered here and compared
 * byte for byte. With CAIRN_REGENERATE=1 in the environment they are rewritten instead, and so are
 * the samples that fuzzing starts from.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/text.h"
#include "support/crypto.h"
#include "support/wire_samples.h"
#include "wire/leaf.h"

#define DOCUMENT      SOURCE_DIR "/docs/protocol.md"
#define CORPUS        SOURCE_DIR "/tests/fuzz/corpus"
#define TEXT_MAX      (1024 * 1024)
#define BYTES_PER_ROW 32

static bool regenerating(void)
{
    const char *wanted = getenv("CAIRN_REGENERATE");

    return wanted != NULL && strcmp(wanted, "1") == 0;
}

/* --- files --- */

static void read_file(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "rbe");
    size_t got = 0;
    uint8_t chunk[4096];

    if (file == NULL) {
        fail_msg("%s: %s", path, strerror(errno));
        return;
    }
    while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0) {
        buf_add(out, chunk, got);
    }
    assert_int_equal(fclose(file), 0);
    assert_true(buf_ok(out));
}

static void write_file(const char *path, struct slice bytes)
{
    FILE *file = fopen(path, "wbe");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
}

/* --- hex --- */

static void render_hex(struct buf *out, struct slice bytes)
{
    buf_add_text(out, "```hex\n");
    for (size_t at = 0; at < bytes.len; at += BYTES_PER_ROW) {
        char row[HEX_BYTES(BYTES_PER_ROW)];
        size_t left = bytes.len - at;
        hex_encode(slice_make(bytes.data + at, left < BYTES_PER_ROW ? left : BYTES_PER_ROW), row);
        buf_format(out, "%s\n", row);
    }
    buf_add_text(out, "```\n");
}

static void render_sample(struct buf *out, const struct wire_sample *sample)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);

    sample->write(&bytes);
    render_hex(out, buf_slice(&bytes));
}

static void render_frame(struct buf *out)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    const struct wire_header header = {.version = 1, .type = WIRE_FETCH, .correlation = 7};

    wire_frame_begin(&frame, &header);
    wire_sample_named("fetch")->write(&frame);
    wire_frame_end(&frame);
    buf_add_text(out, "A FETCH with correlation 7, header and payload:\n\n");
    render_hex(out, buf_slice(&frame));
}

static void render_leaf(struct buf *out)
{
    const struct leaf leaf = {.type = LEAF_TOLD,
                              .time_ms = 1795334402000,
                              .agency = 7,
                              .number = 89,
                              .detail = ITEM_RELEASE,
                              .parts = PART_BIT(PART_ACCOUNT),
                              .alert = 6};
    uint8_t storage[LEAF_MAX_BYTES];

    buf_add_text(out,
                 "Agency 7 was told of a release at position 89; salt and digest are zeros here:"
                 "\n\n");
    render_hex(out, leaf_write(&leaf, storage));
}

static void render_digest(struct buf *out, const char *what, const struct hash *digest)
{
    char hex[HEX_BYTES(CAIRN_HASH_BYTES)];

    hex_encode(SLICE_OF(digest->bytes), hex);
    buf_format(out, "| %s | `%s` |\n", what, hex);
}

static void render_digests(struct buf *out)
{
    struct wire_sample_parcel sample;
    struct hash public_key;

    wire_sample_parcel_init(&sample);
    memcpy(public_key.bytes, sample.public_key, sizeof(public_key.bytes));
    buf_add_text(out, "| | |\n| --- | --- |\n");
    render_digest(out, "item digest of the subject statement", &sample.items[0]);
    render_digest(out, "its grants digest (none)", &sample.grants_digests[0]);
    render_digest(out, "its entry digest", &sample.digests[0]);
    render_digest(out, "item digest of the record", &sample.items[1]);
    render_digest(out, "its grants digest (three)", &sample.grants_digests[1]);
    render_digest(out, "its entry digest", &sample.digests[1]);
    render_digest(out, "root", &sample.head.root);
    render_digest(out, "public signing key", &public_key);
}

/* --- tables --- */

static const struct {
    enum wire_type type;
    const char *name;
    const char *from;
    const char *payload;
    const char *answer;
} types[] = {
    {WIRE_HELLO, "HELLO", "agent", "Hello", "HELLO_REPLY"},
    {WIRE_HELLO_REPLY, "HELLO_REPLY", "broker", "HelloReply", ""},
    {WIRE_PING, "PING", "agent", "empty", "PONG"},
    {WIRE_PONG, "PONG", "broker", "Pong", ""},
    {WIRE_PARCEL, "PARCEL", "agent", "Parcel", "RECEIPT"},
    {WIRE_RECEIPT, "RECEIPT", "broker", "Receipt", ""},
    {WIRE_FETCH, "FETCH", "agent", "Fetch", "DELIVERY, once there is a row"},
    {WIRE_DELIVERY, "DELIVERY", "broker", "Delivery", ""},
    {WIRE_GOVERNANCE_FETCH, "GOVERNANCE_FETCH", "agent", "GovernanceFetch", "GOVERNANCE_DOCUMENT"},
    {WIRE_GOVERNANCE_DOCUMENT, "GOVERNANCE_DOCUMENT", "broker", "GovernanceDocument", ""},
    {WIRE_PROOF_REQUEST, "PROOF_REQUEST", "agent", "ProofRequest", "PROOF_REPLY"},
    {WIRE_PROOF_REPLY, "PROOF_REPLY", "broker", "ProofReply", ""},
    {WIRE_STATE_REQUEST, "STATE_REQUEST", "agent", "StateRequest", "STATE_REPLY"},
    {WIRE_STATE_REPLY, "STATE_REPLY", "broker", "StateReply", ""},
    {WIRE_ERROR, "ERROR", "broker", "Error", ""},
    {WIRE_PICTURE_REQUEST, "PICTURE_REQUEST", "agent", "PictureRequest", "PICTURE_REPLY"},
    {WIRE_PICTURE_REPLY, "PICTURE_REPLY", "broker", "PictureReply", ""},
};
#define X(name, number) +1
static_assert(ARRAY_LEN(types) == WIRE_TYPES(X), "each type has its row");
#undef X

static void render_types(struct buf *out)
{
    buf_add_text(out, "| number | type | from | payload | answer, or ERROR |\n"
                      "| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        buf_format(out, "| %d | %s | %s | %s | %s |\n", (int)types[i].type, types[i].name,
                   types[i].from, types[i].payload, types[i].answer);
    }
}

static void render_verdicts(struct buf *out)
{
    buf_add_text(out, "| number | verdict | lasting | means |\n| --- | --- | --- | --- |\n");
#define X(name, number, lasting, words)                                                            \
    buf_format(out, "| %d | `%s` | %s | %s |\n", (number), verdict_name(VERDICT_##name),           \
               verdict_is_retry(VERDICT_##name) ? "retry" : "final", (words));
    CAIRN_VERDICTS(X)
#undef X
}

static void render_entry_kinds(struct buf *out)
{
    buf_add_text(out, "| kind | |\n| --- | --- |\n");
#define X(name, number) buf_format(out, "| %d | %s |\n", (number), entry_kind_text(number));
    CAIRN_ENTRY_KINDS(X)
#undef X
}

static void render_words(struct buf *out, const char *title)
{
    buf_format(out, "\n%s:\n\n| number | |\n| --- | --- |\n", title);
}

static void render_vocabulary(struct buf *out)
{
    buf_add_text(out,
                 "Record kinds and their classes:\n\n| number | | class |\n| --- | --- | --- |\n");
#define X(name, number, text, class)                                                               \
    buf_format(out, "| %d | %s | %s |\n", (number), (text), (class));
    CAIRN_RECORD_KINDS(X)
#undef X
    buf_add_text(out, "\nCodes and the record kind they refine:\n\n"
                      "| number | | refines |\n| --- | --- | --- |\n");
#define X(name, number, text, kind)                                                                \
    buf_format(out, "| %d | %s | %s |\n", (number), (text), record_kind_text(RECORD_##kind));
    CAIRN_RECORD_CODES(X)
#undef X
#define X(name, number, text) buf_format(out, "| %d | %s |\n", (number), (text));
    render_words(out, "Classes of tokens");
    CAIRN_TOKEN_CLASSES(X)
    render_words(out, "Statuses of identifiers");
    CAIRN_IDENTIFIER_STATUSES(X)
    render_words(out, "Roles of involvements");
    CAIRN_ROLES(X)
    render_words(out, "Relationships of ties");
    CAIRN_RELATIONSHIPS(X)
    render_words(out, "Outcomes of closing");
    CAIRN_OUTCOMES(X)
    render_words(out, "Reasons of narrowing");
    CAIRN_NARROW_REASONS(X)
    render_words(out, "Authorities of narrowing");
    CAIRN_AUTHORITIES(X)
#undef X
}

static const struct {
    unsigned long value;
    const char *what;
} limits[] = {
    {CAIRN_FRAME_MAX_BYTES, "bytes of one message, header included"},
    {CAIRN_PARCEL_ENTRIES_MAX, "entries of a parcel, results of a receipt"},
    {CAIRN_HEADER_MAX_BYTES, "bytes of a clear header or of a parcel's head"},
    {CAIRN_BODY_MAX_BYTES, "bytes of a body"},
    {CAIRN_GRANTS_MAX, "grants of an entry"},
    {CAIRN_TOKENS_MAX, "tokens of a subject statement"},
    {CAIRN_NARROW_MAX, "agencies that an author may leave out"},
    {CAIRN_HIDDEN_MAX_DAYS, "days that an author may hide a record"},
    {CAIRN_CREDIT_MAX, "items of a delivery, and credit"},
    {CAIRN_COSIGNED_MAX, "cosigned heads in an answer to hello"},
    {CAIRN_ALERT_RECORDS_MAX, "headlines of a notice"},
    {CAIRN_ADDRESSEES_MAX, "readers in a state reply"},
    {CAIRN_PICTURE_HEADLINES_MAX, "headlines of a picture"},
    {CAIRN_MEMBERS_MAX, "agencies involved, of a picture"},
    {CAIRN_PICTURE_SILENT_MAX, "silent agencies, of a picture"},
    {CAIRN_PROOF_MAX_HASHES, "hashes of a proof"},
    {LEAF_MAX_BYTES, "bytes of a leaf's data"},
    {CAIRN_NOTE_MAX_BYTES, "bytes of a signed note"},
    {CAIRN_NOTE_SIGNATURES_MAX, "signatures of a note"},
    {CAIRN_GOVERNANCE_DOC_MAX_BYTES, "bytes of a governance document"},
    {GOVERNANCE_DOCUMENTS, "governance documents"},
    {CAIRN_NAME_MAX_BYTES, "bytes of a software name or a rule's id"},
    {CAIRN_AGENCY_ID_MAX_BYTES, "bytes of a class or kind in a headline"},
    {CAIRN_UNPACK_BUDGET_BYTES, "bytes of memory to read one message"},
    {CAIRN_PROTOCOL_MIN, "lowest protocol version spoken"},
    {CAIRN_PROTOCOL_MAX, "highest protocol version spoken"},
};

static void render_limits(struct buf *out)
{
    buf_add_text(out, "| at most | |\n| --- | --- |\n");
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        buf_format(out, "| %lu | %s |\n", limits[i].value, limits[i].what);
    }
}

/* --- the page --- */

static const struct {
    const char *name;
    void (*render)(struct buf *out);
} sections[] = {
    {"frame", render_frame},
    {"types", render_types},
    {"entry_kinds", render_entry_kinds},
    {"vocabulary", render_vocabulary},
    {"digests", render_digests},
    {"leaf", render_leaf},
    {"limits", render_limits},
    {"verdicts", render_verdicts},
};

/* What stands between the markers of that name; false when nothing has that name. */
static bool render(const char *name, struct buf *out)
{
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        if (strcmp(sections[i].name, name) == 0) {
            sections[i].render(out);
            return true;
        }
    }
    for (size_t i = 0; i < wire_samples_count; i++) {
        if (strcmp(wire_samples[i].name, name) == 0) {
            render_sample(out, &wire_samples[i]);
            return true;
        }
    }
    return false;
}

#define BEGIN "<!-- begin "
#define CLOSE " -->\n"

/* Copies the page up to and with the next begin marker; returns what follows, NULL at the end. */
static const char *copy_to_section(const char *at, struct buf *out, char name[64])
{
    const char *begin = strstr(at, BEGIN);

    if (begin == NULL) {
        buf_add_text(out, at);
        return NULL;
    }
    const char *first = begin + strlen(BEGIN);
    const char *last = strstr(first, CLOSE);
    assert_non_null(last);
    assert_true((size_t)(last - first) < 64);
    memcpy(name, first, (size_t)(last - first));
    name[last - first] = '\0';
    buf_add(out, at, (size_t)(last + strlen(CLOSE) - at));
    return last + strlen(CLOSE);
}

/* The page as it should be. */
static void render_page(const char *page, struct buf *out)
{
    char name[64];
    char end[96];
    const char *at = page;

    while ((at = copy_to_section(at, out, name)) != NULL) {
        if (!render(name, out)) {
            fail_msg("docs/protocol.md has a section that nothing renders: %s", name);
        }
        (void)snprintf(end, sizeof(end), "<!-- end %s -->\n", name);
        at = strstr(at, end);
        if (at == NULL) {
            fail_msg("docs/protocol.md does not end its section %s", name);
        }
    }
    assert_true(buf_ok(out));
}

/* A few characters of context where two texts part. */
static void fail_with_difference(const char *found, const char *expected)
{
    size_t at = 0;

    while (found[at] != '\0' && found[at] == expected[at]) {
        at++;
    }
    size_t from = at > 40 ? at - 40 : 0;
    fail_msg("docs/protocol.md is not what the code does (CAIRN_REGENERATE=1 rewrites it)\n"
             "page: ...%.80s\ncode: ...%.80s",
             found + from, expected + from);
}

static void the_page_says_what_the_code_does(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf page = BUF_MAX(TEXT_MAX);
    _cleanup_(buf_deinit) struct buf expected = BUF_MAX(TEXT_MAX);
    read_file(DOCUMENT, &page);

    render_page(buf_text(&page), &expected);

    if (regenerating()) {
        write_file(DOCUMENT, buf_slice(&expected));
    } else if (!slice_equal(buf_slice(&page), buf_slice(&expected))) {
        fail_with_difference(buf_text(&page), buf_text(&expected));
    }
}

static void assert_shown_once(const char *page, const char *name)
{
    char marker[96];

    (void)snprintf(marker, sizeof(marker), BEGIN "%s" CLOSE, name);
    const char *first = strstr(page, marker);
    if (first == NULL || strstr(first + 1, marker) != NULL) {
        fail_msg("docs/protocol.md does not show %s exactly once", name);
    }
}

static void the_page_shows_everything_once(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf page = BUF_MAX(TEXT_MAX);
    read_file(DOCUMENT, &page);

    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        assert_shown_once(buf_text(&page), sections[i].name);
    }
    for (size_t i = 0; i < wire_samples_count; i++) {
        assert_shown_once(buf_text(&page), wire_samples[i].name);
    }
}

/* --- what fuzzing starts from --- */

static const char *const corpus_names[] = {
    [CORPUS_PARCEL] = "wire_parcel",
    [CORPUS_ENTRY] = "wire_entry",
    [CORPUS_DELIVERY] = "wire_delivery",
    [CORPUS_SESSION] = "wire_session",
};

static void assert_kept(const char *folder, const char *name, struct slice bytes)
{
    _cleanup_(buf_deinit) struct buf kept = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    char path[512];

    (void)snprintf(path, sizeof(path), CORPUS "/%s", folder);
    if (regenerating()) {
        assert_true(mkdir(path, 0777) == 0 || errno == EEXIST);
    }
    (void)snprintf(path, sizeof(path), CORPUS "/%s/%s", folder, name);
    if (regenerating()) {
        write_file(path, bytes);
    }
    read_file(path, &kept);
    if (!slice_equal(bytes, buf_slice(&kept))) {
        fail_msg("%s is not the sample any more (CAIRN_REGENERATE=1 rewrites it)", path);
    }
}

static void fuzzing_starts_from_every_sample(void **state)
{
    (void)state;
    for (size_t i = 0; i < wire_samples_count; i++) {
        _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
        wire_samples[i].write(&bytes);
        assert_kept(corpus_names[wire_samples[i].corpus], wire_samples[i].name, buf_slice(&bytes));
    }
}

static void fuzzing_starts_from_every_type_of_leaf(void **state)
{
    (void)state;
    static const char *const names[] = {"", "entry", "told", "governance", "start", "refused"};

    for (int type = LEAF_ENTRY; type <= LEAF_REFUSED; type++) {
        const struct leaf leaf = {.type = (enum leaf_type)type,
                                  .time_ms = 1795334402000,
                                  .agency = 7,
                                  .kind = ENTRY_RECORD,
                                  .verdict = VERDICT_STORED,
                                  .number = 89,
                                  .detail = 2};
        uint8_t storage[LEAF_MAX_BYTES];
        assert_kept("leaf", names[type], leaf_write(&leaf, storage));
    }
}

static void fuzzing_starts_from_a_whole_frame_too(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    const struct wire_header header = {
        .version = 1, .type = WIRE_PARCEL, .lane = LANE_NORMAL, .entries = 2, .correlation = 7};

    wire_frame_begin(&frame, &header);
    wire_sample_named("parcel")->write(&frame);
    wire_frame_end(&frame);

    assert_kept("wire_parcel", "frame", buf_slice(&frame));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_says_what_the_code_does),
        cmocka_unit_test(the_page_shows_everything_once),
        cmocka_unit_test(fuzzing_starts_from_every_sample),
        cmocka_unit_test(fuzzing_starts_from_every_type_of_leaf),
        cmocka_unit_test(fuzzing_starts_from_a_whole_frame_too),
    };

    return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
