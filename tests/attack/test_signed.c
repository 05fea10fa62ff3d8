/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that is signed, one list: each bit of it changed, cut at each byte, a byte more at
 * either end, fields twice and in another order. Whoever reads it refuses, or has read the very
 * same meaning, and nothing changes. The list is held against the code's own lists of what is
 * signed. The short form takes a part of the bits of what is long; CAIRN_ATTACK_STEP=1 (`./run
 * attack`) takes every bit.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "govern/request.h"
#include "support/setting.h"
#include "support/stories.h"
#include "support/wire_samples.h"

#define SHORT_BITS 1500 /* of an object, in the short form */

struct object;
/* Whether the real reader took these bytes for something signed that says anything else than what
 * was signed. */
typedef bool reader_takes(const struct object *object, struct slice bytes);

struct object {
    const char *name;
    enum sign_context context;
    uint32_t number; /* the document, or the kind of entry */
    bool is_message; /* protobuf: its fields can be doubled and exchanged */
    reader_takes *takes;
    bool (*holds)(const struct object *object); /* as it is, it is taken */
    struct buf good;
};

static struct scene {
    struct world *world;
    struct governing desk;
    struct note_key key;
    struct verifier *verifier;
    struct checkpoint head;
    struct agency_request request;
    struct agency_request renewal;
    struct buf note;      /* the checkpoint */
    struct buf head_text; /* what cosignatures cover */
    struct buf texts[GOVERNANCE_DOCUMENTS + 1];
    struct buf notes[GOVERNANCE_DOCUMENTS + 1];
    uint64_t cases;
} scene;

/* --- parcels, one for each kind of entry --- */

static enum verdict answer_to(struct slice frame)
{
    struct world *world = scene.world;
    enum verdict verdict = VERDICT_BAD_FRAME;
    struct wire_receipt receipt;

    world_forget_letters(world);
    world_receive(world, GP, frame);
    world_turn(world);
    arena_reset(&world->arena);
    struct slice payload = world_letter(world, GP, WIRE_RECEIPT);
    if (payload.len > 0) {
        assert_true(wire_receipt_read(payload, &world->arena, &receipt));
        return receipt.results[0].verdict;
    }
    payload = world_letter(world, GP, WIRE_ERROR);
    assert_true(payload.len > 0); /* a typed reason, always */
    assert_true(wire_error_read(payload, &world->arena, &verdict));
    return verdict;
}

static void frame_of(struct slice payload, struct buf *out)
{
    uint8_t head[WIRE_HEADER_BYTES];
    const struct wire_header header = {
        .version = CAIRN_PROTOCOL_MAX,
        .type = WIRE_PARCEL,
        .lane = LANE_NORMAL,
        .entries = 1,
        .correlation = ++scene.world->correlation,
        .length = (uint32_t)payload.len,
    };

    wire_header_write(&header, head);
    buf_add(out, head, sizeof(head));
    buf_add_slice(out, payload);
}

static bool parcel_takes(const struct object *object, struct slice bytes)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    uint64_t before = world_log_size(scene.world);
    (void)object;

    frame_of(bytes, &frame);
    enum verdict verdict = answer_to(buf_slice(&frame));
    return verdict_is_stored(verdict) || world_log_size(scene.world) != before;
}

/* Signed, and so answered with a verdict of its own and a leaf: stored, or refused for what it
 * says. */
static bool parcel_holds(const struct object *object)
{
    return parcel_takes(object, buf_slice(&object->good));
}

static void make_grant(struct world *world, const struct world_record *said,
                       struct world_entry *ret)
{
    struct world_entry granted;
    world_record(world, said, &granted);
    world_grant(world, GP, &granted, ret);
    world_grant_to(world, ret, &granted, HOSPITAL);
}

static void make_tie(struct world *world, struct world_entry *ret)
{
    ret->header = wire_sample_header(ENTRY_TIE);
    ret->header.id = world_next_id(world, GP, LANE_NORMAL);
    ret->header.tie.id = ret->header.id;
    world_refreeze(ret);
}

static void make_entry(struct world *world, enum entry_kind kind, struct world_entry *ret)
{
    struct entry_id record = {.agency = GP, .stream = 1, .seq = 1};
    const struct world_record said = {.from = GP, .child = BLAKE, .day = day_of("2026-10-01")};

    switch (kind) {
    case ENTRY_RECORD:
        world_record(world, &said, ret);
        return;
    case ENTRY_SUBJECT:
        world_statement(world, GP, BLAKE, true, ret);
        return;
    case ENTRY_INVOLVEMENT:
        world_involvement(world, GP, BLAKE, ret);
        return;
    case ENTRY_ACKNOWLEDGEMENT:
        world_acknowledgement(world, GP, 0, ret);
        return;
    case ENTRY_DECISION:
        world_decision(world, GP, 1, ACTION_OPEN, OUTCOME_NONE, ret);
        return;
    case ENTRY_GRANT:
        make_grant(world, &said, ret);
        return;
    case ENTRY_REQUEST:
        world_request(world, GP, BLAKE, &record, ret);
        return;
    case ENTRY_TIE:
        make_tie(world, ret);
    }
}

static void sign_entry(struct object *object)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct world *world = scene.world;
    struct world_entry entry = {.header = {.kind = (enum entry_kind)object->number}};

    make_entry(world, (enum entry_kind)object->number, &entry);
    const struct world_parcel parcel = {
        .agency = GP, .lane = LANE_NORMAL, .n = 1, .entries = &entry};
    world_cut(world, &parcel, &frame);
    buf_add_slice(&object->good, wire_payload(buf_slice(&frame)));
}

/* --- governance documents: the text, and the note that signs it --- */

static enum govern_result offer(uint32_t number, struct slice text, struct slice note)
{
    _cleanup_(governance_unref) struct governance *made = NULL;
    const struct govern_document document = {
        .document = (enum governance_document)number, .text = text, .note = note};

    return governance_next(scene.desk.governance, &document, &made, NULL);
}

static bool text_takes(const struct object *object, struct slice bytes)
{
    return offer(object->number, bytes, buf_slice(&scene.notes[object->number])) == GOVERN_ACCEPTED;
}

static bool note_takes(const struct object *object, struct slice bytes)
{
    return offer(object->number, buf_slice(&scene.texts[object->number]), bytes) == GOVERN_ACCEPTED;
}

static bool document_holds(const struct object *object)
{
    return offer(object->number, buf_slice(&scene.texts[object->number]),
                 buf_slice(&scene.notes[object->number])) == GOVERN_ACCEPTED;
}

static void sign_document(struct object *object)
{
    static const char *const templates[GOVERNANCE_DOCUMENTS + 1] = {
        [GOVERNANCE_AGREEMENTS] = "agreements",
        [GOVERNANCE_PATTERNS] = "patterns",
        [GOVERNANCE_CALENDAR] = "calendar",
    };
    uint32_t number = object->number;
    struct buf *text = &scene.texts[number];

    if (text->len == 0) {
        *text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
        scene.notes[number] = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
        if (number == GOVERNANCE_ROOT) {
            governing_root_text(&scene.desk, 1, 1, text);
        } else if (number == GOVERNANCE_DIRECTORY) {
            world_directory_text(text);
        } else {
            governing_template(templates[number], text);
        }
        governing_note(&scene.desk, 1, (enum governance_document)number, 2, buf_slice(text),
                       &scene.notes[number]);
    }
    buf_add_slice(&object->good,
                  object->takes == text_takes ? buf_slice(text) : buf_slice(&scene.notes[number]));
}

/* --- what is signed of the log --- */

static bool same_head(const struct checkpoint *head)
{
    return head->size == scene.head.size && hash_equal(&head->root, &scene.head.root);
}

static bool checkpoint_takes(const struct object *object, struct slice bytes)
{
    struct checkpoint head;
    (void)object;

    return checkpoint_check(bytes, &scene.key, &head) && !same_head(&head);
}

static bool checkpoint_holds(const struct object *object)
{
    struct checkpoint head;

    return checkpoint_check(buf_slice(&object->good), &scene.key, &head) && same_head(&head);
}

static void sign_checkpoint(struct object *object)
{
    buf_add_slice(&object->good, buf_slice(&scene.note));
}

static bool cosignature_takes(const struct object *object, struct slice bytes)
{
    (void)object;
    return bytes.len == COSIGNATURE_BYTES &&
           cosignature_check(buf_slice(&scene.head_text), bytes.data, scene.verifier);
}

static bool cosignature_holds(const struct object *object)
{
    return cosignature_takes(object, buf_slice(&object->good));
}

static void sign_cosignature(struct object *object)
{
    uint8_t payload[COSIGNATURE_BYTES];
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    struct signer *signer = NULL;

    governing_seed(GP, "sign", &seed);
    assert_int_equal(signer_new(&seed, &signer), 0);
    assert_int_equal(cosignature_make(buf_slice(&scene.head_text), 1795165200, signer, payload), 0);
    signer_free(&signer);
    buf_add(&object->good, payload, sizeof(payload));
}

/* A proof that a leaf is in the log, as `cairn log prove` writes it. */
static bool proof_takes(const struct object *object, struct slice bytes)
{
    struct tlog_proof proof;
    struct tlog_proof good;
    struct checkpoint head;

    return tlog_proof_check(bytes, &scene.key, &head) && tlog_proof_parse(bytes, &proof) &&
           tlog_proof_parse(buf_slice(&object->good), &good) &&
           !(same_head(&head) && proof.index == good.index &&
             slice_equal(slice_make(proof.leaf_data, proof.leaf_len),
                         slice_make(good.leaf_data, good.leaf_len)));
}

static bool proof_holds(const struct object *object)
{
    struct checkpoint head;

    return tlog_proof_check(buf_slice(&object->good), &scene.key, &head) && same_head(&head);
}

static void sign_proof(struct object *object)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(scene.world->store);
    struct log_source source = {.txn = txn, .table = T_LOG};
    struct tree_source tree = log_tree(&source);
    struct tree_proof proof = {.n = 0};
    struct slice leaf;

    assert_int_equal(log_leaf(txn, T_LOG, 3, &leaf), 0);
    assert_int_equal(tree_prove_inclusion(&tree, 3, scene.head.size, &proof), 0);
    assert_int_equal(tlog_proof_write(3, leaf, &proof, buf_slice(&scene.note), &object->good), 0);
}

/* --- an agency's request --- */

static struct agency_request *request_of(const struct object *object)
{
    return object->context == SIGN_RENEWAL ? &scene.renewal : &scene.request;
}

static bool request_takes(const struct object *object, struct slice bytes)
{
    struct agency_request read = {.id = ""};
    struct error error = ERROR_NULL;
    const struct agency_request *good = request_of(object);

    return agency_request_read(bytes, &read, &error) == 0 &&
           !(strcmp(read.origin, good->origin) == 0 && strcmp(read.id, good->id) == 0 &&
             strcmp(read.kind, good->kind) == 0 && strcmp(read.name, good->name) == 0 &&
             strcmp(read.duty_contact, good->duty_contact) == 0 &&
             strcmp(read.duty_phone, good->duty_phone) == 0 &&
             memcmp(read.sign_key, good->sign_key, sizeof(read.sign_key)) == 0 &&
             memcmp(read.open_key, good->open_key, sizeof(read.open_key)) == 0 &&
             memcmp(read.curve_key, good->curve_key, sizeof(read.curve_key)) == 0 &&
             read.renews == good->renews &&
             memcmp(read.earlier_key, good->earlier_key, sizeof(read.earlier_key)) == 0);
}

static bool request_holds(const struct object *object)
{
    struct agency_request read = {.id = ""};
    struct error error = ERROR_NULL;

    return agency_request_read(buf_slice(&object->good), &read, &error) == 0 &&
           !request_takes(object, buf_slice(&object->good));
}

static void sign_request(struct object *object)
{
    struct agency_request *request = request_of(object);

    *request = (struct agency_request){
        .origin = GOVERNING_ORIGIN,
        .id = "gp-elm",
        .kind = "gp",
        .name = "Elm Street Surgery",
        .duty_contact = "Safeguarding lead",
        .duty_phone = "01632 960001",
        .open_key = {9}, /* X25519's base point: of no low order */
    };
    governing_transport_key(GP, request->curve_key);
    signer_public(scene.desk.signers[0], request->sign_key);
    if (object->context == SIGN_RENEWAL) {
        assert_int_equal(agency_request_renew(request, scene.desk.signers[1]), 0);
    }
    assert_int_equal(agency_request_write(request, scene.desk.signers[0], &object->good), 0);
}

/* --- the list --- */

#define DOCUMENT(document, name)                                                                   \
    {name ": text", SIGN_NOTE, document, false, text_takes, document_holds, BUF_MAX(65536)},       \
    {                                                                                              \
        name ": note", SIGN_NOTE, document, false, note_takes, document_holds, BUF_MAX(65536)      \
    }

static struct object objects[] = {
#define X(kind, number)                                                                            \
    {"parcel of a " #kind, SIGN_PARCEL, number, true, parcel_takes, parcel_holds, BUF_MAX(65536)},
    CAIRN_ENTRY_KINDS(X)
#undef X
        {"request", SIGN_REQUEST_FILE, 0, false, request_takes, request_holds, BUF_MAX(65536)},
    {"renewal", SIGN_RENEWAL, 0, false, request_takes, request_holds, BUF_MAX(65536)},
    DOCUMENT(GOVERNANCE_ROOT, "root"),
    DOCUMENT(GOVERNANCE_DIRECTORY, "directory"),
    DOCUMENT(GOVERNANCE_AGREEMENTS, "agreements"),
    DOCUMENT(GOVERNANCE_PATTERNS, "patterns"),
    DOCUMENT(GOVERNANCE_CALENDAR, "calendar"),
    {"checkpoint", SIGN_NOTE, 0, false, checkpoint_takes, checkpoint_holds, BUF_MAX(65536)},
    {"cosignature", SIGN_NOTE, 0, false, cosignature_takes, cosignature_holds, BUF_MAX(65536)},
    {"proof", SIGN_NOTE, 0, false, proof_takes, proof_holds, BUF_MAX(65536)},
};

static void sign(struct object *object)
{
    if (object->takes == parcel_takes) {
        sign_entry(object);
    } else if (object->takes == text_takes || object->takes == note_takes) {
        sign_document(object);
    } else if (object->takes == checkpoint_takes) {
        sign_checkpoint(object);
    } else if (object->takes == cosignature_takes) {
        sign_cosignature(object);
    } else if (object->takes == proof_takes) {
        sign_proof(object);
    } else {
        sign_request(object);
    }
}

static void note_head(void)
{
    struct head head;
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    struct signer *signer = NULL;
    uint8_t public_key[SIGN_PUBLIC_BYTES];

    board_head(scene.world->board, &head);
    scene.head = head.checkpoint;
    scene.note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    scene.head_text = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    buf_add_slice(&scene.note, head_note(&head));
    checkpoint_text(&scene.head, GOVERNING_ORIGIN, &scene.head_text);
    scene.key = scene.world->commit.checkpoint_key;
    governing_seed(GP, "sign", &seed);
    assert_int_equal(signer_new(&seed, &signer), 0);
    signer_public(signer, public_key);
    assert_int_equal(verifier_new(public_key, &scene.verifier), 0);
    signer_free(&signer);
}

static int open_scene(void **state)
{
    static const struct test_agency agencies[] = {{GP, "gp-elm", "gp", false}};
    (void)state;

    scene.world = world_new();
    scene.world->gate.quota_records = UINT32_MAX;
    scene.world->gate.quota_bytes = UINT64_C(1) << 50;
    three_missed(scene.world, ALIX);
    governing_init(&scene.desk);
    governing_fill(&scene.desk, agencies, ARRAY_LEN(agencies));
    note_head();
    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        sign(&objects[i]);
    }
    return 0;
}

static int close_scene(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        buf_deinit(&objects[i].good);
    }
    for (size_t i = 0; i <= GOVERNANCE_DOCUMENTS; i++) {
        buf_deinit(&scene.texts[i]);
        buf_deinit(&scene.notes[i]);
    }
    buf_deinit(&scene.note);
    buf_deinit(&scene.head_text);
    verifier_free(&scene.verifier);
    governing_deinit(&scene.desk);
    world_free(&scene.world);
    return 0;
}

/* --- what is done to each --- */

static void expect_refused(const struct object *object, struct slice bytes, const char *what,
                           size_t at)
{
    scene.cases++;
    if (object->takes(object, bytes)) {
        fail_msg("%s: taken with %s at %zu", object->name, what, at);
    }
}

static void flip_each_bit(const struct object *object)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(65536);
    uint64_t step = setting_step(object->good.len * 8, SHORT_BITS);

    buf_add_slice(&bytes, buf_slice(&object->good));
    for (uint64_t bit = 0; bit < bytes.len * 8; bit += step) {
        bytes.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        expect_refused(object, buf_slice(&bytes), "a bit changed", (size_t)bit);
        bytes.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void cut_at_each_byte(const struct object *object)
{
    uint64_t step = setting_step(object->good.len * 2, SHORT_BITS);

    for (uint64_t len = 0; len < object->good.len; len += step) {
        expect_refused(object, slice_make(object->good.data, (size_t)len), "its end cut off",
                       (size_t)len);
    }
}

static void add_a_byte(const struct object *object)
{
    for (unsigned byte = 0; byte < 256; byte += 15) {
        _cleanup_(buf_deinit) struct buf behind = BUF_MAX(65536);
        _cleanup_(buf_deinit) struct buf before = BUF_MAX(65536);
        const uint8_t one = (uint8_t)byte;
        buf_add_slice(&behind, buf_slice(&object->good));
        buf_add(&behind, &one, 1);
        buf_add(&before, &one, 1);
        buf_add_slice(&before, buf_slice(&object->good));
        expect_refused(object, buf_slice(&behind), "a byte behind it", byte);
        expect_refused(object, buf_slice(&before), "a byte before it", byte);
    }
}

/* The outermost fields of a message: all of them have a length here. */
static size_t fields_of(struct slice message, struct slice ret[16])
{
    size_t n = 0;

    for (size_t at = 0; at < message.len && n < 16;) {
        size_t start = at++;
        size_t len = 0;
        for (unsigned shift = 0;; shift += 7) {
            len |= (size_t)(message.data[at] & 0x7f) << shift;
            if ((message.data[at++] & 0x80) == 0) {
                break;
            }
        }
        at += len;
        assert_true(at <= message.len);
        ret[n++] = slice_make(message.data + start, at - start);
    }
    return n;
}

static void double_and_exchange_fields(const struct object *object)
{
    struct slice fields[16];
    size_t n = fields_of(buf_slice(&object->good), fields);

    assert_true(n >= 3);
    for (size_t i = 0; i < n; i++) {
        _cleanup_(buf_deinit) struct buf twice = BUF_MAX(131072);
        _cleanup_(buf_deinit) struct buf without = BUF_MAX(65536);
        _cleanup_(buf_deinit) struct buf turned = BUF_MAX(65536);
        for (size_t j = 0; j < n; j++) {
            buf_add_slice(&twice, fields[j]);
            if (i == j) {
                buf_add_slice(&twice, fields[j]);
            } else {
                buf_add_slice(&without, fields[j]);
            }
            buf_add_slice(&turned, fields[(j + i + 1) % n]);
        }
        expect_refused(object, buf_slice(&twice), "a field twice", i);
        expect_refused(object, buf_slice(&without), "a field missing", i);
        if (i + 1 < n) {
            expect_refused(object, buf_slice(&turned), "fields in another order", i);
        }
    }
}

/* --- the stories --- */

static void whatever_is_changed_of_what_is_signed_is_refused(void **state)
{
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        flip_each_bit(&objects[i]);
        cut_at_each_byte(&objects[i]);
        add_a_byte(&objects[i]);
        if (objects[i].is_message) {
            double_and_exchange_fields(&objects[i]);
        }
    }

    if (getenv("CAIRN_ATTACK_STEP") != NULL) {
        (void)printf("%" PRIu64 " changes of %zu signed objects, none taken\n", scene.cases,
                     ARRAY_LEN(objects));
    }
    assert_true(scene.cases > 10000);
}

/* Otherwise all that is said above is said of rubbish. */
static void unchanged_each_of_them_is_taken(void **state)
{
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        if (!objects[i].holds(&objects[i])) {
            fail_msg("%s is not taken as it is", objects[i].name);
        }
    }
}

static bool listed(enum sign_context context, uint32_t number)
{
    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        if (objects[i].context == context && (number == 0 || objects[i].number == number)) {
            return true;
        }
    }
    return false;
}

static void nothing_that_is_signed_is_left_out_of_the_list(void **state)
{
    (void)state;

#define X(name, text) assert_true(listed(SIGN_##name, 0));
    SIGN_CONTEXTS(X)
#undef X
    for (uint32_t document = GOVERNANCE_ROOT; document <= GOVERNANCE_DOCUMENTS; document++) {
        assert_true(listed(SIGN_NOTE, document));
    }
#define X(name, number) assert_true(listed(SIGN_PARCEL, number));
    CAIRN_ENTRY_KINDS(X)
#undef X
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_is_signed_is_left_out_of_the_list),
        cmocka_unit_test(whatever_is_changed_of_what_is_signed_is_refused),
        cmocka_unit_test(unchanged_each_of_them_is_taken),
    };

    return cmocka_run_group_tests_name("signed", tests, open_scene, close_scene);
}
