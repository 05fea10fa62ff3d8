/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A member of the partnership sends whatever chance makes of sound parcels: fields left out,
 * doubled, moved, changed and lent by other entries; other agencies' names, keys and ids; old
 * numbers; other versions, types, lanes and lengths. Most are signed by the wrong key, or changed
 * after they were signed: each of these is refused as a frame and changes nothing at all. The rest
 * is signed anew by its own agency: whatever it says then has a verdict for each entry, and changes
 * what that verdict says.
 *
 * CAIRN_ATTACK_CASES: how many (6,000 unless told; what was answered is printed then);
 * CAIRN_ATTACK_SEED: which. Every SIEGE_CASES the broker is a new one, and memory must not have
 * grown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attack/bending.h"
#include "attack/siege.h"
#include "base/date.h"
#include "crypto/digest.h"
#include "os/memory.h"
#include "sim/chance.h"
#include "support/setting.h"

#define CASES               6000
#define SIEGE_CASES         3000
#define OWN_ONE_IN          8
#define ENTRIES_MAX         3
#define SOUND               11
#define ANOTHER_ROUTE       200
#define RESIDENT_GROWTH_MAX (16ULL << 20)

struct attack {
    struct siege *siege;
    struct world_entry sound[SOUND];
    uint64_t cases;
    uint64_t own;
    uint64_t answers[SIEGE_VERDICTS];
    uint64_t warm; /* bytes resident once a siege was over */
};

static struct attack attack;

/* --- what is sound --- */

static uint32_t other_than(uint32_t agency)
{
    return 1 + (agency + chance_below(WORLD_AGENCIES - 1)) % WORLD_AGENCIES;
}

static void make_tie(struct world *world, struct world_entry *ret)
{
    *ret = (struct world_entry){.header = {.kind = ENTRY_TIE}};
    ret->header.id = world_next_id(world, SCHOOL, LANE_NORMAL);
    ret->header.tie = (struct tie_header){.id = ret->header.id,
                                          .handle = {0xAA, SCHOOL, BLAKE},
                                          .person = {0xAA, SCHOOL, ALIX},
                                          .relationship = RELATIONSHIP_PARENT,
                                          .until_day = TIE_OPEN};
    world_refreeze(ret);
}

static void make_sound(struct attack *made)
{
    struct world *world = made->siege->world;
    struct world_entry *sound = made->sound;
    const struct world_record missed = {
        .from = GP, .child = ALIX, .day = day_of("2026-10-05"), .code = CODE_WAS_NOT_BROUGHT};
    const struct world_record concern = {.from = SCHOOL,
                                         .child = BLAKE,
                                         .day = day_of("2026-10-06"),
                                         .record_kind = RECORD_CONCERN,
                                         .level = 2};
    struct entry_id stored = miss(world, HOSPITAL, ALIX, "2026-10-04");
    uint64_t alert = current_alert_of(world, subject_row_of(world, GP, ALIX).child);
    const struct world_link link = {
        .action = ACTION_CONFIRM_LINK, .alert = alert, .record = &stored};

    world_record(world, &missed, &sound[0]);
    world_record(world, &concern, &sound[1]);
    world_statement(world, GP, BLAKE, true, &sound[2]);
    world_statement(world, STRANGER, ALIX, false, &sound[3]);
    world_involvement(world, HEALTH_VISITING, ALIX, &sound[4]);
    world_decision(world, MASH, alert, ACTION_OPEN, OUTCOME_NONE, &sound[5]);
    world_grant(world, GP, &sound[0], &sound[6]);
    world_grant_to(world, &sound[6], &sound[0], MASH);
    world_request(world, MASH, ALIX, &stored, &sound[7]);
    world_acknowledgement(world, MASH, 1, &sound[8]);
    world_link_decision(world, MASH, &link, &sound[9]);
    make_tie(world, &sound[10]);
}

static void begin_siege(struct attack *begun)
{
    begun->siege = siege_new();
    siege_people(begun->siege);
    siege_rotate(begun->siege);
    siege_unlimited(begun->siege);
    make_sound(begun);
}

static uint64_t resident(void)
{
    uint64_t bytes = 0;
    assert_int_equal(memory_resident(&bytes), 0);
    return bytes;
}

static void end_siege(struct attack *ended)
{
    for (size_t i = 0; i < SIEGE_VERDICTS; i++) {
        ended->answers[i] += ended->siege->answers[i];
    }
    ended->siege->answers[VERDICT_STORED] = 0; /* its people's records were stored before */
    ended->siege->answers[VERDICT_STORED_NO_READER] = 0;
    siege_expect_counted(ended->siege);
    siege_free(&ended->siege);
    if (ended->warm == 0) {
        ended->warm = resident();
    }
    assert_true(CAIRN_SANITIZED || resident() < ended->warm + RESIDENT_GROWTH_MAX);
}

/* --- a parcel, and what its own agency may do to it before it signs --- */

struct parcel_case {
    uint32_t agency; /* whose entries they are */
    size_t n;
    struct world_entry entries[ENTRIES_MAX];
    struct forgery forgery;
    struct parcel_head head;
    struct buf head_bytes;
    struct buf frame;
};

static void parcel_case_deinit(struct parcel_case *parcel)
{
    buf_deinit(&parcel->head_bytes);
    buf_deinit(&parcel->frame);
}

/* An entry of the agency; a new id, nearly always its next one. */
static void take_entry(uint32_t agency, const struct world_entry *sound, struct world_entry *ret)
{
    *ret = *sound;
    ret->wire.body.data = ret->body;
    switch (chance_below(24)) {
    case 0: /* what it had */
        break;
    case 1:
        ret->header.id = world_next_id(attack.siege->world, other_than(agency), LANE_NORMAL);
        break;
    case 2:
        ret->header.id.seq = 1 + chance_below(4);
        break;
    case 3:
        ret->header.id.seq = UINT64_MAX - chance_below(2);
        break;
    default:
        ret->header.id = world_next_id(attack.siege->world, agency, LANE_NORMAL);
        break;
    }
    ret->header.record.id = ret->header.id; /* where every kind has it */
    world_refreeze(ret);
}

/* Bent into the room that the entry has; longer than that, it stays as it was. */
static void bend_into(struct slice *bytes, uint8_t *room, size_t room_bytes, struct slice other,
                      bool message)
{
    _cleanup_(buf_deinit) struct buf bent = BUF_MAX(room_bytes);

    if (message) {
        bend_message(*bytes, other, &bent);
    } else {
        bend_bytes(*bytes, &bent);
    }
    if (buf_ok(&bent)) {
        memcpy(room, bent.data, bent.len);
        *bytes = slice_make(room, bent.len);
    }
}

static void bend_grants(struct world_entry *entry)
{
    size_t n = entry->wire.n_grants;
    struct wire_grant *one = &entry->grants[n == 0 ? 0 : chance_below((uint32_t)n)];

    switch (n == 0 ? 0 : chance_below(7)) {
    case 0:
        entry->wire.n_grants = n < CAIRN_GRANTS_MAX ? n + 1 : n; /* doubled, or all zero */
        if (n > 0 && n < CAIRN_GRANTS_MAX) {
            entry->grants[n] = *one;
        }
        break;
    case 1:
        *one = entry->grants[--entry->wire.n_grants];
        break;
    case 2:
        one->recipient = chance_below(WORLD_AGENCIES + 3);
        break;
    case 3:
        one->key_id ^= 1U << chance_below(32);
        break;
    case 4:
        one->part = (enum part)chance_below(4);
        break;
    case 5:
        one->sealed[chance_below(GRANT_BYTES)] ^= 0x10;
        break;
    default:
        entry->wire.n_grants = 0;
        break;
    }
}

static void bend_entry(struct world_entry *entry)
{
    const struct world_entry *other = &attack.sound[chance_below(SOUND)];

    for (uint32_t i = chance_below(3); i > 0; i--) {
        bend_into(&entry->wire.header, entry->header_bytes, sizeof(entry->header_bytes),
                  other->wire.header, true);
    }
    if (chance_one_in(6)) {
        bend_into(&entry->wire.body, entry->body, sizeof(entry->body), SLICE_NULL, false);
    }
    if (chance_one_in(4)) {
        bend_grants(entry);
    }
    if (chance_one_in(12)) {
        entry->wire.kind = (enum entry_kind)chance_below(ENTRY_REQUEST + 3);
    }
}

static void make_parcel(struct parcel_case *parcel, bool bent)
{
    size_t at = chance_below(SOUND);

    parcel->agency = attack.sound[at].header.id.agency;
    parcel->n = chance_one_in(4) ? 1 + chance_below(ENTRIES_MAX) : 1;
    parcel->forgery = forgery_of(parcel->agency);
    parcel->head_bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    parcel->frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    for (size_t i = 0; i < parcel->n; i++) {
        take_entry(parcel->agency, &attack.sound[at], &parcel->entries[i]);
        if (bent) {
            bend_entry(&parcel->entries[i]);
        }
    }
}

static void hash_leaf(const struct world_entry *entry, struct hash *ret)
{
    struct wire_entry wire = entry->wire;

    wire.grants = entry->grants;
    wire_entry_leaf(&wire, ret);
}

static void make_head(struct parcel_case *parcel)
{
    struct hash leaves[ENTRIES_MAX];
    struct parcel_head *head = &parcel->head;

    *head = (struct parcel_head){
        .agency = parcel->agency,
        .key_id = attack.siege->key_ids[parcel->agency][SIEGE_SIGN],
        .stream = parcel->entries[0].header.id.stream,
        .first_seq = parcel->entries[0].header.id.seq,
        .entries = (uint32_t)parcel->n,
    };
    for (size_t i = 0; i < parcel->n; i++) {
        hash_leaf(&parcel->entries[i], &leaves[i]);
    }
    tree_root_of(leaves, parcel->n, &head->root);
    sha256(slice_of_text(GOVERNING_ORIGIN), head->partnership.bytes);
    memcpy(head->versions.of, attack.siege->world->governing.governance->versions,
           sizeof(head->versions.of));
}

/* What an agency may say of itself, true or not. */
static void bend_own_head(struct parcel_head *head)
{
    switch (chance_below(12)) {
    case 0:
        head->first_seq += chance_below(3);
        break;
    case 1:
        head->stream ^= 1U << chance_below(32);
        break;
    case 2:
        head->versions.of[1 + chance_below(GOVERNANCE_DOCUMENTS)] = chance_below(4);
        break;
    case 3:
        head->log_size = chance_below(1000);
        head->log_root.bytes[0] = (uint8_t)chance_below(256);
        break;
    default:
        break;
    }
}

static void sign_and_frame(struct parcel_case *parcel)
{
    struct wire_entry entries[ENTRIES_MAX];
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    const struct forgery *forgery = &parcel->forgery;
    const struct wire_header transport = {
        .version = CAIRN_PROTOCOL_MAX,
        .type = WIRE_PARCEL,
        .lane = LANE_NORMAL,
        .entries = (uint16_t)parcel->n,
        .correlation = ++attack.siege->world->correlation,
    };

    wire_parcel_head_write(&parcel->head, &parcel->head_bytes);
    for (size_t i = 0; i < parcel->n; i++) {
        entries[i] = parcel->entries[i].wire;
        entries[i].grants = parcel->entries[i].grants;
    }
    assert_int_equal(signer_sign(attack.siege->signers[forgery->signer][forgery->signer_sort],
                                 forgery->context, buf_slice(&parcel->head_bytes), signature),
                     0);
    if (forgery->change_signature != NULL) {
        forgery->change_signature(signature);
    }
    const struct wire_parcel message = {.head = buf_slice(&parcel->head_bytes),
                                        .signature = SLICE_OF(signature),
                                        .n_entries = parcel->n,
                                        .entries = entries};
    wire_frame_begin(&parcel->frame, &transport);
    wire_parcel_write(&message, &parcel->frame);
    wire_frame_end(&parcel->frame);
    assert_true(buf_ok(&parcel->frame));
}

/* --- what makes it somebody else's, or nobody's --- */

static void change_one_bit(uint8_t signature[SIGN_SIGNATURE_BYTES])
{
    signature[chance_below(SIGN_SIGNATURE_BYTES)] ^= (uint8_t)(1U << chance_below(8));
}

/* Before it is signed. */
static void spoil_parcel(struct parcel_case *parcel)
{
    struct forgery *forgery = &parcel->forgery;

    switch (chance_below(10)) {
    case 0:
        forgery->signer = other_than(parcel->agency);
        break;
    case 1:
        forgery->signer_sort = (enum siege_sort)(SIEGE_OPEN + chance_below(SIEGE_SORTS - 1));
        break;
    case 2:
        forgery->context = chance_one_in(2) ? SIGN_REQUEST_FILE : SIGN_NOTE;
        break;
    case 3:
        forgery->change_signature = change_one_bit;
        break;
    case 4:
        forgery->connection = other_than(parcel->agency);
        break;
    case 5:
        parcel->head.agency = other_than(parcel->agency);
        break;
    case 6:
        parcel->head.key_id =
            attack.siege->key_ids[other_than(parcel->agency)][chance_below(SIEGE_SORTS)];
        break;
    case 7:
        parcel->head.partnership.bytes[chance_below(CAIRN_HASH_BYTES)] ^= 1;
        break;
    case 8:
        parcel->head.root.bytes[chance_below(CAIRN_HASH_BYTES)] ^= 1;
        break;
    default:
        parcel->head.entries += 1 + chance_below(3);
        break;
    }
}

/* All that gate reads of a frame but its correlation, which is the asker's own. */
static void bend_transport(struct buf *frame)
{
    size_t at = chance_below(16);
    uint8_t *byte = &frame->data[at < 12 ? at : at + 8];

    if (at == 7) { /* the lane: one for which it is not fit, or none */
        *byte = chance_one_in(3) ? LANE_URGENT : (uint8_t)(CAIRN_LANES + 1 + chance_below(200));
    } else {
        *byte ^= (uint8_t)(1 + chance_below(255));
    }
}

static void set_length(struct buf *frame)
{
    uint32_t len = (uint32_t)(frame->len - WIRE_HEADER_BYTES);

    for (size_t i = 0; i < 4; i++) {
        frame->data[20 + i] = (uint8_t)(len >> (24 - 8 * i));
    }
}

/* After it was signed. */
static void spoil_frame(struct parcel_case *parcel)
{
    _cleanup_(buf_deinit) struct buf bent = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct slice whole = buf_slice(&parcel->frame);
    struct slice payload = wire_payload(whole);
    uint32_t way = chance_below(4);

    if (way == 0) {
        bend_transport(&parcel->frame);
        return;
    }
    if (way == 1) {
        bend_bytes(whole, &bent);
    } else {
        buf_add(&bent, whole.data, WIRE_HEADER_BYTES);
        bend_message(payload, attack.sound[chance_below(SOUND)].wire.header, &bent);
    }
    buf_reset(&parcel->frame);
    buf_add_slice(&parcel->frame, buf_slice(&bent));
    if (way == 2) {
        set_length(&parcel->frame);
    }
}

/* --- sending, and what must come of it --- */

/* The frame without the correlation. */
static bool same_frame(struct slice a, struct slice b)
{
    return a.len == b.len && a.len >= WIRE_HEADER_BYTES && memcmp(a.data, b.data, 12) == 0 &&
           memcmp(a.data + 20, b.data + 20, a.len - 20) == 0;
}

static enum verdict send_by_another_route(const struct parcel_case *parcel)
{
    struct world *world = attack.siege->world;
    struct net_frame frame = NET_FRAME_NULL;
    struct peer peer = world_peer(parcel->agency);
    enum verdict verdict;

    peer.route[0] = ANOTHER_ROUTE;
    world_forget_letters(world);
    net_frame_copy(&frame, buf_slice(&parcel->frame));
    gate_frame(&world->gate, &peer, &frame);
    world_turn(world);
    struct slice payload = world_letter(world, parcel->agency, WIRE_ERROR);
    assert_true(wire_error_read(payload, &world->arena, &verdict));
    attack.siege->answers[verdict]++;
    return verdict;
}

static void expect_refused(const struct parcel_case *parcel, bool known)
{
    const struct commit *commit = &attack.siege->world->commit;
    uint64_t batch = commit->batch;
    uint64_t log_size = commit->log_size;
    enum verdict verdict =
        known ? siege_frame(attack.siege, parcel->forgery.connection, buf_slice(&parcel->frame))
              : send_by_another_route(parcel);

    assert_string_not_equal(verdict_name(verdict), "unknown");
    assert_false(verdict_is_stored(verdict));
    assert_true(known || verdict == VERDICT_HELLO_FIRST);
    assert_int_equal(commit->batch, batch);
    assert_int_equal(commit->log_size, log_size);
}

static void foreign_case(void)
{
    _cleanup_(parcel_case_deinit) struct parcel_case parcel = {.n = 0};
    uint32_t way = chance_below(16);

    make_parcel(&parcel, chance_one_in(4));
    make_head(&parcel);
    if (way < 8) {
        spoil_parcel(&parcel);
    }
    sign_and_frame(&parcel);
    if (way >= 9) {
        _cleanup_(buf_deinit) struct buf sound = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
        buf_add_slice(&sound, buf_slice(&parcel.frame));
        while (same_frame(buf_slice(&sound), buf_slice(&parcel.frame))) {
            spoil_frame(&parcel);
        }
    }
    expect_refused(&parcel, way != 8);
}

/* What the leaves since then say is what the receipt says, and of this agency. */
static void expect_logged(uint32_t agency, const struct wire_receipt *receipt, uint64_t from)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(attack.siege->world->store);
    struct slice data;
    struct leaf leaf;

    for (uint64_t i = from; i < log_size(txn, T_LOG); i++) {
        assert_int_equal(log_leaf(txn, T_LOG, i, &data), 0);
        assert_true(leaf_read(data, &leaf));
        assert_true(leaf.type != LEAF_ENTRY || (leaf.agency == agency && leaf.id.agency == agency));
    }
    for (size_t i = 0; i < receipt->n_results; i++) {
        const struct wire_result *result = &receipt->results[i];
        assert_string_not_equal(verdict_name(result->verdict), "unknown");
        if (result->log_index >= from) {
            assert_int_equal(log_leaf(txn, T_LOG, result->log_index, &data), 0);
            assert_true(leaf_read(data, &leaf));
            assert_int_equal(leaf.verdict, result->verdict);
            assert_int_equal(leaf.id.seq, result->seq);
        }
    }
}

static void expect_answered(const struct parcel_case *parcel, const struct siege_dump *before)
{
    struct world *world = attack.siege->world;
    struct wire_receipt receipt;
    bool stored = false;
    enum verdict verdict = siege_frame(attack.siege, parcel->agency, buf_slice(&parcel->frame));

    assert_string_not_equal(verdict_name(verdict), "unknown");
    struct slice payload = world_letter(world, parcel->agency, WIRE_RECEIPT);
    if (payload.len == 0) {
        assert_false(verdict_is_stored(verdict));
        siege_expect_untouched(attack.siege, before);
        return;
    }
    assert_true(wire_receipt_read(payload, &world->arena, &receipt));
    assert_int_equal(receipt.n_results, parcel->n);
    expect_logged(parcel->agency, &receipt, before->log_size);
    for (size_t i = 0; i < receipt.n_results; i++) {
        stored = stored || verdict_is_stored(receipt.results[i].verdict);
        attack.siege->answers[receipt.results[i].verdict] += i > 0 ? 1 : 0; /* the first is */
    }
    if (!stored) {
        siege_expect_no_more_than_refusals(attack.siege, before);
    }
}

static void own_case(const struct siege_dump *before)
{
    _cleanup_(parcel_case_deinit) struct parcel_case parcel = {.n = 0};

    make_parcel(&parcel, !chance_one_in(8));
    make_head(&parcel);
    bend_own_head(&parcel.head);
    sign_and_frame(&parcel);
    expect_answered(&parcel, before);
    attack.own++;
}

/* --- the test --- */

static void print_answers(void)
{
    printf("%llu cases, %llu signed by their own agency\n", (unsigned long long)attack.cases,
           (unsigned long long)attack.own);
    for (unsigned i = 1; i < SIEGE_VERDICTS; i++) {
        if (attack.answers[i] > 0) {
            printf("%-20s %llu\n", verdict_name((enum verdict)i),
                   (unsigned long long)attack.answers[i]);
        }
    }
}

static size_t different_answers(void)
{
    size_t n = 0;

    for (size_t i = 0; i < SIEGE_VERDICTS; i++) {
        n += attack.answers[i] > 0 ? 1 : 0;
    }
    return n;
}

static void whatever_chance_makes_of_a_parcel_has_a_verdict_and_changes_what_it_says(void **state)
{
    uint64_t cases = setting("CAIRN_ATTACK_CASES", CASES);
    struct siege_dump before = {.batch = 0};
    (void)state;
    chance_start(setting("CAIRN_ATTACK_SEED", 1));
    attack = (struct attack){.cases = cases};

    for (uint64_t i = 0; i < cases; i++) {
        if (i % SIEGE_CASES == 0) {
            begin_siege(&attack);
            before = siege_dump(attack.siege);
        }
        attack.siege->world->gate.n_guests = 0; /* its strikes */
        if (i % OWN_ONE_IN == 0) {
            siege_expect_untouched(attack.siege, &before);
            own_case(&before);
            before = siege_dump(attack.siege);
        } else {
            foreign_case();
        }
        if (i % SIEGE_CASES == SIEGE_CASES - 1 || i + 1 == cases) {
            siege_expect_untouched(attack.siege, &before);
            end_siege(&attack);
        }
    }

    assert_true(cases < CASES || attack.answers[VERDICT_STORED] > cases / 100);
    assert_true(cases < CASES || different_answers() >= 16);
    if (getenv("CAIRN_ATTACK_CASES") != NULL) {
        print_answers();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_chance_makes_of_a_parcel_has_a_verdict_and_changes_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
