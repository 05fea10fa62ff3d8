/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A member of the partnership turns on it: validly admitted, with keys of its own, and with the
 * stolen ideas of a program that nobody checked. The broker's real stages answer each case with a
 * verdict that this file foretells, count it, and change nothing; or for what is refused under a
 * signature that holds, nothing but what the log says of the refusal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attack/siege.h"
#include "base/date.h"
#include "crypto/digest.h"
#include "os/memory.h"

#define RESIDENT_GROWTH_MAX (8ULL << 20) /* far more than a case may keep, of thousands */

static int set_up(void **state)
{
    struct siege *siege = siege_new();
    siege_people(siege);
    siege_unlimited(siege);
    *state = siege;
    return 0;
}

static int tear_down(void **state)
{
    struct siege *siege = *state;
    siege_free(&siege);
    return 0;
}

/* A record that the broker would take. */
static void make_record(struct siege *siege, uint32_t agency, struct world_entry *ret)
{
    const struct world_record record = {
        .from = agency, .child = ALIX, .day = day_of("2026-10-05"), .code = CODE_WAS_NOT_BROUGHT};
    world_record(siege->world, &record, ret);
}

static void make_records(struct siege *siege, struct world_entry entries[WORLD_AGENCIES + 1])
{
    for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
        make_record(siege, agency, &entries[agency]);
    }
}

#define EXPECT(siege, verdict, forgery, entry)                                                     \
    assert_string_equal(verdict_name(siege_send((siege), (forgery), (entry))),                     \
                        verdict_name(verdict))

/* --- who speaks --- */

static enum verdict verdict_of_parties(const struct forgery *forgery, uint32_t entry)
{
    if (forgery->sender != forgery->connection) {
        return VERDICT_WRONG_SENDER;
    }
    if (forgery->named != forgery->sender) {
        return VERDICT_UNKNOWN_KEY;
    }
    return entry != forgery->sender ? VERDICT_WRONG_SENDER : VERDICT_BAD_SIGNATURE;
}

static uint64_t resident(void)
{
    uint64_t bytes = 0;
    assert_int_equal(memory_resident(&bytes), 0);
    return bytes;
}

/* Each of the 7,770 ways to mix six agencies' transport keys, heads, key ids, signatures and
 * entries. */
static void nobody_speaks_as_another_in_any_mixture_of_keys_and_names(void **state)
{
    enum {
        PARTIES = 5,
        MIXTURES =
            WORLD_AGENCIES * WORLD_AGENCIES * WORLD_AGENCIES * WORLD_AGENCIES * WORLD_AGENCIES
    };
    static struct world_entry entries[WORLD_AGENCIES + 1];
    struct siege *siege = *state;
    make_records(siege, entries);
    struct siege_dump before = siege_dump(siege);
    uint64_t warm = 0;

    for (uint32_t mixture = 0; mixture < MIXTURES; mixture++) {
        uint32_t of[PARTIES];
        uint32_t rest = mixture;
        for (size_t i = 0; i < PARTIES; i++, rest /= WORLD_AGENCIES) {
            of[i] = 1 + rest % WORLD_AGENCIES;
        }
        const struct forgery forgery = {.connection = of[0],
                                        .sender = of[1],
                                        .named = of[2],
                                        .signer = of[3],
                                        .context = SIGN_PARCEL};
        bool honest = of[1] == of[0] && of[2] == of[0] && of[3] == of[0] && of[4] == of[0];
        if (!honest) {
            EXPECT(siege, verdict_of_parties(&forgery, of[4]), &forgery, &entries[of[4]]);
        }
        warm = mixture == MIXTURES / 8 ? resident() : warm;
    }

    siege_expect_untouched(siege, &before);
    siege_expect_counted(siege);
    assert_true(CAIRN_SANITIZED || resident() < warm + RESIDENT_GROWTH_MAX);
}

static void of_another_partnership(struct parcel_head *head)
{
    sha256(slice_of_text("cairn.example.org/elsewhere"), head->partnership.bytes);
}

static void a_parcel_of_another_partnership_means_nothing_here(void **state)
{
    static struct world_entry entries[WORLD_AGENCIES + 1];
    struct siege *siege = *state;
    make_records(siege, entries);
    struct siege_dump before = siege_dump(siege);

    for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
        struct forgery forgery = forgery_of(agency);
        forgery.change_head = of_another_partnership;
        EXPECT(siege, VERDICT_WRONG_PARTNERSHIP, &forgery, &entries[agency]);
    }

    siege_expect_untouched(siege, &before);
    siege_expect_counted(siege);
}

/* How many frames of each agency the newest leaves say were refused. */
static void refusals_in_log(struct siege *siege, uint64_t from, uint32_t ret[WORLD_AGENCIES + 1])
{
    _cleanup_(store_end) struct store_txn *txn = store_read(siege->world->store);
    for (uint64_t i = from; i < log_size(txn, T_LOG); i++) {
        struct slice data;
        struct leaf leaf;
        assert_int_equal(log_leaf(txn, T_LOG, i, &data), 0);
        assert_true(leaf_read(data, &leaf));
        if (leaf.type == LEAF_REFUSED) {
            ret[leaf.agency] += leaf.detail;
        }
    }
}

static void what_was_refused_is_in_the_log_once_the_hour_is_over(void **state)
{
    static struct world_entry entries[WORLD_AGENCIES + 1];
    struct siege *siege = *state;
    uint32_t refused[WORLD_AGENCIES + 1] = {0};
    uint64_t from = world_log_size(siege->world);
    make_records(siege, entries);
    for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
        struct forgery forgery = forgery_of(agency);
        forgery.named = 1 + agency % WORLD_AGENCIES;
        for (uint32_t i = 0; i < 10 * agency; i++) {
            EXPECT(siege, VERDICT_UNKNOWN_KEY, &forgery, &entries[agency]);
        }
    }

    clock_fake_advance(&siege->world->clock, INT64_C(3600000));
    (void)miss(siege->world, GP, ALIX, "2026-10-06");

    refusals_in_log(siege, from, refused);
    for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
        assert_int_equal(refused[agency], 10 * agency);
    }
}

/* --- which key signs --- */

static enum verdict verdict_of_key(const struct forgery *forgery)
{
    if (forgery->named != GP || forgery->named_sort == SIEGE_OPEN ||
        forgery->named_sort == SIEGE_FUTURE) {
        return VERDICT_UNKNOWN_KEY;
    }
    if (forgery->named_sort == SIEGE_RETIRED) {
        return VERDICT_STALE_DIRECTORY; /* its owner has another, and signs anew */
    }
    return forgery->named_sort == SIEGE_SIGN ? VERDICT_BAD_SIGNATURE : VERDICT_REVOKED_KEY;
}

static bool is_honest(const struct forgery *forgery)
{
    return forgery->named == GP && forgery->signer == GP && forgery->named_sort == SIEGE_SIGN &&
           forgery->signer_sort == SIEGE_SIGN && forgery->context == SIGN_PARCEL;
}

/* Opening keys, retired, revoked and not yet valid ones, other agencies' ids, other purposes. */
static void no_key_signs_but_an_active_signing_key_of_the_sender_for_parcels(void **state)
{
    enum {
        WAYS = WORLD_AGENCIES * WORLD_AGENCIES * SIEGE_SORTS * SIEGE_SORTS * 3
    };
    static const enum sign_context contexts[] = {SIGN_PARCEL, SIGN_REQUEST_FILE, SIGN_NOTE};
    static struct world_entry entry;
    struct siege *siege = *state;
    siege_rotate(siege);
    siege_unlimited(siege);
    make_record(siege, GP, &entry);
    struct siege_dump before = siege_dump(siege);

    for (uint32_t way = 0; way < WAYS; way++) {
        uint32_t sorts = way / (WORLD_AGENCIES * WORLD_AGENCIES);
        struct forgery forgery = forgery_of(GP);
        forgery.named = 1 + way % WORLD_AGENCIES;
        forgery.signer = 1 + way / WORLD_AGENCIES % WORLD_AGENCIES;
        forgery.named_sort = (enum siege_sort)(sorts % SIEGE_SORTS);
        forgery.signer_sort = (enum siege_sort)(sorts / SIEGE_SORTS % SIEGE_SORTS);
        forgery.context = contexts[sorts / SIEGE_SORTS / SIEGE_SORTS];
        if (!is_honest(&forgery)) {
            EXPECT(siege, verdict_of_key(&forgery), &forgery, &entry);
        }
    }

    siege_expect_untouched(siege, &before);
    siege_expect_counted(siege);
}

/* The order of the group, little-endian: S and S + L verify alike where nobody looks at the
 * range. */
static const uint8_t group_order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                        0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};

static void add_order(uint8_t signature[SIGN_SIGNATURE_BYTES])
{
    unsigned carry = 0;
    for (size_t i = 0; i < sizeof(group_order); i++) {
        carry += (unsigned)signature[32 + i] + group_order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static void no_signature(uint8_t signature[SIGN_SIGNATURE_BYTES])
{
    memset(signature, 0, SIGN_SIGNATURE_BYTES);
}

static void identity_and_zero(uint8_t signature[SIGN_SIGNATURE_BYTES])
{
    no_signature(signature);
    signature[0] = 1;
}

static void identity_and_order(uint8_t signature[SIGN_SIGNATURE_BYTES])
{
    identity_and_zero(signature);
    memcpy(signature + 32, group_order, sizeof(group_order));
}

static void unreduced_point(uint8_t signature[SIGN_SIGNATURE_BYTES])
{
    memset(signature, 0xff, 32);
    signature[31] = 0x7f;
}

static void negated_point(uint8_t signature[SIGN_SIGNATURE_BYTES])
{
    signature[31] ^= 0x80;
}

static void negated_scalar(uint8_t signature[SIGN_SIGNATURE_BYTES])
{
    int borrow = 0;
    for (size_t i = 0; i < sizeof(group_order); i++) {
        int difference = group_order[i] - signature[32 + i] - borrow;
        borrow = difference < 0 ? 1 : 0;
        signature[32 + i] = (uint8_t)(difference + 256 * borrow);
    }
}

static void a_signature_has_one_spelling(void **state)
{
    static void (*const changes[])(uint8_t[SIGN_SIGNATURE_BYTES]) = {
        add_order,       no_signature,  identity_and_zero, identity_and_order,
        unreduced_point, negated_point, negated_scalar,
    };
    static struct world_entry entries[WORLD_AGENCIES + 1];
    struct siege *siege = *state;
    make_records(siege, entries);
    struct siege_dump before = siege_dump(siege);

    for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
        for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
            struct forgery forgery = forgery_of(agency);
            forgery.change_signature = changes[i];
            EXPECT(siege, VERDICT_BAD_SIGNATURE, &forgery, &entries[agency]);
        }
    }

    siege_expect_untouched(siege, &before);
    siege_expect_counted(siege);
}

/* --- once more --- */

#define SAID 24

struct said {
    struct buf frame;
    uint32_t agency;
    uint64_t log_index;
};

static struct wire_result first_result(struct siege *siege, uint32_t agency)
{
    struct wire_receipt receipt;
    struct slice payload = world_letter(siege->world, agency, WIRE_RECEIPT);
    assert_true(wire_receipt_read(payload, &siege->world->arena, &receipt));
    return receipt.results[0];
}

static void say(struct siege *siege, size_t i, struct said *ret)
{
    struct world_entry entry;
    ret->agency = i % 2 == 0 ? GP : HOSPITAL;
    ret->frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    const struct forgery forgery = forgery_of(ret->agency);
    switch (i % 3) {
    case 0:
        make_record(siege, ret->agency, &entry);
        break;
    case 1:
        world_statement(siege->world, ret->agency, BLAKE, true, &entry);
        break;
    default:
        world_involvement(siege->world, ret->agency, BLAKE, &entry);
        break;
    }
    siege_forge(siege, &forgery, &entry, &ret->frame);
    assert_true(verdict_is_stored(siege_frame(siege, ret->agency, buf_slice(&ret->frame))));
    ret->log_index = first_result(siege, ret->agency).log_index;
}

static void replay(struct siege *siege, struct said said[SAID])
{
    for (size_t i = SAID; i > 0; i--) {
        struct said *one = &said[i - 1];
        enum verdict verdict = siege_frame(siege, one->agency, buf_slice(&one->frame));
        assert_true(verdict_is_stored(verdict));
        assert_int_equal(first_result(siege, one->agency).log_index, one->log_index);
    }
}

static void replay_by_others(struct siege *siege, struct said said[SAID])
{
    for (size_t i = 0; i < SAID; i++) {
        for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
            if (agency != said[i].agency) {
                assert_int_equal(siege_frame(siege, agency, buf_slice(&said[i].frame)),
                                 VERDICT_WRONG_SENDER);
            }
        }
    }
}

/* As if the connection were made anew: a route that has not said hello yet. */
static void replay_on_new_connections(struct siege *siege, struct said said[SAID])
{
    for (size_t i = 0; i < SAID; i++) {
        struct net_frame frame = NET_FRAME_NULL;
        struct peer peer = world_peer(said[i].agency);
        peer.route[0] = 200;
        world_forget_letters(siege->world);
        net_frame_copy(&frame, buf_slice(&said[i].frame));
        gate_frame(&siege->world->gate, &peer, &frame);
        world_turn(siege->world);
        enum verdict verdict;
        struct slice payload = world_letter(siege->world, said[i].agency, WIRE_ERROR);
        assert_true(wire_error_read(payload, &siege->world->arena, &verdict));
        assert_int_equal(verdict, VERDICT_HELLO_FIRST);
    }
}

static void what_was_said_is_said_once_however_often_it_is_sent(void **state)
{
    struct said said[SAID];
    struct siege *siege = *state;
    for (size_t i = 0; i < SAID; i++) {
        say(siege, i, &said[i]);
    }
    struct siege_dump before = siege_dump(siege);

    replay(siege, said);
    replay(siege, said);
    replay_by_others(siege, said);
    replay_on_new_connections(siege, said);

    siege_expect_untouched(siege, &before);
    assert_int_equal(world_restart(siege->world), 0);
    siege_unlimited(siege);
    replay(siege, said);
    replay_by_others(siege, said);
    siege_expect_untouched(siege, &before);
    for (size_t i = 0; i < SAID; i++) {
        buf_deinit(&said[i].frame);
    }
}

static void an_id_that_is_used_for_something_else_leaves_a_leaf_and_no_more(void **state)
{
    enum {
        OTHERS = 200
    };
    struct world_entry entry;
    struct siege *siege = *state;
    const struct forgery forgery = forgery_of(GP);
    make_record(siege, GP, &entry);
    EXPECT(siege, VERDICT_STORED, &forgery, &entry);
    struct siege_dump before = siege_dump(siege);

    for (uint32_t i = 0; i < OTHERS; i++) {
        entry.header.record.event_day = day_of("2026-10-05") - 1 - (int32_t)i;
        entry.header.record.level = i % 4;
        world_refreeze(&entry);
        EXPECT(siege, VERDICT_EQUIVOCATION, &forgery, &entry);
    }

    siege_expect_leaves_only(siege, &before, OTHERS);
    siege_expect_counted(siege);
}

static void what_is_out_of_order_in_a_parcel_refuses_it_whole(void **state)
{
    static struct world_entry entries[2];
    struct siege *siege = *state;
    make_record(siege, GP, &entries[1]);
    make_record(siege, GP, &entries[0]);
    struct siege_dump before = siege_dump(siege);
    const struct world_parcel reversed = {.agency = GP, .n = 2, .entries = entries};

    assert_int_equal(world_send(siege->world, &reversed), VERDICT_OUT_OF_ORDER);
    entries[1] = entries[0];
    world_refreeze(&entries[1]);
    assert_int_equal(world_send(siege->world, &reversed), VERDICT_OUT_OF_ORDER);

    siege_expect_untouched(siege, &before);
}

/* --- the same in other bytes --- */

enum place {
    IN_PARCEL,
    IN_HEAD,
    IN_HEADER,
    PLACES
};

/* A field of that number and wire type, with a little in it. Returns its length. */
static size_t make_field(uint32_t number, uint32_t wire_type, uint8_t out[16])
{
    uint32_t tag = number << 3 | wire_type;
    size_t len = 0;
    for (; tag >= 0x80; tag >>= 7) {
        out[len++] = (uint8_t)(tag | 0x80);
    }
    out[len++] = (uint8_t)tag;
    memset(out + len, 1, 8); /* a number 1; one byte; four or eight bytes of 1 */
    return len + (wire_type == 0 ? 1 : wire_type == 1 ? 8 : wire_type == 2 ? 2 : 4);
}

/* Behind a signature that holds, so that nothing but the field is wrong. */
static void expect_field_refused(struct siege *siege, enum place place, struct slice field,
                                 const struct world_entry *entry)
{
    struct forgery forgery = forgery_of(GP);
    static struct world_entry changed;
    changed = *entry;
    world_refreeze(&changed);
    changed.wire.body.data = changed.body;
    if (place == IN_PARCEL) {
        forgery.parcel_tail = field;
    } else if (place == IN_HEAD) {
        forgery.head_tail = field;
    } else {
        memcpy(changed.header_bytes + changed.wire.header.len, field.data, field.len);
        changed.wire.header.len += field.len;
    }
    EXPECT(siege, VERDICT_MALFORMED, &forgery, &changed);
}

/* Field 21 to 23 of a record's header may follow; nothing else may be there twice or be unknown. */
static void a_field_that_nobody_knows_or_that_is_there_twice_is_refused(void **state)
{
    static const uint32_t wire_types[] = {0, 1, 2, 5};
    struct world_entry entry;
    struct siege *siege = *state;
    make_record(siege, GP, &entry);
    struct siege_dump before = siege_dump(siege);

    for (unsigned place = 0; place < PLACES; place++) {
        for (uint32_t number = 1; number < 4096; number += number < 64 ? 1 : 37) {
            for (size_t i = 0; i < ARRAY_LEN(wire_types); i++) {
                uint8_t bytes[16];
                size_t len = make_field(number, wire_types[i], bytes);
                bool may_follow = place == IN_HEADER && number >= 21 && number <= 23;
                if (!may_follow) {
                    expect_field_refused(siege, (enum place)place, slice_make(bytes, len), &entry);
                }
            }
        }
    }

    siege_expect_untouched(siege, &before);
    siege_expect_counted(siege);
}

static enum verdict send_changed(struct siege *siege, const struct buf *good, size_t at,
                                 struct slice bytes)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    buf_add_slice(&frame, buf_slice(good));
    memcpy(frame.data + at, bytes.data, bytes.len);
    siege->world->gate.n_guests = 0; /* its strikes */
    return siege_frame(siege, GP, buf_slice(&frame));
}

static enum verdict verdict_of_type(uint8_t type)
{
    bool question = type == WIRE_HELLO || type == WIRE_FETCH || type == WIRE_GOVERNANCE_FETCH ||
                    type == WIRE_PROOF_REQUEST || type == WIRE_STATE_REQUEST ||
                    type == WIRE_PICTURE_REQUEST;
    return question ? VERDICT_MALFORMED : VERDICT_BAD_FRAME;
}

static void another_version_type_lane_or_number_of_entries_is_refused(void **state)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct world_entry entry;
    struct siege *siege = *state;
    const struct forgery forgery = forgery_of(GP);
    make_record(siege, GP, &entry);
    siege_forge(siege, &forgery, &entry, &frame);
    struct siege_dump before = siege_dump(siege);

    for (uint32_t version = 0; version <= UINT16_MAX; version += version < 300 ? 1 : 97) {
        const uint8_t bytes[] = {(uint8_t)(version >> 8), (uint8_t)version};
        if (version < CAIRN_PROTOCOL_MIN || version > CAIRN_PROTOCOL_MAX) {
            assert_int_equal(send_changed(siege, &frame, 4, SLICE_OF(bytes)),
                             VERDICT_UNSUPPORTED_VERSION);
        }
    }
    for (unsigned value = 0; value <= UINT8_MAX; value++) {
        const uint8_t byte[] = {(uint8_t)value};
        if (value != WIRE_PARCEL) { /* with a lane and entries, which only a parcel has */
            assert_int_equal(send_changed(siege, &frame, 6, SLICE_OF(byte)), VERDICT_BAD_FRAME);
        }
        if (value == LANE_URGENT) {
            assert_int_equal(send_changed(siege, &frame, 7, SLICE_OF(byte)), VERDICT_WRONG_LANE);
        } else if (value == 0 || value > CAIRN_LANES) {
            assert_int_equal(send_changed(siege, &frame, 7, SLICE_OF(byte)), VERDICT_BAD_FRAME);
        }
        if (value != 1) {
            const uint8_t entries[] = {0, (uint8_t)value};
            enum verdict verdict = send_changed(siege, &frame, 8, SLICE_OF(entries));
            assert_true(verdict == VERDICT_MALFORMED || verdict == VERDICT_BAD_FRAME);
        }
    }

    siege_expect_untouched(siege, &before);
    siege_expect_counted(siege);
}

/* A parcel's bytes as every other message, and as what only a broker says. */
static void a_message_of_one_type_is_none_of_another(void **state)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct world_entry entry;
    struct siege *siege = *state;
    const struct forgery forgery = forgery_of(GP);
    make_record(siege, GP, &entry);
    siege_forge(siege, &forgery, &entry, &frame);
    memset(frame.data + 7, 0, 3); /* no lane, no entries */
    struct siege_dump before = siege_dump(siege);

    for (unsigned type = 0; type <= UINT8_MAX; type++) {
        const uint8_t byte[] = {(uint8_t)type};
        if (type != WIRE_PARCEL && type != WIRE_PING) {
            assert_int_equal(send_changed(siege, &frame, 6, SLICE_OF(byte)),
                             verdict_of_type((uint8_t)type));
        }
    }

    siege_expect_untouched(siege, &before);
    siege_expect_counted(siege);
}

static void a_greeting_of_versions_that_nobody_speaks_is_refused(void **state)
{
    static const struct {
        uint32_t min;
        uint32_t max;
        enum verdict verdict;
    } rows[] = {
        {2, 2, VERDICT_UNSUPPORTED_VERSION}, {2, UINT16_MAX, VERDICT_UNSUPPORTED_VERSION},
        {0, 0, VERDICT_MALFORMED},           {0, 1, VERDICT_MALFORMED},
        {2, 1, VERDICT_MALFORMED},           {1, UINT16_MAX + 1, VERDICT_MALFORMED},
    };
    struct siege *siege = *state;
    struct siege_dump before = siege_dump(siege);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_deinit) struct buf payload = BUF_MAX(1024);
        const struct wire_hello hello = {.protocol_min = rows[i].min,
                                         .protocol_max = rows[i].max,
                                         .software = slice_of_text("a test")};
        wire_hello_write(&hello, &payload);
        struct siege_answer answer = siege_ask(siege, GP, WIRE_HELLO, &payload);
        assert_int_equal(answer.type, WIRE_ERROR);
        assert_int_equal(answer.verdict, rows[i].verdict);
    }

    siege_expect_untouched(siege, &before);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(nobody_speaks_as_another_in_any_mixture_of_keys_and_names,
                                    set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_parcel_of_another_partnership_means_nothing_here, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(what_was_refused_is_in_the_log_once_the_hour_is_over, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(
        no_key_signs_but_an_active_signing_key_of_the_sender_for_parcels, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_signature_has_one_spelling, set_up, tear_down),
    cmocka_unit_test_setup_teardown(what_was_said_is_said_once_however_often_it_is_sent, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(an_id_that_is_used_for_something_else_leaves_a_leaf_and_no_more,
                                    set_up, tear_down),
    cmocka_unit_test_setup_teardown(what_is_out_of_order_in_a_parcel_refuses_it_whole, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(a_field_that_nobody_knows_or_that_is_there_twice_is_refused,
                                    set_up, tear_down),
    cmocka_unit_test_setup_teardown(another_version_type_lane_or_number_of_entries_is_refused,
                                    set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_message_of_one_type_is_none_of_another, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_greeting_of_versions_that_nobody_speaks_is_refused, set_up,
                                    tear_down),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
